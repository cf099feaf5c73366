"""A person texts one of our numbers: Twilio's own reaction first, then the webhook."""

import sqlite3

from optin import clock
from twilio_simulator import fault_store, messages, network, opt_outs, phones, webhooks
from twilio_simulator.account import Account, behind, can_text, channel_of
from twilio_simulator.errors import Refusal
from twilio_simulator.faults import Fault, FaultPlan
from twilio_simulator.messages import Message
from twilio_simulator.statuses import Status


def receive(
    account: Account, phone: str, number: str, body: str, media: tuple[str, ...] = (), *, wait: bool = True
) -> tuple[Message, bool] | Refusal:
    """Take a text from `phone` to our `number`, or tell why a network would not carry it.

    A text by another channel, which stands before the phone's number, goes to our number by the same.

    With it comes whether the caller is to deliver the webhook now: not without `wait`, when the pump does, nor when
    a fault holds it back.
    """
    if not can_text(phone) or behind(number) not in account.senders or phone == number:
        return Refusal(21211, phone if not can_text(phone) else number)
    if (channel := channel_of(phone)) and not channel_of(number):
        number = f"{channel}:{number}"
    if not body and not media:
        return Refusal(21602)
    if len(body) > messages.MAX_BODY:
        return Refusal(21617)
    at = clock.now().timestamp()
    with account.store.read() as connection:
        plan = fault_store.plan(connection)
    draw = fault_store.draw(account.store, plan, phone)
    with account.store.write() as connection:
        message = _store(connection, account, phone, number, body, media, at, draw)
        return message, _is_for_the_caller(connection, account, plan, message, wait=wait)


def _store(
    connection: sqlite3.Connection,
    account: Account,
    phone: str,
    number: str,
    body: str,
    media: tuple[str, ...],
    at: float,
    draw: str,
) -> Message:
    """Log the text and let Twilio and the network react to it first, as they do whatever becomes of the webhook."""
    service = account.service_of(behind(number))
    reaction = opt_outs.react(connection, account, number, phone, body, at)
    message = messages.add(
        connection,
        "inbound",
        sender=phone,
        to=number,
        body=body,
        media=media,
        at=at,
        status=Status.RECEIVED,
        service=service.sid if service else None,
        opt_out_type=reaction.opt_out_type,
        draw=draw,
    )
    phones.show(connection, "sent", phone=phone, number=number, body=body, at=at, sid=message.sid)
    for reply in reaction.replies:
        _answer_in_our_place(connection, message, reply)
    return message


def _answer_in_our_place(connection: sqlite3.Connection, message: Message, reply: opt_outs.AutoReply) -> None:
    phone, number, at = message.from_address, message.to_address, message.created_at
    sid = None
    if reply.layer == "twilio":  # the network's own answer never was a message of the account
        sid = messages.add(
            connection,
            "outbound-reply",
            sender=number,
            to=phone,
            body=reply.body,
            at=at,
            status=Status.DELIVERED,
            service=message.service,
        ).sid
    answered_by = "Twilio" if reply.layer == "twilio" else "the network"
    phones.show(
        connection, "arrived", phone=phone, number=number, body=reply.body, at=at, sid=sid, answered_by=answered_by
    )


def _is_for_the_caller(
    connection: sqlite3.Connection, account: Account, plan: FaultPlan, message: Message, *, wait: bool
) -> bool:
    """Plan the webhook as the faults will have it; tell whether it is the caller's to deliver at once."""
    if webhooks.address(account, message) is None:
        return False
    of_webhooks = (Fault.WEBHOOK_LOST, Fault.WEBHOOK_LATE, Fault.WEBHOOK_TWICE)
    struck = [fault for fault in of_webhooks if plan.strikes(fault, message.from_address, message.draw)]
    phone, number, at = message.from_address, message.to_address, message.created_at
    for fault in struck:
        fault_store.count(connection, fault)
        phones.show_fault(connection, fault, phone=phone, number=number, at=at, sid=message.sid)
    if Fault.WEBHOOK_LOST in struck:
        return False
    late = Fault.WEBHOOK_LATE in struck
    due_at = at + (plan.seconds if late else 0)
    now = wait and not late
    for _ in range((0 if now else 1) + (1 if Fault.WEBHOOK_TWICE in struck else 0)):
        network.add(connection, "webhook", message.sid, due_at)
    return now
