"""+ Add Opt-Ins: make members of everybody who opted in with a campaign's keyword (person/opted_in_members.py).

A number counts if it has an active opt-in for the keyword, from whatever source.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from optin import channels
from optin.consent import facts
from optin.enums import OptInStatus
from optin.models import Campaign, OptIn
from optin.person import opted_in_members
from optin.person.one_at_a_time import make_people_alone
from optin.person.opted_in_members import AddOptInsReport, Choices, Conditions, Preview
from optin.policy import audit
from optin.queries import cached_counts
from optin.refused import Refused

__all__ = ["AddOptInsReport", "Choices", "Preview"]

MANY = 5000
"""From so many opt-ins on the pages do not count the new ones each time, and they are added in the background."""


@dataclass(frozen=True)
class Part:
    """Some of a keyword's opt-ins: those above one id, up to another and with it."""

    above: int
    up_to: int


def count_opted_in(session: Session, keyword_id: int, limit: int | None = None) -> int:
    """Count the numbers with an active opt-in for a keyword, at most up to `limit`."""
    counted = select(OptIn.id).where(*opted_in(keyword_id)).limit(limit).subquery()
    return session.scalar(select(func.count()).select_from(counted)) or 0


def preview(session: Session, campaign: Campaign) -> Preview:
    """Count what `add` would find, in one statement."""
    if campaign.keyword_id is None:
        return Preview()
    return opted_in_members.preview(session, campaign.id, opted_in(campaign.keyword_id))


def known_preview(session: Session, campaign: Campaign) -> Preview | None:
    """Return `preview`, of very many opt-ins as it was counted last; None before the first count."""
    if campaign.keyword_id is None or count_opted_in(session, campaign.keyword_id, MANY) < MANY:
        return preview(session, campaign)
    seen = _COUNTED.seen(session, campaign.id)
    if seen is None:
        return None
    already, removed, known_, unknown = seen.value
    return Preview(already, removed, known_, unknown, seen.at)


def _counts(session: Session, campaign_id: int) -> list[int]:
    found = preview(session, session.get_one(Campaign, campaign_id))
    return [found.already, found.removed, found.known, found.unknown]


_COUNTED = cached_counts.CountKind("add-opt-ins", _counts)


def add(
    session: Session, campaign_id: int, user_id: int | None, *, create_leads: bool, include_removed: bool
) -> AddOptInsReport | Refused:
    """Add the opt-ins of the campaign's keyword as members; refused when the campaign has no keyword.

    One user at a time does this, so that nobody's second press makes leads or members twice.
    """
    make_people_alone(session)
    campaign = session.scalars(Campaign.locked(campaign_id)).one()
    if campaign.keyword_id is None:
        return Refused("This campaign has no opt-in keyword, so there are no opt-ins to add.")
    choices = Choices(create_leads, include_removed)
    report = add_some(session, campaign.id, campaign.keyword_id, user_id, choices)
    record(session, campaign.id, user_id, report)
    return report


def add_some(
    session: Session,
    campaign_id: int,
    keyword_id: int,
    user_id: int | None,
    choices: Choices,
    part: Part | None = None,
) -> AddOptInsReport:
    """Add the opt-ins of a keyword, all or only a part of them, as members.

    The caller lets one at a time do this, and holds the campaign's lock.
    """
    return opted_in_members.add(session, campaign_id, opted_in(keyword_id, part), user_id, choices)


def record(session: Session, campaign_id: int, user_id: int | None, report: AddOptInsReport) -> None:
    """Write into the campaign's trail what was added, if anything was."""
    if report.members:
        audit.record(session, user_id, "added opt-ins", "campaign", campaign_id, {"Members": ("", report.members)})


def opted_in(keyword_id: int, part: Part | None = None) -> Conditions:
    """The opt-in is active with the keyword, and of a phone: older versions took some of names and short codes."""
    which: Conditions = (
        OptIn.keyword_id == keyword_id,
        OptIn.status == OptInStatus.ACTIVE,
        facts.has_phone(OptIn.number),
    )
    if len(channels.sending()) > 1:
        which = (*which, ~_has_earlier())
    return which if part is None else (OptIn.id > part.above, OptIn.id <= part.up_to, *which)


def _has_earlier() -> ColumnElement[bool]:
    """The number is opted in with the keyword by another channel too, and was before: a number counts once."""
    earlier = aliased(OptIn)
    same = (earlier.number == OptIn.number, earlier.keyword_id == OptIn.keyword_id, earlier.status == OptIn.status)
    return exists().where(*same, earlier.id < OptIn.id)
