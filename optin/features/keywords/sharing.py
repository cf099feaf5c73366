"""What the share page and the poster show: the invitation for the number that is chosen, and what to know about it."""

from typing import Any

from flask import abort
from sqlalchemy.orm import Session

from optin.enums import SenderKind
from optin.features.keywords import saving
from optin.features.keywords.invitation import Invitation, invite
from optin.models import Keyword, Sender
from optin.provider import senders
from optin.web.current import current_policy

ALWAYS = (
    "data rates may apply",
    "HELP",
    "STOP",
)  # what carriers want beside every keyword (CTIA); else the poster adds it


def context(session: Session, keyword: Keyword, sender_id: int | None) -> dict[str, Any]:
    """Return what both show; `sender_id` is the number that is asked for, by default the first that can be texted."""
    in_use = senders.in_use(session)
    numbers = [sender for sender in in_use if _can_be_texted(sender)]
    sender = next((one for one in numbers if one.id == sender_id), next(iter(numbers), None))
    told = saving.current_disclosure(keyword)
    return {
        "keyword": keyword,
        "told": told,
        "says_all": told is not None and all(words in told.text for words in ALWAYS),
        "brand_name": current_policy().brand,
        "numbers": numbers,
        "sender": sender,
        "is_short_code": sender is not None and sender.kind == SenderKind.SHORT_CODE,
        "has_service": len(numbers) < len(in_use),
        "invitation": invite(keyword.word, sender.address) if sender else None,
        "kind_of": SenderKind,
    }


def invitation(session: Session, keyword: Keyword, sender_id: int | None) -> Invitation:
    """Return the invitation that is asked for, or end with 404 when there is no number to text."""
    found: Invitation | None = context(session, keyword, sender_id)["invitation"]
    return found or abort(404)


def _can_be_texted(sender: Sender) -> bool:
    """Tell whether a phone can text it: a Messaging Service has no number, an alphanumeric sender takes no texts."""
    return sender.address.removeprefix("+").isdecimal()
