"""Fields of one's own as merge fields: which a text uses, what they say of people, and the same as SQL.

A text that uses none costs no statement.
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, literal
from sqlalchemy.orm import Session, aliased

from optin.enums import FieldKind
from optin.models import OwnValue, Person
from optin.own_fields import keys, kinds, values
from optin.policy import cache
from optin.policy.cache import CachedField
from optin.texts import merge_fields

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Column(NamedTuple):
    """A merge field as a column of a statement about people: what it joins, on what, and what the message says."""

    joined: Any
    on: ColumnElement[bool]
    text: ColumnElement[str]


def used_in(session: Session, *bodies: str) -> list[CachedField]:
    """Return the fields of one's own that texts use, archived ones too: what waits is filled in as it was written."""
    used = _not_ours(bodies)
    return [field for field in _fields(session) if field.key in used] if used else []


def known(session: Session, *bodies: str) -> tuple[str, ...]:
    """Return the merge fields that texts may use: ours, and those of one's own that are shown."""
    if not _not_ours(bodies):
        return merge_fields.FIELDS
    return (*merge_fields.FIELDS, *(field.key for field in _fields(session) if not field.archived))


def hold(session: Session, *bodies: str) -> tuple[str, ...]:
    """Return `known` for texts that are kept, and let no field that they use be deleted until the transaction ends.

    Then a deletion sees the texts (own_fields/deleting.py).
    """
    values.held(session, [keys.name_of(key) for key in _not_ours(bodies)])
    return known(session, *bodies)


def of_people(session: Session, people: Iterable[Person | None], *bodies: str) -> dict[int, dict[str, str]]:
    """Return what the fields of one's own that texts use say of people, by their ids; who has none is missing."""
    fields = used_in(session, *bodies)
    if not fields:
        return {}
    kind = {field.key: field.kind for field in fields}
    found = values.of_people(session, {person.id for person in people if person is not None}, fields)
    return {
        person_id: {key: kinds.shown(kind[key], text) for key, text in texts.items()}
        for person_id, texts in found.items()
    }


def of_person(session: Session, person: Person | None, body: str) -> dict[str, str]:
    """Return the same of one person, None for nobody."""
    return of_people(session, [person], body).get(person.id, {}) if person is not None else {}


def column(field: CachedField) -> Column:
    """Return a field as a column of a statement that has Person; "" for who has nothing in it."""
    value = aliased(OwnValue)
    on = and_(value.person_id == Person.id, value.field_id == field.id)
    return Column(value, on, _shown(field, value))


def join(rows: Select[*tuple[Any, ...]], columns: Collection[Column]) -> Select[*tuple[Any, ...]]:
    """Return rows about people with what the columns join."""
    for each in columns:
        rows = rows.outerjoin(each.joined, each.on)
    return rows


def _shown(field: CachedField, value: Any) -> ColumnElement[str]:
    """Say in SQL what `kinds.shown` does."""
    if field.kind is FieldKind.CHOICE:
        return case(field.options, value=value.option_id, else_="") if field.options else literal("")
    if field.kind is not FieldKind.DAY:
        return func.coalesce(value.text, "")
    month = case({f"{at:02}": name for at, name in enumerate(_MONTHS, 1)}, value=func.substr(value.text, 6, 2))
    day, year = (func.ltrim(func.substr(value.text, *place), "0") for place in ((9, 2), (1, 4)))
    return func.coalesce(day + " " + month + " " + year, "")


def _fields(session: Session) -> tuple[CachedField, ...]:
    return cache.current(session, cache.read_token(session)).fields


def _not_ours(bodies: Iterable[str]) -> set[str]:
    return {name for body in bodies for name in merge_fields.names(body)}.difference(merge_fields.FIELDS)
