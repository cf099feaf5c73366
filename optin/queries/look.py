"""Pages of people who meet conditions, of which no statement reads more than some thousand rows.

Where one of the conditions holds of few, these are found by its index and asked for the others. Else the list is looked
through in its order, some rows at a time, until the page is full or the time is over: then the page says how far it
got, and the next one goes on from there.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from optin.database import steering
from optin.models import Person
from optin.queries import paging
from optin.queries.cached_counts import CachedCount
from optin.queries.paging import Page

FEW, MANY = 6000, 25_000
"""So many are found by an index and put in order for a page: at once, and where the first look was in vain."""
LEAST, MOST = 400, 8000
"""So many rows are looked at in the first part, and in any."""
IN_VAIN = 10_000
"""After so many rows the page is to be had by an index of `MANY`, if there is one."""
SECONDS = 0.4
People = type[Person]
Conditions = Callable[[People], Sequence[ColumnElement[bool]]]
"""Makes conditions on people, the table itself or some of its rows under another name."""
Keys = Sequence[SQLColumnExpression[Any]]


@dataclass(frozen=True)
class Wanted:
    """Who is looked for: people of `base`, which an index has in the order of each list, of whom all of `holds` is so.

    `ids` and `numbers` are queries for people whom one of the conditions leaves, by id or by number; `also` says the
    same as `base` of those without its index.
    """

    base: Sequence[ColumnElement[bool]]
    holds: Conditions
    also: Sequence[ColumnElement[bool]] = ()
    ids: Sequence[Select[int]] = ()
    numbers: Sequence[Select[str]] = ()


@dataclass(frozen=True)
class Looked:
    """A page, and how many rows were looked at where time was over before it was full; None where it is complete."""

    page: Page[Person]
    looked_at: int | None = None


def few(session: Session, wanted: Wanted, most: int) -> ColumnElement[bool] | None:
    """Return a condition on people that a query makes which selects so many at most; None where none does."""
    for column, queries in ((Person.id, wanted.ids), (Person.mobile, wanted.numbers)):
        for query in queries:
            counted = select(func.count()).select_from(query.limit(most + 1).subquery())
            if (session.scalar(counted) or 0) <= most:
                return steering.is_one_of_few(session, column, query)
    return None


def read_page(
    session: Session,
    wanted: Wanted,
    keys: Keys,
    token: str | None,
    *,
    descending: bool = False,
    size: int = paging.SIZE,
    seconds: float | None = None,
) -> Looked:
    """Fetch a page of the people, with their owners, in the order of `keys`; `token` is as `paging.read_page` has it.

    The page after one that is not full goes on where the look ended.
    """
    backwards, begin = paging.decode(token, keys)
    here, onward = begin, descending == backwards
    found: list[Person] = []
    looked_at, tried, until = 0, 0, time.monotonic() + (SECONDS if seconds is None else seconds)
    while True:
        missing = size + 1 - len(found)
        many = _next_part(looked_at, len(found), missing)
        rows, here = _part(session, wanted, keys, here, onward, many, missing)
        found, looked_at = found + rows, looked_at + many
        if here is None or len(found) > size or time.monotonic() > until:
            break
        most = MANY if looked_at >= IN_VAIN else FEW
        by_few = few(session, wanted, most) if most > tried else None
        tried = most
        if by_few is not None:
            query = select(Person).where(by_few, *wanted.also, *wanted.holds(Person)).options(joinedload(Person.owner))
            return Looked(paging.read_page(session, query, keys, token, descending=descending, size=size))
    is_full = len(found) > size
    rows = found[:size][::-1] if backwards else found[:size]
    beyond = _keys_of(rows[:1] if backwards else rows[-1:], keys) if is_full else here
    back = _keys_of(rows[-1:] if backwards else rows[:1], keys) or begin
    ahead, behind = (paging.BEFORE, paging.AFTER) if backwards else (paging.AFTER, paging.BEFORE)
    tokens = {
        ahead: paging.token(ahead, beyond) if beyond is not None else None,
        behind: paging.token(behind, back) if begin is not None and back is not None else None,
    }
    page = Page(rows, tokens[paging.BEFORE], tokens[paging.AFTER])
    return Looked(page, None if is_full or here is None else looked_at)


def count(
    session: Session, holds: Conditions, after: int = 0, up_to: int | None = None, *, seconds: float | None = None
) -> tuple[int, int | None]:
    """Count people of whom all of `holds` is so, by their ids; return the count, and where to go on or None."""
    until, found = time.monotonic() + (SECONDS if seconds is None else seconds), 0
    while True:
        last, is_last = _end_of_part(session, after, up_to)
        rows = _between(after, last)
        found += session.scalar(select(func.count()).select_from(rows).where(*holds(rows))) or 0
        if is_last:
            return found, None
        if time.monotonic() > until:
            return found, last
        after = last


def count_some(session: Session, holds: Conditions) -> CachedCount:
    """Count among the first rows: all there are, or that there may be more."""
    found, more = count(session, holds, seconds=0)
    return CachedCount(found, more=more is not None)


def next_ids(session: Session, holds: Conditions, after: int, up_to: int, most: int) -> tuple[list[int], int | None]:
    """Return the next of whom all of `holds` is so, by their ids, and how far was looked; None at the end."""
    last, is_last = _end_of_part(session, after, up_to)
    rows = _between(after, last)
    found = list(session.scalars(select(rows.id).where(*holds(rows)).order_by(rows.id).limit(most)))
    return found, found[-1] if len(found) == most else None if is_last else last


def _end_of_part(session: Session, after: int, up_to: int | None) -> tuple[int, bool]:
    """Return the last id of the part of the table behind `after`, and whether nobody is left behind that."""
    behind = select(Person.id).where(Person.id > after, *([Person.id <= up_to] if up_to is not None else []))
    part = behind.order_by(Person.id).limit(MOST).subquery()
    last, many = session.execute(select(func.max(part.c.id), func.count()).select_from(part)).one()
    return last or after, many < MOST


def _between(after: int, last: int) -> People:
    part = select(Person).where(Person.id > after, Person.id <= last).order_by(Person.id).limit(MOST)
    return aliased(Person, part.subquery())


def _next_part(looked_at: int, found: int, missing: int) -> int:
    """Return how many rows to look at next: as many as should have what is missing, by what was found so far."""
    expected = missing * looked_at * 3 // (found * 2) if found else 5 * looked_at
    return min(max(expected, LEAST), MOST)


def _part(
    session: Session, wanted: Wanted, keys: Keys, here: list[Any] | None, onward: bool, many: int, size: int
) -> tuple[list[Person], list[Any] | None]:
    """Look at the next rows; return who was found, and the keys of the last row looked at: None where none is left."""
    order = [key.asc() if onward else key.desc() for key in keys]
    found: list[Person] = []
    for part in paging.parts(session, select(Person).where(*wanted.base), keys, here, onward):
        part = part.order_by(*order).limit(many)
        last = session.execute(part.with_only_columns(*keys).offset(many - 1).limit(1)).first()
        rows: People = aliased(Person, part.subquery())
        own = [getattr(rows, _name(key)) for key in keys]
        query = select(rows).where(*wanted.holds(rows)).order_by(*(key.asc() if onward else key.desc() for key in own))
        found += session.scalars(query.options(joinedload(rows.owner)).limit(size - len(found)))
        if last is not None or len(found) == size:
            return found, list(last or [])
    return found, None


def _keys_of(rows: Sequence[Person], keys: Keys) -> list[Any] | None:
    return [getattr(rows[0], _name(key)) for key in keys] if rows else None


def _name(key: SQLColumnExpression[Any]) -> str:
    return str(key.key)  # type: ignore[attr-defined]
