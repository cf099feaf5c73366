"""Who is here already: the people that rows of a file may be about, and which numbers have opted in or out."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from optin.database.statements import among
from optin.features.imports.deciding import KnownPerson
from optin.features.imports.rows import ImportedRow
from optin.models import ImportRun, OptIn, Person, Suppression
from optin.models.index_conditions import LIVE, has_not_ended

_COLUMNS = (
    Person.id,
    Person.kind,
    Person.first_name,
    Person.last_name,
    func.coalesce(Person.mobile, "").label("mobile"),
    Person.email,
    Person.company,
    Person.us_state,
    Person.notes,
)


def people(
    session: Session, run: ImportRun, rows: Sequence[ImportedRow], *, to_change: bool = False
) -> Mapping[int, Sequence[KnownPerson]]:
    """Return by their line the people who have a row's number or email: those of the run's kind first, then contacts,
    then the oldest.

    Not those whom the run made itself. `to_change` locks them until the transaction ends.
    """
    good = [row for row in rows if not row.fault]
    numbers, emails = {row.number for row in good if row.number}, _spellings(good)
    found: dict[int, KnownPerson] = {}
    for column, values in ((Person.mobile, numbers), (Person.email, emails)):
        having = _having(session, run, among(session, column, values), to_change)
        found |= {person.id: person for person in having}
    by_number, by_email = defaultdict(list), defaultdict(list)
    for person in sorted(found.values(), key=lambda person: (person.kind != run.kind, person.kind, person.id)):
        by_number[person.mobile].append(person)
        by_email[person.email.casefold()].append(person)
    return {
        row.line: [
            *(by_number[row.number] if row.number else ()),
            *(by_email[row.values["email"].casefold()] if "email" in row.values else ()),
        ]
        for row in good
    }


def opted_out(session: Session, numbers: Collection[str]) -> set[str]:
    """Return those of the numbers that are opted out."""
    mine = among(session, Suppression.number, numbers)
    return set(session.scalars(select(Suppression.number).where(mine, has_not_ended(Suppression))))


def opted_in(session: Session, numbers: Collection[str]) -> set[str]:
    """Return those of the numbers that have an opt-in, or are asked to confirm one."""
    mine = among(session, OptIn.number, numbers)
    return set(session.scalars(select(OptIn.number).where(mine, OptIn.status.in_(LIVE))))


def _having(session: Session, run: ImportRun, having: ColumnElement[bool], to_change: bool) -> Iterator[KnownPerson]:
    mine = or_(Person.import_run_id.is_(None), Person.import_run_id != run.id)
    asked = select(*_COLUMNS).where(having, mine).order_by(Person.id)
    for row in session.execute(asked.with_for_update(key_share=True) if to_change else asked):
        yield KnownPerson(*row)


def _spellings(rows: Sequence[ImportedRow]) -> set[str]:
    """Return the email addresses as they are written and in small letters, as most are stored."""
    written = {row.values["email"] for row in rows if "email" in row.values}
    return written | {email.casefold() for email in written}
