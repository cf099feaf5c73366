"""The life of an outbound text: its planned changes of status, what the phone gets, what the callback says."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from optin.simulator import messages, phones
from optin.simulator.account import Account
from optin.simulator.messages import Message
from optin.terms import MessageStatus

EventKind = Literal["status", "callback", "webhook"]
Course = tuple[tuple[MessageStatus, int | None], ...]

DELIVERED: Course = ((MessageStatus.SENT, None), (MessageStatus.DELIVERED, None))
# The toll-free network refuses after Twilio has handed over (Twilio error 30004).
BLOCKED_BY_NETWORK: Course = ((MessageStatus.SENT, None), (MessageStatus.UNDELIVERED, 30004))


@dataclass(frozen=True)
class Event:
    """Something that is due at a moment (seconds since 1970 UTC): a change of status, or a request to the app."""

    id: int
    kind: EventKind
    sid: str
    due_at: float
    status: str | None
    error_code: int | None


def plan(connection: sqlite3.Connection, message: Message, course: Course, delay: float) -> None:
    """Plan the changes of status of a new text, `delay` seconds apart."""
    for step, (status, error_code) in enumerate(course, start=1):
        add(connection, "status", message.sid, message.created_at + step * delay, status, error_code)


def add(
    connection: sqlite3.Connection,
    kind: EventKind,
    sid: str,
    due_at: float,
    status: str | None = None,
    error_code: int | None = None,
) -> None:
    """Store an event of message `sid`."""
    connection.execute(
        "INSERT INTO events (kind, sid, due_at, status, error_code) VALUES (?, ?, ?, ?, ?)",
        [kind, sid, due_at, status, error_code],
    )


def move(connection: sqlite3.Connection, event: Event, at: float) -> None:
    """Give a text its next status at the moment `at`, show it where it belongs and plan the status callback."""
    connection.execute(
        "UPDATE messages SET status = ?, error_code = ?, updated_at = ?, sent_at = coalesce(sent_at, ?) WHERE sid = ?",
        [event.status, event.error_code, at, int(at), event.sid],
    )
    message = messages.find(connection, event.sid)
    if message is None:
        return
    _show(connection, message, at)
    if message.status_callback:
        add(connection, "callback", event.sid, event.due_at, event.status, event.error_code)


def _show(connection: sqlite3.Connection, message: Message, at: float) -> None:
    kind: phones.Kind = "refused" if message.error_code else "arrived"
    if kind == "arrived" and (message.status != MessageStatus.SENT or _will_fail(connection, message.sid)):
        return phones.touch(connection)
    return phones.show(
        connection,
        kind,
        phone=message.to_address,
        number=message.from_address,
        body=message.body,
        at=at,
        sid=message.sid,
        code=message.error_code,
    )


def _will_fail(connection: sqlite3.Connection, sid: str) -> bool:
    found = connection.execute("SELECT 1 FROM events WHERE sid = ? AND error_code IS NOT NULL", [sid]).fetchone()
    return found is not None


def post_callback(account: Account, event: Event, message: Message) -> None:
    """Tell the application of a change of status; it is told once, whatever it answers (docs: best effort).

    Parameters: docs/messaging/guides/outbound-message-status-in-status-callbacks.
    """
    params = {
        "AccountSid": account.sid,
        "ApiVersion": messages.API_VERSION,
        "From": message.from_address,
        "MessageSid": message.sid,
        "MessageStatus": event.status or "",
        "SmsSid": message.sid,
        "SmsStatus": event.status or "",
        "To": message.to_address,
    }
    if event.error_code:
        params["ErrorCode"] = str(event.error_code)
    if event.status in (MessageStatus.DELIVERED, MessageStatus.UNDELIVERED):
        params["RawDlrDoneDate"] = datetime.fromtimestamp(event.due_at, UTC).strftime("%y%m%d%H%M")
    account.courier.post(message.status_callback or "", params)
