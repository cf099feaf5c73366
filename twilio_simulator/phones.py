"""What people see on their phones: threads of entries, in the order in which they appeared there."""

import json
import sqlite3
from datetime import UTC, datetime
from typing import Literal

from twilio_simulator.faults import Fault

Kind = Literal["sent", "arrived", "refused", "fault"]

_ENTRY = """SELECT e.*, m.status, m.media FROM entries e LEFT JOIN messages m ON m.sid = e.sid """


def show(
    connection: sqlite3.Connection,
    kind: Kind,
    *,
    phone: str,
    number: str,
    body: str,
    at: float,
    sid: str | None = None,
    code: int | None = None,
    answered_by: str | None = None,
) -> None:
    """Put an entry at the end of a phone's thread.

    `phone` is the person's address and `number` ours; `code` tells why a text never came (kind refused); `answered_by`
    names who answered in our place. The body of a fault is its name, and then what of the text it struck.
    """
    entry = connection.execute(
        "INSERT INTO entries (kind, phone, number, sid, body, code, answered_by, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [kind, phone, number, sid, body, code, answered_by, at],
    ).lastrowid
    connection.execute(
        "INSERT INTO phones VALUES (?, ?) ON CONFLICT (phone) DO UPDATE SET last_entry = excluded.last_entry",
        [phone, entry],
    )
    touch(connection)


def show_fault(
    connection: sqlite3.Connection,
    fault: Fault,
    *,
    phone: str,
    number: str,
    at: float,
    sid: str | None,
    about: str = "",
) -> None:
    """Let a phone's thread say that a fault struck; `about` is the status that a callback tells."""
    show(connection, "fault", phone=phone, number=number, body=f"{fault} {about}".strip(), at=at, sid=sid)


def touch(connection: sqlite3.Connection) -> None:
    """Count one more change that a screen with phones may want to draw."""
    connection.execute("UPDATE version SET n = n + 1")


def version(connection: sqlite3.Connection) -> int:
    """Return the number of changes so far."""
    return int(connection.execute("SELECT n FROM version").fetchone()[0])


def thread(connection: sqlite3.Connection, phone: str, after: int | None, limit: int) -> list[dict[str, object]]:
    """Return up to `limit` entries of a phone, oldest first: those that follow entry `after`, or else the newest."""
    if after is not None:
        query = _ENTRY + "WHERE e.phone = ? AND e.id > ? ORDER BY e.id LIMIT ?"
        return [_as_json(row) for row in connection.execute(query, [phone, after, limit])]
    query = _ENTRY + "WHERE e.phone = ? ORDER BY e.id DESC LIMIT ?"
    return [_as_json(row) for row in connection.execute(query, [phone, limit])][::-1]


def newest(connection: sqlite3.Connection, limit: int) -> list[dict[str, object]]:
    """Return up to `limit` phones with their last entry, the one that changed last first."""
    query = _ENTRY + "JOIN phones p ON p.last_entry = e.id ORDER BY p.last_entry DESC LIMIT ?"
    return [{"phone": row["phone"], "last": _as_json(row)} for row in connection.execute(query, [limit])]


def _as_json(row: sqlite3.Row) -> dict[str, object]:
    entry = {
        name: row[name] for name in ("id", "kind", "phone", "number", "sid", "body", "status", "code", "answered_by")
    }
    return {**entry, "media": json.loads(row["media"] or "[]"), "at": iso(row["at"])}


def iso(moment: float) -> str:
    """Write seconds since 1970 as ISO 8601 UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
