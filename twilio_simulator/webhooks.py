"""The webhook of an inbound text, and what its TwiML answers."""

import mimetypes
import sqlite3
from dataclasses import replace

from optin import clock
from twilio_simulator import messages, network, opt_outs, phones, twiml
from twilio_simulator.account import Account, is_e164
from twilio_simulator.messages import Message
from twilio_simulator.statuses import Status
from twilio_simulator.twiml import Reply
from twilio_simulator.webhook_client import Delivery


def address(account: Account, message: Message) -> str | None:
    """Return where a text goes: the service's own address unless it defers to the number's; None for nowhere."""
    service = account.service(message.service or "")
    if service is None or service.use_number_webhook:
        return account.webhook_url
    return service.inbound_url or None


def deliver(account: Account, message: Message) -> Delivery:
    """Post an inbound text to the application's webhook and send what its TwiML answers."""
    delivery = account.courier.post(address(account, message) or "", _params(account, message))
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
    if message.service:
        params["MessagingServiceSid"] = message.service
    if message.opt_out_type:
        params["OptOutType"] = message.opt_out_type
    for side in ("From", "To"):
        params |= {side + part: "" for part in ("City", "State", "Zip")}
        params[side + "Country"] = account.region
    for index, url in enumerate(message.media):
        params[f"MediaUrl{index}"] = url
        params[f"MediaContentType{index}"] = mimetypes.guess_type(url)[0] or "application/octet-stream"
    return params


def _send_reply(connection: sqlite3.Connection, account: Account, message: Message, reply: Reply) -> None:
    sender, to = reply.sender or message.to_address, reply.to or message.from_address
    blocked = opt_outs.block(connection, account, sender, to)
    code = _reply_error(account, sender, to, reply, blocked)
    answer = messages.add(
        connection,
        "outbound-reply",
        sender=sender,
        to=to,
        body=reply.body[: messages.MAX_BODY],
        media=reply.media,
        at=clock.now().timestamp(),
        status=Status.FAILED if code else Status.QUEUED,
        error_code=code,
        status_callback=reply.status_callback,
        service=message.service,
        draw=f"{message.draw} reply" if message.draw else "",
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
        network.dispatch(connection, account, answer, answer.created_at)


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
