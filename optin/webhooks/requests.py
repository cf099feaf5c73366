"""Reading Twilio's requests: is it Twilio, is it our account, and what does it say."""

import re
from typing import NoReturn

from flask import Request, abort, current_app

from optin.channels import address
from optin.config import Config
from optin.metrics import WEBHOOKS
from optin.provider.gateway import Gateway
from optin.receiving.store import InboundText
from optin.sending.status_callbacks import StatusCallback

LARGEST = 256 * 1024
LONGEST_BODY = 20_000
SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
LONGEST_ADDRESS = 50
LONGEST_CHANNEL_ADDRESS = 200
STATUS = re.compile(r"[a-z_]{1,20}")


def check(request: Request, webhook: str) -> None:
    """Refuse with 403 what Twilio did not sign for the configured public address, or what is of another account."""
    request.max_content_length = LARGEST
    request.max_form_memory_size = LARGEST
    config: Config = current_app.config["OPTIN"]
    gateway: Gateway = current_app.extensions["gateway"]
    query = request.query_string.decode("latin-1")
    url = f"{config.public_url}{request.path}{'?' if query else ''}{query}"
    if not gateway.signed(url, request.form, request.headers.get("X-Twilio-Signature", "")):
        refuse(webhook, "signature", 403)
    if request.form.get("AccountSid") != config.twilio_account_sid:
        refuse(webhook, "account", 403)


def refuse(webhook: str, why: str, status: int) -> NoReturn:
    """Count and log a refused request and end it with `status`; `why` is for us, Twilio is not told."""
    WEBHOOKS.labels(webhook, why).inc()
    current_app.logger.warning("webhook refused", extra={"webhook": webhook, "why": why})
    abort(status)


def inbound_text(request: Request) -> InboundText:
    """Read an inbound text; refuses with 400 what lacks its SID or its addresses.

    Any sender will do, also a name or an address of a channel that we don't know: nobody's text is lost for that.
    """
    form = request.form
    sid, number, address = form.get("MessageSid", ""), form.get("From", ""), form.get("To", "")
    if not SID.fullmatch(sid):
        refuse("sms", "no MessageSid", 400)
    if not _can_be_address(number) or not _can_be_address(address):
        refuse("sms", "addresses", 400)
    service = form.get("MessagingServiceSid", "")
    media = form.get("NumMedia", "0")
    return InboundText(
        sid=sid,
        number=number,
        address=address,
        body=form.get("Body", "").replace("\0", "")[:LONGEST_BODY],
        media_count=int(media) if media.isascii() and media.isdigit() and len(media) < 4 else 0,
        opt_out_type=form.get("OptOutType", "").upper() or None,
        messaging_service_sid=service if SERVICE_SID.fullmatch(service) else None,
    )


def status_callback(request: Request) -> StatusCallback:
    """Read what Twilio says of a message; refuses with 400 what lacks its SID or a status."""
    sid, word = request.form.get("MessageSid", ""), request.form.get("MessageStatus", "")
    if not SID.fullmatch(sid) or not STATUS.fullmatch(word):
        refuse("status", "fields", 400)
    return StatusCallback(
        sid,
        word,
        message_id=request.args.get("message", type=our_id),
        error_code=request.form.get("ErrorCode", type=provider_code),
        segments=request.form.get("NumSegments", type=provider_code),
    )


def _can_be_address(text: str) -> bool:
    """Tell whether it could be somebody's address: it shows something, has no NUL and is not too long."""
    longest = LONGEST_CHANNEL_ADDRESS if ":" in text else LONGEST_ADDRESS
    return len(text) <= longest and "\0" not in text and address.visible(text) != ""


def our_id(text: str) -> int:
    """Read one of our ids from a callback's address; raises ValueError for what can't be one."""
    return _whole_number(text, digits=18)


def provider_code(text: str) -> int:
    """Read Twilio's error code, or a count of its; raises ValueError for what can't be one."""
    return _whole_number(text, digits=9)


def _whole_number(text: str, *, digits: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= digits):
        raise ValueError("not a whole number")
    return int(text)
