"""GET /Messages.json: Twilio's filters and pages, newest first."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from twilio_simulator import messages
from twilio_simulator.errors import Refusal
from twilio_simulator.messages import API_VERSION, Message

DEFAULT_SIZE, MOST = 50, 1000
_DATES = {"DateSent": "", "DateSent<": "sent_at <= ?", "DateSent>": "sent_at >= ?"}
_AFTER = "(created_at, id) < (SELECT created_at, id FROM messages WHERE sid = ?)"
_BEFORE = "(created_at, id) > (SELECT created_at, id FROM messages WHERE sid = ?)"


@dataclass
class Filter:
    """Conditions of a list, with their values."""

    conditions: list[str]
    values: list[str | int]

    def add(self, condition: str, *values: str | int) -> None:
        """Demand one condition more."""
        self.conditions.append(condition)
        self.values.extend(values)


def read_page(
    connection: sqlite3.Connection, account_sid: str, query: MultiDict[str, str]
) -> dict[str, object] | Refusal:
    """Return one page of messages in the shape that the SDK's Page reads.

    `query`: To, From, DateSent, DateSent<, DateSent> (a date or a moment, on `date_sent`), PageSize up to 1000, Page,
    PageToken (PA or PB + SID: what lies after or before that message, as Twilio writes it).
    """
    wanted = _filter(query)
    if isinstance(wanted, Refusal):
        return wanted
    size = min(max(_number(query.get("PageSize"), DEFAULT_SIZE), 1), MOST)
    number, token = _number(query.get("Page"), 0), query.get("PageToken", "")
    backwards = token.startswith("PB")
    if token:
        wanted.add(_BEFORE if backwards else _AFTER, token[2:])
    found = _select(connection, wanted, backwards, size + 1, 0 if token else number * size)
    more, rows = len(found) > size, found[:size]
    if backwards:
        rows.reverse()
        more = True
    return _as_json(account_sid, query, rows, number, size, more)


def _filter(query: MultiDict[str, str]) -> Filter | Refusal:
    wanted = Filter([], [])
    for name, column in (("To", "to_address = ?"), ("From", "from_address = ?")):
        if query.get(name):
            wanted.add(column, query[name])
    for name, condition in _DATES.items():
        if not query.get(name):
            continue
        moment = _moment(query[name])
        if moment is None:
            return Refusal(20001, name)
        if condition:
            wanted.add(condition, int(moment.timestamp()))
        else:
            day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
            wanted.add("sent_at >= ? AND sent_at < ?", *(int(d.timestamp()) for d in (day, day + timedelta(days=1))))
    return wanted


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default


def _select(connection: sqlite3.Connection, wanted: Filter, backwards: bool, limit: int, offset: int) -> list[Message]:
    where = " AND ".join(wanted.conditions) or "1"
    order = "created_at, id" if backwards else "created_at DESC, id DESC"
    query = f"SELECT * FROM messages WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608  (constants)
    return [messages.from_row(row) for row in connection.execute(query, [*wanted.values, limit, offset])]


def _as_json(
    account_sid: str, query: MultiDict[str, str], rows: list[Message], number: int, size: int, more: bool
) -> dict[str, object]:
    kept = {name: query[name] for name in ("To", "From", *_DATES) if query.get(name)}

    def uri(page_number: int, token: str | None = None) -> str:
        asked = {**kept, "PageSize": size, "Page": page_number, **({"PageToken": token} if token else {})}
        return f"/{API_VERSION}/Accounts/{account_sid}/Messages.json?{urlencode(asked)}"

    return {
        "messages": [messages.resource(row, account_sid) for row in rows],
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, "PA" + rows[-1].sid) if more and rows else None,
        "previous_page_uri": uri(number - 1, "PB" + rows[0].sid) if number and rows else None,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(len(rows) - 1, 0),
        "uri": uri(number, query.get("PageToken")),
    }
