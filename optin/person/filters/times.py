"""Filters by moments: when somebody was added, and the last text from them and to them."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, not_, select
from sqlalchemy.orm import Session

from optin.enums import Direction, PersonKind
from optin.models import Message, Person
from optin.models.index_conditions import is_inbound
from optin.person.filters.field import Asked, Asker, Field, How, People
from optin.person.filters.terms import Filter, Operand, Operator
from optin.refused import Refused

EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)
MOST_DAYS = 36_500
NO_DAY = Refused("Enter a day, such as 2026-05-03.")
NO_DAYS = Refused(f"Enter a number of days between 1 and {MOST_DAYS:,}.")


def moment(asked: Filter, asker: Asker) -> datetime | Refused:
    """Return the moment that the filter speaks of: the beginning of a day in the asker's zone, or some days ago."""
    value = asked.values[0]
    if asked.operator is Operator.LAST:
        days = int(value) if value.isascii() and value.isdigit() and len(value) < len(str(MOST_DAYS)) + 1 else 0
        return asker.now - timedelta(days=days) if 0 < days <= MOST_DAYS else NO_DAYS
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return NO_DAY
    return datetime.combine(day, time(), asker.zone) if EARLIEST <= day < LATEST else NO_DAY


def _ask_added(_session: Session, asked: Filter, asker: Asker) -> Asked | Refused:
    at = moment(asked, asker)
    if isinstance(at, Refused):
        return at
    since = asked.operator is not Operator.BEFORE
    # The index has the moments of each kind.
    each_kind = Person.kind.in_(list(PersonKind))
    found = select(Person.id).where(each_kind, Person.created_at >= at if since else Person.created_at < at)
    return Asked(lambda of: of.created_at >= at if since else of.created_at < at, ids=found)


def _ask_heard(_session: Session, asked: Filter, asker: Asker) -> Asked | Refused:
    """Ask for the last text that came from the person's number."""

    def came(of: People, *given: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(Message.number == of.mobile, Message.direction == Direction.INBOUND, *given)

    if asked.operator is Operator.NEVER:
        return Asked(lambda of: not_(came(of)))
    at = moment(asked, asker)
    if isinstance(at, Refused):
        return at
    later = Message.created_at >= at
    if asked.operator is Operator.BEFORE:
        return Asked(lambda of: and_(came(of), not_(came(of, later))))
    return Asked(lambda of: came(of, later), numbers=select(Message.number).where(is_inbound(Message), later))


def _ask_texted(_session: Session, asked: Filter, asker: Asker) -> Asked | Refused:
    """Ask for the last text that we sent to the person's number; what never went is none."""

    def went(of: People, *given: ColumnElement[bool]) -> ColumnElement[bool]:
        ours = (Message.number == of.mobile, Message.direction == Direction.OUTBOUND, Message.sent_at.is_not(None))
        return exists().where(*ours, *given)

    if asked.operator is Operator.NEVER:
        return Asked(lambda of: not_(went(of)))
    at = moment(asked, asker)
    if isinstance(at, Refused):
        return at
    later = Message.sent_at >= at
    if asked.operator is Operator.BEFORE:
        return Asked(lambda of: and_(went(of), not_(went(of, later))))
    return Asked(lambda of: went(of, later))


def _operators(label: str, *, can_be_never: bool) -> dict[Operator, How]:
    found = {
        Operator.SINCE: How(Operand.DAY, f"{label} on or after {{}}"),
        Operator.BEFORE: How(Operand.DAY, f"{label} before {{}}"),
        Operator.LAST: How(Operand.DAYS, f"{label} in the last {{}}"),
    }
    return {**found, Operator.NEVER: How(Operand.NOTHING, f"{label}: never")} if can_be_never else found


FIELDS: Sequence[Field] = (
    Field("added", "Added", _operators("Added", can_be_never=False), _ask_added),
    Field("heard", "Last text from them", _operators("Last text from them", can_be_never=True), _ask_heard),
    Field("texted", "Last text to them", _operators("Last text to them", can_be_never=True), _ask_texted),
)
