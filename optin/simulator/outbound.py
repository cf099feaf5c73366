"""POST /Messages.json: is the request right, may it go, and then the text is queued."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from optin import clock
from optin.simulator import messages, network, opt_outs, phones
from optin.simulator.account import Account, is_e164
from optin.simulator.errors import Refusal
from optin.simulator.messages import Message
from optin.terms import MessageStatus

# Test credentials' magic numbers (docs/iam/test-credentials): the same tests then run against Twilio itself.
TEST_SENDER = "+15005550006"
_TEST_SENDERS = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
_TEST_RECIPIENTS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")


@dataclass(frozen=True)
class Draft:
    """What a create request asks for, as it was written."""

    to: str
    sender: str
    service: str
    body: str
    media: tuple[str, ...]
    status_callback: str
    validity: str


def create(account: Account, form: MultiDict[str, str]) -> Message | Refusal:
    """Queue the text that `form` (Twilio's parameter names) asks for, or tell why not."""
    draft = Draft(
        to=form.get("To", "").strip(),
        sender=form.get("From", "").strip(),
        service=form.get("MessagingServiceSid", ""),
        body=form.get("Body", ""),
        media=tuple(form.getlist("MediaUrl")),
        status_callback=form.get("StatusCallback", ""),
        validity=form.get("ValidityPeriod", "36000"),
    )
    return _incomplete(draft) or _sender_refused(account, draft) or _recipient_refused(draft) or _queue(account, draft)


def _incomplete(draft: Draft) -> Refusal | None:
    if not draft.to:
        return Refusal(21604)
    if not draft.sender:
        return Refusal(21701, draft.service) if draft.service else Refusal(21603)
    if not draft.body and not draft.media:
        return Refusal(21602)
    if len(draft.body) > messages.MAX_BODY:
        return Refusal(21617)
    if draft.status_callback and not _is_web_address(draft.status_callback):
        return Refusal(21609, draft.status_callback)
    if not draft.validity.isdecimal() or not 1 <= int(draft.validity) <= 36_000:
        return Refusal(21624, draft.validity)
    return None


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}")
    return parts.scheme in ("http", "https") and port_is_right and _HOST.fullmatch(host) is not None


def _sender_refused(account: Account, draft: Draft) -> Refusal | None:
    if draft.sender == TEST_SENDER or draft.sender in account.senders:
        return None
    return Refusal(_TEST_SENDERS.get(draft.sender, 21606), draft.sender)


def _recipient_refused(draft: Draft) -> Refusal | None:
    if draft.to in _TEST_RECIPIENTS:
        return Refusal(_TEST_RECIPIENTS[draft.to], draft.to)
    if not is_e164(draft.to) or draft.to == draft.sender:
        return Refusal(21211, draft.to)
    return None


def _queue(account: Account, draft: Draft) -> Message | Refusal:
    at = clock.now().timestamp()
    with account.store.write() as connection:
        blocked = opt_outs.block(connection, draft.sender, draft.to)
        if blocked == "twilio":
            phones.show(connection, "refused", phone=draft.to, number=draft.sender, body=draft.body, at=at, code=21610)
            return Refusal(21610)
        message = messages.add(
            connection,
            "outbound-api",
            sender=draft.sender,
            to=draft.to,
            body=draft.body,
            media=draft.media,
            at=at,
            status=MessageStatus.QUEUED,
            status_callback=draft.status_callback or None,
        )
        # As with test credentials, what the test sender "sends" goes nowhere.
        if draft.sender != TEST_SENDER:
            course = network.BLOCKED_BY_NETWORK if blocked else network.DELIVERED
            network.plan(connection, message, course, account.status_delay)
        return message
