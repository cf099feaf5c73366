"""The life of an outbound text: its planned status changes, and what the phone gets."""

import sqlite3
from dataclasses import dataclass, replace
from typing import Literal

from twilio_simulator import callbacks, fault_store, messages, opt_outs, phones, segments
from twilio_simulator.account import Account
from twilio_simulator.faults import NEVER_SENT, Fault, FaultPlan
from twilio_simulator.messages import Message
from twilio_simulator.statuses import UNDER_WAY, Status

EventKind = Literal["status", "callback", "webhook"]
Course = tuple[tuple[Status, int | None], ...]

DELIVERED: Course = ((Status.SENT, None), (Status.DELIVERED, None))
# The toll-free network refuses after Twilio has handed over (Twilio error 30004).
BLOCKED_BY_NETWORK: Course = ((Status.SENT, None), (Status.UNDELIVERED, 30004))
LONGEST_QUEUE = 36_000
"""Seconds of a sender's work that Twilio keeps for it (help article on queues, 10 hours)."""


@dataclass(frozen=True)
class Event:
    """Something that is due at a moment (seconds since 1970 UTC): a change of status, or a request to the app."""

    id: int
    kind: EventKind
    sid: str
    due_at: float
    status: str | None
    error_code: int | None


def dispatch(connection: sqlite3.Connection, account: Account, message: Message, at: float) -> None:
    """Plan what becomes of a queued text from the moment `at`: it waits for its sender, and then takes its course."""
    plan = fault_store.plan(connection)
    starts = _turn(connection, message, at, plan.per_second)
    if starts - at > message.validity:
        return add(connection, "status", message.sid, at + message.validity, Status.FAILED, 30036)
    for step, (status, code) in enumerate(_course(connection, account, message, plan), start=1):
        add(connection, "status", message.sid, starts + step * account.status_delay, status, code)
    return None


def queue_is_full(connection: sqlite3.Connection, number: str, at: float, per_second: int) -> bool:
    """Tell whether a sender has more to do than Twilio keeps for it (`per_second` segments, 0: no limit)."""
    return bool(per_second) and _free_at(connection, number, at) - at >= LONGEST_QUEUE


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


def move(connection: sqlite3.Connection, account: Account, event: Event, at: float) -> None:
    """Give a text its next status at the moment `at`, show it where it belongs and plan the status callback."""
    message = messages.find(connection, event.sid)
    if message is None:
        return
    if event.status == Status.QUEUED:
        message, event = _choose_sender(connection, account, message, event)
    sent = event.status not in {*UNDER_WAY, Status.FAILED, Status.CANCELED}
    connection.execute(
        "UPDATE messages SET status = ?, error_code = ?, updated_at = ?, sent_at = coalesce(sent_at, ?) WHERE sid = ?",
        [event.status, event.error_code, at, int(at) if sent else None, event.sid],
    )
    message = replace(message, status=str(event.status), error_code=event.error_code)
    if event.status == Status.QUEUED:
        dispatch(connection, account, message, event.due_at)
    _show(connection, message, at)
    tell(connection, account, message, event.due_at)


def tell(connection: sqlite3.Connection, account: Account, message: Message, due_at: float) -> None:
    """Plan the callback of a text's present status, if it has an address for that."""
    if not message.status_callback:
        return
    plan = fault_store.plan(connection)
    for moment in callbacks.moments(connection, plan, message, due_at, account.status_delay):
        add(connection, "callback", message.sid, moment, message.status, message.error_code)


def _choose_sender(
    connection: sqlite3.Connection, account: Account, message: Message, event: Event
) -> tuple[Message, Event]:
    """Choose a service's sender, the one that this person knows (sticky sender); 21610 comes here with its own list."""
    service = account.service(message.service or "")
    if service is None:
        return message, event
    known = connection.execute(
        "SELECT number FROM pairs WHERE service = ? AND phone = ?", [service.sid, message.to_address]
    ).fetchone()
    count = connection.execute("SELECT count(*) FROM pairs WHERE service = ?", [service.sid]).fetchone()[0]
    sender = message.from_address or (known["number"] if known else service.pool[count % len(service.pool)])
    connection.execute("INSERT OR IGNORE INTO pairs VALUES (?, ?, ?)", [service.sid, message.to_address, sender])
    parts = segments.count(message.body)
    connection.execute(
        "UPDATE messages SET from_address = ?, num_segments = ? WHERE sid = ?", [sender, parts, message.sid]
    )
    message = replace(message, from_address=sender, num_segments=parts)
    if opt_outs.block(connection, account, service.sid, message.to_address) == "twilio":
        return message, replace(event, status=Status.FAILED, error_code=21610)
    if queue_is_full(connection, sender, event.due_at, fault_store.plan(connection).per_second):
        return message, replace(event, status=Status.FAILED, error_code=30001)
    return message, event


def _course(connection: sqlite3.Connection, account: Account, message: Message, plan: FaultPlan) -> Course:
    """Return the statuses that follow "queued"."""
    if blocked := opt_outs.block(connection, account, message.from_address, message.to_address):
        return ((Status.FAILED, 21610),) if blocked == "twilio" else BLOCKED_BY_NETWORK
    if plan.strikes(Fault.CARRIER, message.to_address, message.draw):
        fault_store.count(connection, Fault.CARRIER)
        failed: Course = ((Status.FAILED, plan.code),)
        return failed if plan.code in NEVER_SENT else (DELIVERED[0], (Status.UNDELIVERED, plan.code))
    if plan.strikes(Fault.NO_RECEIPT, message.to_address, message.draw):
        fault_store.count(connection, Fault.NO_RECEIPT)
        return DELIVERED[:1]
    return DELIVERED


def _turn(connection: sqlite3.Connection, message: Message, at: float, per_second: int) -> float:
    """Return when the sender comes to this text, and let the next one wait for it."""
    if not per_second:
        return at
    starts = _free_at(connection, message.from_address, at)
    if starts - at <= message.validity:
        ends = starts + message.num_segments / per_second
        connection.execute("INSERT OR REPLACE INTO queues VALUES (?, ?)", [message.from_address, ends])
    return starts


def _free_at(connection: sqlite3.Connection, number: str, at: float) -> float:
    row = connection.execute("SELECT free_at FROM queues WHERE number = ?", [number]).fetchone()
    return max(at, row["free_at"] if row else at)


def _show(connection: sqlite3.Connection, message: Message, at: float) -> None:
    kind: phones.Kind = "refused" if message.error_code else "arrived"
    if kind == "arrived" and (message.status != Status.SENT or _will_fail(connection, message.sid)):
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
