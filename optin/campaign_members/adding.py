"""How people stand to a campaign, what they would get now, and making them members. Nothing commits.

Somebody who was removed by hand stays out unless the user wants them back, as with + Add Opt-Ins.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, select, update
from sqlalchemy.orm import Session, aliased

from optin.consent import audience
from optin.consent.audience import AudienceQuestion
from optin.database.session import UTCDateTime
from optin.database.sqlite import roomy
from optin.database.statements import change_rows, insert
from optin.database.steering import evaluated_once
from optin.models import CampaignMember, Person
from optin.models.index_conditions import is_not_removed


class Kind(StrEnum):
    """How a person stands to a campaign."""

    NEW = "new"
    MEMBER = "member"
    REMOVED = "removed"


@dataclass(frozen=True)
class Added:
    """What adding did; `came_back` are those of the members added who had been removed."""

    members: int = 0
    came_back: int = 0
    already: int = 0
    left_removed: int = 0

    def __add__(self, other: "Added") -> "Added":
        """Say what both did."""
        return Added(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def kinds(session: Session, campaign_id: int, ids: Select[int]) -> Counter[str]:
    """Count people, given by a query for their ids, by how they stand to the campaign."""
    each = select(_kind(campaign_id).label("kind")).where(_are(ids))
    return _counted(session, each)


def kinds_of(session: Session, campaign_id: int, ids: Select[int]) -> Mapping[int, Kind]:
    """Tell how each of a few people stands to the campaign, by the person's id."""
    rows = session.execute(select(Person.id, _kind(campaign_id)).where(_are(ids)))
    return {row[0]: Kind(row[1]) for row in rows}


def zone_groups(session: Session, ids: Select[int]) -> list[str]:
    """Return the different zone groups of people."""
    return list(session.scalars(select(Person.zones).where(_are(ids)).distinct()))


def reasons(
    session: Session, question: AudienceQuestion, ids: Select[int], all_: Select[int]
) -> Mapping[Kind, Counter[str]]:
    """Count people by the reason why, as members, they would not receive a message now ("": they would).

    They are among `all_` that are added, of whom only the first with a number gets anything. Members are left out.
    """
    kind = _kind(question.campaign_id)
    columns = (kind.label("kind"), _why(question, all_).label("why"))
    each = select(*columns).where(_are(ids), kind != Kind.MEMBER)
    found = evaluated_once(session, each, Person.id).subquery()
    counts: dict[Kind, Counter[str]] = {Kind.NEW: Counter(), Kind.REMOVED: Counter()}
    grouped = select(found.c.kind, found.c.why, func.count()).group_by(found.c.kind, found.c.why)
    for name, reason, count in session.execute(grouped):
        counts[Kind(name)][reason] = count
    return counts


def reason_of_each(
    session: Session, question: AudienceQuestion, ids: Select[int], all_: Select[int]
) -> Mapping[int, str]:
    """Say the same of each of a few people, by the person's id."""
    why = _why(question, all_)
    return {row[0]: row[1] for row in session.execute(select(Person.id, why).where(_are(ids)))}


def add(
    session: Session,
    campaign_id: int,
    ids: Select[int],
    user_id: int | None,
    now: datetime,
    *,
    include_removed: bool,
    **more: object,
) -> Added:
    """Make members of people, given by a query for their ids, each once; the caller holds the campaign's lock.

    `more` are further columns of their rows, the same for all.
    """
    found = kinds(session, campaign_id, ids)
    came_back = (
        _bring_back(session, campaign_id, ids, user_id, now, more) if include_removed and found[Kind.REMOVED] else 0
    )
    new = _insert(session, campaign_id, ids, user_id, now, more) if found[Kind.NEW] else 0
    return Added(new + came_back, came_back, found[Kind.MEMBER], found[Kind.REMOVED] - came_back)


def _insert(
    session: Session, campaign_id: int, ids: Select[int], user_id: int | None, now: datetime, more: Mapping[str, object]
) -> int:
    """Add those who have no row, the oldest record first. Their numbers are locked: nobody changes them meanwhile."""
    given = {
        "campaign_id": literal(campaign_id),
        "person_id": Person.id,
        "number": Person.mobile,
        "zones": Person.zones,
        "us_state": Person.us_state,
        "added_at": literal(now, UTCDateTime()),
        "added_by_id": literal(user_id, CampaignMember.added_by_id.type),
        **{name: literal(value, CampaignMember.__table__.c[name].type) for name, value in more.items()},
    }
    rows = select(*given.values()).where(_are(ids), ~_has_row(campaign_id)).order_by(Person.id)
    statement = insert(CampaignMember).from_select(list(given), rows.with_for_update(read=True, of=Person))
    with roomy(session):
        return change_rows(session, statement.on_conflict_do_nothing(index_elements=["campaign_id", "person_id"]))


def _bring_back(
    session: Session, campaign_id: int, ids: Select[int], user_id: int | None, now: datetime, more: Mapping[str, object]
) -> int:
    """Let who was removed be a member again, in the row that they had: number and zones in it are as they are now."""
    some = select(ids.subquery().c[0])
    removed = (
        CampaignMember.campaign_id == campaign_id,
        CampaignMember.removed_at.is_not(None),
        CampaignMember.person_id.in_(some),
    )
    again = (
        update(CampaignMember)
        .where(*removed)
        .values(removed_at=None, removed_by_id=None, added_at=now, added_by_id=user_id, **more)
    )
    return change_rows(session, again.execution_options(synchronize_session=False))


def _why(question: AudienceQuestion, all_: Select[int]) -> ColumnElement[str]:
    duplicate = _has_number_in(question.campaign_id) | _comes_later(all_)
    return audience.reason_of_others(question, Person.mobile, Person.zones, duplicate, Person.us_state)


def _kind(campaign_id: int) -> ColumnElement[str]:
    row = aliased(CampaignMember)
    is_member = exists().where(*_own(row, campaign_id), is_not_removed(row))
    return case((is_member, Kind.MEMBER), (_has_row(campaign_id), Kind.REMOVED), else_=Kind.NEW)


def _has_row(campaign_id: int) -> ColumnElement[bool]:
    """The person is a member, or was one."""
    return exists().where(*_own(aliased(CampaignMember), campaign_id))


def _own(row: type[CampaignMember], campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    return row.campaign_id == campaign_id, row.person_id == Person.id


def _has_number_in(campaign_id: int) -> ColumnElement[bool]:
    """A member of the campaign has the person's number."""
    row = aliased(CampaignMember)
    return exists().where(row.campaign_id == campaign_id, row.number == Person.mobile, is_not_removed(row))


def _comes_later(all_: Select[int]) -> ColumnElement[bool]:
    """Somebody of those who are added has the person's number and becomes a member before."""
    earlier, others = aliased(Person), all_.subquery()
    one_of_them = exists().where(others.c[0] == earlier.id)
    return exists().where(earlier.mobile == Person.mobile, earlier.id < Person.id, one_of_them)


def _are(ids: Select[int]) -> ColumnElement[bool]:
    """The person is one of those whose ids a query selects."""
    return Person.id.in_(select(ids.subquery().c[0]))


def _counted(session: Session, each: Select[str]) -> Counter[str]:
    found = evaluated_once(session, each, Person.id).subquery()
    return Counter({row[0]: row[1] for row in session.execute(select(found.c[0], func.count()).group_by(found.c[0]))})
