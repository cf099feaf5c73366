"""Status callbacks: when they go, with which faults, and what they say."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime

from twilio_simulator import fault_store, messages, phones
from twilio_simulator.account import Account
from twilio_simulator.faults import Fault, FaultPlan
from twilio_simulator.messages import Message
from twilio_simulator.statuses import Status

_FINAL = (Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.CANCELED)


def moments(
    connection: sqlite3.Connection, plan: FaultPlan, message: Message, due_at: float, delay: float
) -> tuple[float, ...]:
    """Return when the callback of a text's present status goes: once at `due_at`, or as the faults will have it.

    Shuffled ones change places: what is not final waits until the final one has gone, `delay` being a step's seconds.
    """
    struck = [fault for fault in _OF_CALLBACKS if _strikes(plan, fault, message)]
    for fault in struck:
        fault_store.count(connection, fault)
        phones.show_fault(
            connection,
            fault,
            phone=message.to_address,
            number=message.from_address,
            at=due_at,
            sid=message.sid,
            about=message.status,
        )
    if Fault.CALLBACK_LOST in struck:
        return ()
    if Fault.CALLBACK_SHUFFLED in struck:
        due_at += 2.5 * delay
    if Fault.CALLBACK_LATE in struck:
        due_at += plan.seconds
    return (due_at, due_at) if Fault.CALLBACK_TWICE in struck else (due_at,)


_OF_CALLBACKS = (Fault.CALLBACK_LOST, Fault.CALLBACK_SHUFFLED, Fault.CALLBACK_LATE, Fault.CALLBACK_TWICE)


def _strikes(plan: FaultPlan, fault: Fault, message: Message) -> bool:
    if fault is Fault.CALLBACK_SHUFFLED:
        return message.status not in _FINAL and plan.strikes(fault, message.to_address, message.draw)
    return plan.strikes(fault, message.to_address, message.draw, message.status)


def post(account: Account, message: Message, status: str | None, error_code: int | None, due_at: float) -> None:
    """Tell the application of a change of status; it is told once, whatever it answers (docs: best effort)."""
    account.courier.post(message.status_callback or "", _params(account, message, status, error_code, due_at))


def _params(
    account: Account, message: Message, status: str | None, error_code: int | None, due_at: float
) -> Mapping[str, str]:
    # Names: docs/messaging/guides/outbound-message-status-in-status-callbacks.
    params = {
        "AccountSid": account.sid,
        "ApiVersion": messages.API_VERSION,
        "From": message.from_address,
        "MessageSid": message.sid,
        "MessageStatus": status or "",
        "SmsSid": message.sid,
        "SmsStatus": status or "",
        "To": message.to_address,
    }
    if message.service:
        params["MessagingServiceSid"] = message.service
    if error_code:
        params["ErrorCode"] = str(error_code)
    if status in (Status.DELIVERED, Status.UNDELIVERED):
        params["RawDlrDoneDate"] = datetime.fromtimestamp(due_at, UTC).strftime("%y%m%d%H%M")
    return params
