"""A person texts one of our numbers: Twilio's own reaction first, then the webhook and its TwiML answer."""

import mimetypes
import sqlite3
from dataclasses import replace

from optin import clock
from optin.simulator import messages, network, opt_outs, phones, twiml
from optin.simulator.account import Account, can_text, is_e164
from optin.simulator.courier import Delivery
from optin.simulator.errors import Refusal
from optin.simulator.messages import Message
from optin.simulator.twiml import Reply
from optin.terms import MessageStatus


def receive(
    account: Account, phone: str, number: str, body: str, media: tuple[str, ...] = (), *, wait: bool = True
) -> Message | Refusal:
    """Take a text from `phone` to our `number`, or tell why a network would not carry it.

    With `wait` the caller delivers the webhook; without, it is planned for the pump.
    """
    if not can_text(phone) or number not in account.senders or phone == number:
        return Refusal(21211, phone if not can_text(phone) else number)
    if not body and not media:
        return Refusal(21602)
    if len(body) > messages.MAX_BODY:
        return Refusal(21617)
    at = clock.now().timestamp()
    with account.store.write() as connection:
        message = messages.add(
            connection,
            "inbound",
            sender=phone,
            to=number,
            body=body,
            media=media,
            at=at,
            status=MessageStatus.RECEIVED,
        )
        phones.show(connection, "sent", phone=phone, number=number, body=body, at=at, sid=message.sid)
        _answer_in_our_place(connection, account, message)
        if not wait:
            network.add(connection, "webhook", message.sid, at)
    return message


def _answer_in_our_place(connection: sqlite3.Connection, account: Account, message: Message) -> None:
    phone, number, at = message.from_address, message.to_address, message.created_at
    reply = opt_outs.react(connection, account.senders[number], number, phone, message.body, at)
    if reply is None:
        return
    sid = None
    if reply.layer == "twilio":  # the network's own answer never was a message of the account
        sid = messages.add(
            connection,
            "outbound-reply",
            sender=number,
            to=phone,
            body=reply.body,
            at=at,
            status=MessageStatus.DELIVERED,
        ).sid
    answered_by = "Twilio" if reply.layer == "twilio" else "the network"
    phones.show(
        connection, "arrived", phone=phone, number=number, body=reply.body, at=at, sid=sid, answered_by=answered_by
    )


def deliver(account: Account, message: Message) -> Delivery:
    """Post an inbound text to the application's webhook and send what its TwiML answers."""
    delivery = account.courier.post(account.webhook_url, _params(account, message))
    if delivery.error or delivery.status == 204:
        return delivery
    replies = twiml.read(delivery.body)
    if replies is None:
        return replace(delivery, error=12100)
    with account.store.write() as connection:
        for reply in replies[: twiml.MOST_REPLIES]:
            _send_reply(connection, account, message, reply)
    return replace(delivery, error=14109) if len(replies) > twiml.MOST_REPLIES else delivery


def _params(account: Account, message: Message) -> dict[str, str]:
    # Names: docs/messaging/guides/webhook-request; real requests also carry SmsStatus and ApiVersion.
    params = {
        "AccountSid": account.sid,
        "ApiVersion": messages.API_VERSION,
        "Body": message.body,
        "From": message.from_address,
        "MessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "NumSegments": str(message.num_segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to_address,
    }
    for side in ("From", "To"):
        params |= {side + part: "" for part in ("City", "State", "Zip")}
        params[side + "Country"] = account.region
    for index, url in enumerate(message.media):
        params[f"MediaUrl{index}"] = url
        params[f"MediaContentType{index}"] = mimetypes.guess_type(url)[0] or "application/octet-stream"
    return params


def _send_reply(connection: sqlite3.Connection, account: Account, message: Message, reply: Reply) -> None:
    sender, to = reply.sender or message.to_address, reply.to or message.from_address
    blocked = opt_outs.block(connection, sender, to)
    code = _reply_error(account, sender, to, reply, blocked)
    answer = messages.add(
        connection,
        "outbound-reply",
        sender=sender,
        to=to,
        body=reply.body[: messages.MAX_BODY],
        media=reply.media,
        at=clock.now().timestamp(),
        status=MessageStatus.FAILED if code else MessageStatus.QUEUED,
        error_code=code,
        status_callback=reply.status_callback,
    )
    if code == 21610:
        phones.show(
            connection,
            "refused",
            phone=to,
            number=sender,
            body=reply.body,
            at=answer.created_at,
            sid=answer.sid,
            code=code,
        )
    if code is None:
        course = network.BLOCKED_BY_NETWORK if blocked else network.DELIVERED
        network.plan(connection, answer, course, account.status_delay)


def _reply_error(account: Account, sender: str, to: str, reply: Reply, blocked: opt_outs.Layer | None) -> int | None:
    if sender not in account.senders:
        return 21606
    if not is_e164(to):
        return 21211
    if not reply.body and not reply.media:
        return 21602
    if len(reply.body) > messages.MAX_BODY:
        return 21617
    return 21610 if blocked == "twilio" else None
