"""Message resources: how they are kept and how Twilio writes them."""

import json
import sqlite3
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal

from twilio_simulator import errors, segments
from twilio_simulator.statuses import UNDER_WAY, Status

API_VERSION = "2010-04-01"
MAX_BODY = 1600
LONGEST_VALIDITY = 36_000
Direction = Literal["inbound", "outbound-api", "outbound-reply"]

_PRICED = {Status.RECEIVED, Status.SENT, Status.DELIVERED, Status.UNDELIVERED}
# Of the order that a US segment costs; it only shows that a price arrives later than the message.
_PRICE_PER_SEGMENT = 0.0083


@dataclass(frozen=True)
class Message:
    """One text; times are seconds since 1970 UTC, `sent_at` whole ones as in Twilio's filter.

    `from_address` is "" and `num_segments` 0 until a Messaging Service (`service`) has chosen a sender. `validity` is
    how many seconds it may wait to be sent; `draw` is its place among the phone's texts, for faults.
    """

    sid: str
    direction: str
    from_address: str
    to_address: str
    body: str
    media: tuple[str, ...]
    num_segments: int
    status: str
    error_code: int | None
    status_callback: str | None
    created_at: float
    updated_at: float
    sent_at: int | None
    service: str | None = None
    validity: int = LONGEST_VALIDITY
    opt_out_type: str | None = None
    draw: str = ""


def add(
    connection: sqlite3.Connection,
    direction: Direction,
    *,
    sender: str,
    to: str,
    body: str,
    at: float,
    status: Status,
    media: tuple[str, ...] = (),
    error_code: int | None = None,
    status_callback: str | None = None,
    service: str | None = None,
    validity: int = LONGEST_VALIDITY,
    opt_out_type: str | None = None,
    draw: str = "",
) -> Message:
    """Store a new text and return it; `at` is its moment, also the sending's unless it waits still or has failed."""
    waits = status in UNDER_WAY or status is Status.FAILED
    message = Message(
        sid=("MM" if media else "SM") + uuid.uuid4().hex,
        direction=direction,
        from_address=sender,
        to_address=to,
        body=body,
        media=media,
        num_segments=segments.count(body) if sender else 0,
        status=str(status),
        error_code=error_code,
        status_callback=status_callback,
        created_at=at,
        updated_at=at,
        sent_at=None if waits else int(at),
        service=service,
        validity=validity,
        opt_out_type=opt_out_type,
        draw=draw,
    )
    values = {name: json.dumps(value) if isinstance(value, tuple) else value for name, value in vars(message).items()}
    connection.execute(
        f"INSERT INTO messages ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608  (own names)
        list(values.values()),
    )
    return message


def find(connection: sqlite3.Connection, sid: str) -> Message | None:
    """Return the message with this SID, None for one that was never given."""
    row = connection.execute("SELECT * FROM messages WHERE sid = ?", [sid]).fetchone()
    return from_row(row) if row else None


def from_row(row: sqlite3.Row) -> Message:
    """Make a Message of a row of the table."""
    values = {name: row[name] for name in row.keys() if name != "id"}  # noqa: SIM118  (a Row iterates over its values)
    return Message(**{**values, "media": tuple(json.loads(row["media"]))})


def resource(message: Message, account_sid: str) -> dict[str, object]:
    """Write a message with all twenty fields of Twilio's Message resource (OpenAPI, api_v2010 Message)."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    priced = message.status in _PRICED
    return {
        "sid": message.sid,
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "num_segments": str(message.num_segments),
        "num_media": str(len(message.media)),
        "direction": message.direction,
        "from": message.from_address or None,
        "to": message.to_address,
        "messaging_service_sid": message.service,
        "status": message.status,
        "error_code": message.error_code,
        "error_message": errors.text(message.error_code) if message.error_code else None,
        "price": f"-{message.num_segments * _PRICE_PER_SEGMENT:.5f}" if priced else None,
        "price_unit": "USD",
        "date_created": _rfc2822(message.created_at),
        "date_updated": _rfc2822(message.updated_at),
        "date_sent": None if message.sent_at is None else _rfc2822(message.sent_at),
        "uri": uri + ".json",
        "subresource_uris": {"media": uri + "/Media.json", "feedback": uri + "/Feedback.json"},
    }


def _rfc2822(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(moment), UTC))
