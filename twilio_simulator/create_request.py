"""What a create request asks for, and whether it makes sense (docs/messaging/api/message-resource)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from optin import clock
from twilio_simulator import messages
from twilio_simulator.account import Account, is_e164
from twilio_simulator.errors import Refusal

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
SOONEST, LATEST = 300, 35 * 86_400


@dataclass(frozen=True)
class CreateRequest:
    """A create request as it was written; `sender` is "" where the service chooses."""

    to: str
    sender: str
    service: str
    body: str
    media: tuple[str, ...]
    status_callback: str
    validity: str
    schedule: str
    send_at: str

    @property
    def moment(self) -> float | None:
        """Return when it is to be sent (seconds since 1970 UTC), None where no moment can be read."""
        try:
            moment = datetime.fromisoformat(self.send_at)
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def read(form: MultiDict[str, str]) -> CreateRequest:
    """Read a create request in Twilio's parameter names; a service's SID may stand in From as well."""
    sender, service = form.get("From", "").strip(), form.get("MessagingServiceSid", "")
    if sender.startswith("MG") and not service:
        sender, service = "", sender
    return CreateRequest(
        to=form.get("To", "").strip(),
        sender=sender,
        service=service,
        body=form.get("Body", ""),
        media=tuple(form.getlist("MediaUrl")),
        status_callback=form.get("StatusCallback", ""),
        validity=form.get("ValidityPeriod", str(messages.LONGEST_VALIDITY)),
        schedule=form.get("ScheduleType", ""),
        send_at=form.get("SendAt", ""),
    )


def refusal(account: Account, draft: CreateRequest) -> Refusal | None:
    """Return what is wrong with a request, None when nothing is."""
    return (
        _incomplete(draft) or _sender_refused(account, draft) or _recipient_refused(draft) or _schedule_refused(draft)
    )


def _incomplete(draft: CreateRequest) -> Refusal | None:
    if not draft.to:
        return Refusal(21604)
    if not draft.sender and not draft.service:
        return Refusal(21603)
    if not draft.body and not draft.media:
        return Refusal(21602)
    if len(draft.body) > messages.MAX_BODY:
        return Refusal(21617)
    if draft.status_callback and not _is_web_address(draft.status_callback):
        return Refusal(21609, draft.status_callback)
    if not draft.validity.isdecimal() or not 1 <= int(draft.validity) <= messages.LONGEST_VALIDITY:
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


def _sender_refused(account: Account, draft: CreateRequest) -> Refusal | None:
    if draft.service:
        service = account.service(draft.service)
        if service is None:
            return Refusal(21701, draft.service)
        if not service.pool:
            return Refusal(21704, draft.service)
        return Refusal(21606, draft.sender) if draft.sender and draft.sender not in service.pool else None
    if draft.sender == TEST_SENDER or draft.sender in account.senders:
        return None
    return Refusal(_TEST_SENDERS.get(draft.sender, 21606), draft.sender)


def _recipient_refused(draft: CreateRequest) -> Refusal | None:
    if draft.to in _TEST_RECIPIENTS:
        return Refusal(_TEST_RECIPIENTS[draft.to], draft.to)
    if not is_e164(draft.to) or draft.to == draft.sender:
        return Refusal(21211, draft.to)
    return None


def _schedule_refused(draft: CreateRequest) -> Refusal | None:
    """Refuse a schedule that Twilio does not take (docs/api/errors/35111, 35114, 35118)."""
    if not draft.schedule:
        return None
    if draft.schedule != "fixed":
        return Refusal(20001, "ScheduleType")
    if not draft.service:
        return Refusal(35118)
    if not draft.send_at:
        return Refusal(35111)
    moment, now = draft.moment, clock.now().timestamp()
    return None if moment is not None and now + SOONEST <= moment <= now + LATEST else Refusal(35114)
