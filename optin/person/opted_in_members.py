"""Making members of a campaign of numbers that opted in, by statements over whole sets. Nothing commits.

One person is added for a number, contact before lead and then the oldest, unless somebody with the number is a member
already. Where a person with the number was removed by hand, the number stays out, or that person comes back when the
user says so.
"""

from dataclasses import astuple, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, case, exists, func, literal, select, update
from sqlalchemy.orm import Session, aliased

from optin import clock
from optin.database.session import UTCDateTime
from optin.database.sqlite import roomy
from optin.database.statements import change_rows, insert
from optin.database.steering import evaluated_once, without_index
from optin.models import CampaignMember, OptIn, Person
from optin.models.index_conditions import is_not_removed
from optin.person import leads

Conditions = tuple[ColumnElement[bool], ...]
"""Which opt-ins it is about: conditions on the rows of OptIn, of each number one."""


class MemberKind(StrEnum):
    """How a number with an active opt-in stands to the campaign."""

    MEMBER = "member"
    REMOVED = "removed"
    KNOWN = "known"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Preview:
    """What + Add Opt-Ins would find: numbers of members, of removed people, of people to add, and of nobody.

    `at` is when it was counted, None for just now.
    """

    already: int = 0
    removed: int = 0
    known: int = 0
    unknown: int = 0
    at: datetime | None = None

    @property
    def new(self) -> int:
        """Count the numbers that come in when leads are created for the unknown ones."""
        return self.known + self.unknown

    @property
    def total(self) -> int:
        """Count the numbers with an active opt-in."""
        return self.new + self.already + self.removed


@dataclass(frozen=True)
class AddOptInsReport:
    """What + Add Opt-Ins did; `came_back` are those of the members added who had been removed."""

    members: int = 0
    leads: int = 0
    came_back: int = 0
    left_removed: int = 0
    left_unknown: int = 0
    already: int = 0

    def __add__(self, other: "AddOptInsReport") -> "AddOptInsReport":
        """Say what both did."""
        return AddOptInsReport(*map(sum, zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Choices:
    """Whether numbers that nobody has get a lead, and people come back who were removed by hand."""

    create_leads: bool
    include_removed: bool


def preview(session: Session, campaign_id: int, which: Conditions) -> Preview:
    """Count what `add` would find, in one statement."""
    kind = case(
        (_is_member(campaign_id), MemberKind.MEMBER),
        (_was_removed(campaign_id), MemberKind.REMOVED),
        (_is_known(), MemberKind.KNOWN),
        else_=MemberKind.UNKNOWN,
    )
    each = evaluated_once(session, select(kind.label("kind")).where(*which), OptIn.number).subquery()
    rows = session.execute(select(each.c.kind, func.count()).group_by(each.c.kind))
    counts: dict[str, int] = {row[0]: row[1] for row in rows}
    return Preview(
        already=counts.get(MemberKind.MEMBER, 0),
        removed=counts.get(MemberKind.REMOVED, 0),
        known=counts.get(MemberKind.KNOWN, 0),
        unknown=counts.get(MemberKind.UNKNOWN, 0),
    )


def add(
    session: Session, campaign_id: int, which: Conditions, user_id: int | None, choices: Choices
) -> AddOptInsReport:
    """Make members of the numbers of some opt-ins.

    The caller lets one at a time do this (person/one_at_a_time.py), and holds the campaign's lock.
    """
    now = clock.now()
    found = preview(session, campaign_id, which)
    came_back = _bring_back(session, campaign_id, which, user_id, now) if choices.include_removed else 0
    made = 0
    if choices.create_leads and found.unknown:
        made = leads.create(session, _unknown_numbers(session, campaign_id, which), user_id, now)
    added = _add_known(session, campaign_id, which, user_id, now)
    return AddOptInsReport(
        members=added + came_back,
        leads=made,
        came_back=came_back,
        left_removed=found.removed - came_back,
        left_unknown=found.unknown - made,
        already=found.already,
    )


def _bring_back(session: Session, campaign_id: int, which: Conditions, user_id: int | None, now: datetime) -> int:
    """Let one removed person of each number be a member again, in the row that they had."""
    row, person = aliased(CampaignMember), aliased(Person)
    first = (
        select(row.id)
        .join(person, person.id == row.person_id)
        .where(_of(row, campaign_id), row.removed_at.is_not(None), person.mobile == OptIn.number)
        .order_by(person.kind, person.id)
        .limit(1)
        .correlate(OptIn)
        .scalar_subquery()
    )
    chosen = select(first).where(*which, ~_is_member(campaign_id), _was_removed(campaign_id))
    mobile = select(Person.mobile).where(Person.id == CampaignMember.person_id).scalar_subquery()
    zones = select(Person.zones).where(Person.id == CampaignMember.person_id).scalar_subquery()
    state = select(Person.us_state).where(Person.id == CampaignMember.person_id).scalar_subquery()
    here = {"number": mobile, "zones": zones, "us_state": state}
    return change_rows(
        session,
        update(CampaignMember)
        .where(CampaignMember.id.in_(chosen))
        .values(removed_at=None, removed_by_id=None, added_at=now, added_by_id=user_id, **here)
        .execution_options(synchronize_session=False),
    )


def _unknown_numbers(session: Session, campaign_id: int, which: Conditions) -> list[str]:
    """List the numbers that nobody has. (Who was removed has the number, so removed numbers are not among them.)"""
    unknown = select(OptIn.number).where(*which, ~_is_member(campaign_id), ~_is_known())
    return list(session.scalars(unknown.order_by(OptIn.number)))


def _add_known(session: Session, campaign_id: int, which: Conditions, user_id: int | None, now: datetime) -> int:
    """Add one person for each number that has one, in one statement, in the order of the target's index."""
    rows = (
        select(
            literal(campaign_id),
            Person.id,
            Person.mobile,
            Person.zones,
            Person.us_state,
            literal(now, UTCDateTime()),
            literal(user_id, CampaignMember.added_by_id.type),
        )
        .select_from(OptIn)
        .join(Person, Person.mobile == OptIn.number)
        .where(*which, ~_is_member(campaign_id), ~_was_removed(campaign_id), ~_comes_later())
        .order_by(OptIn.number)
    )
    columns = ["campaign_id", "person_id", "number", "zones", "us_state", "added_at", "added_by_id"]
    statement = insert(CampaignMember).from_select(columns, rows)
    with roomy(session):
        return change_rows(session, statement.on_conflict_do_nothing(index_elements=["campaign_id", "person_id"]))


def _is_member(campaign_id: int) -> ColumnElement[bool]:
    """Somebody with the opt-in's number is a member."""
    row = aliased(CampaignMember)
    return exists().where(row.campaign_id == campaign_id, row.number == OptIn.number, is_not_removed(row))


def _was_removed(campaign_id: int) -> ColumnElement[bool]:
    """Somebody who has the opt-in's number now was removed by hand."""
    row, person = aliased(CampaignMember), aliased(Person)
    return exists().where(
        person.mobile == OptIn.number, row.person_id == person.id, _of(row, campaign_id), row.removed_at.is_not(None)
    )


def _is_known() -> ColumnElement[bool]:
    """A contact or lead has the opt-in's number."""
    person = aliased(Person)
    return exists().where(person.mobile == OptIn.number)


def _of(row: type[CampaignMember], campaign_id: int) -> ColumnElement[bool]:
    """The row is of the campaign; by its index SQLite would go through all its members for each opt-in."""
    return without_index(row.campaign_id) == campaign_id


def _comes_later() -> ColumnElement[bool]:
    """Somebody else stands for the person's number: a contact before a lead, then the oldest.

    "contact" comes before "lead" in the alphabet as well, so the index on mobile, kind and id has the order. Asked of
    whole sets: looked up for each of 200,000 numbers, PostgreSQL took twice as long to add them and five times to find
    nothing new.
    """
    first = aliased(Person)
    earlier = (first.kind < Person.kind) | ((first.kind == Person.kind) & (first.id < Person.id))
    return exists().where(first.mobile == Person.mobile, earlier)
