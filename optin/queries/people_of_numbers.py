"""The people who have a number, for lists and records: contacts first, then the oldest record. For display only."""

from collections.abc import Collection, Sequence

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from optin.enums import PersonKind
from optin.models import OptIn, OptInPerson, Person

CONTACT_FIRST = case((Person.kind == PersonKind.CONTACT, 0), else_=1)


def of_numbers(session: Session, numbers: Collection[str]) -> dict[str, list[Person]]:
    """Return the people who have each number (E.164) now, in one statement; a number that nobody has is left out."""
    found: dict[str, list[Person]] = {}
    rows = session.scalars(select(Person).where(Person.mobile.in_(set(numbers))).order_by(CONTACT_FIRST, Person.id))
    for person in rows:
        found.setdefault(str(person.mobile), []).append(person)
    return found


def of_opt_ins(session: Session, opt_ins: Sequence[OptIn]) -> dict[int, list[Person]]:
    """Return by opt-in id the people who have its number now; where nobody has it, those who had it then."""
    now = of_numbers(session, {opt_in.number for opt_in in opt_ins})
    found = {opt_in.id: now[opt_in.number] for opt_in in opt_ins if opt_in.number in now}
    orphaned = [opt_in.id for opt_in in opt_ins if opt_in.id not in found]
    if orphaned:
        links = (
            select(OptInPerson.opt_in_id, Person)
            .join(Person, Person.id == OptInPerson.person_id)
            .where(OptInPerson.opt_in_id.in_(orphaned))
            .order_by(CONTACT_FIRST, Person.id)
        )
        for opt_in_id, person in session.execute(links):
            found.setdefault(opt_in_id, []).append(person)
    return found
