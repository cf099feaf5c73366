"""Which records have become one: a record, and those that were merged into it, or into one of these."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.models import Person
from optin.models.index_conditions import is_merged


def ids_of(session: Session, person_id: int) -> list[int]:
    """Return the record's id and the ids of all that are part of it."""
    return list(kept_ids(session, [person_id]))


def kept_ids(session: Session, person_ids: Collection[int]) -> dict[int, int]:
    """Return the id of the record of each of the people and of all that are part of one: to that person's id."""
    found = {person_id: person_id for person_id in person_ids}
    layer = list(found)
    while layer:
        parts = select(Person.id, Person.merged_into_id).where(is_merged(Person), Person.merged_into_id.in_(layer))
        rows = [(part, into or 0) for part, into in session.execute(parts)]
        found |= {part: found[into] for part, into in rows}
        layer = [part for part, _ in rows]
    return found


def kept(session: Session, person: Person) -> Person | None:
    """Return the record that a record is part of now, itself where it was not merged; None if that was deleted."""
    found: Person | None = person
    while found and found.merged_into_id:
        found = session.get(Person, found.merged_into_id)
    return found
