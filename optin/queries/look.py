"""Pages of rows that meet conditions, of which no statement reads more than some thousand rows.

Where one of the conditions holds of few, these are found by its index and asked for the others. Else the list is looked
through in its order, some rows at a time, until the page is full, has enough for a screen where the rows lie far apart,
or the time is over: then the page says how far it got. The next one goes on from there.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.base import ExecutableOption

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
ENOUGH, FAR = 20, 2000
"""So many rows are enough for a page that would be full only after more than so many were looked at."""
SECONDS = 0.4
Row = TypeVar("Row")
People = type[Person]
Conditions = Callable[[People], Sequence[ColumnElement[bool]]]
"""Makes conditions on people, the table itself or some of its rows under another name."""
Keys = Sequence[SQLColumnExpression[Any]]


@dataclass(frozen=True)
class Wanted(Generic[Row]):
    """What is looked for: rows of a table, of `base`, which an index has in the order of each list, of which all of
    `holds` is so.

    `few` gives a condition that leaves so many of them at most, all of those looked for among them, and None where it
    knows of none; `also` says the same as `base` of these, without its index. `options` load what belongs to a row.
    `first`: so many rows are looked at in the first part, where each part costs much and a row little.
    """

    table: type[Row]
    base: Sequence[ColumnElement[bool]]
    holds: Callable[[type[Row]], Sequence[ColumnElement[bool]]]
    also: Sequence[ColumnElement[bool]] = ()
    few: Callable[[Session, int], ColumnElement[bool] | None] = lambda _session, _most: None
    options: Callable[[type[Row]], Sequence[ExecutableOption]] = lambda _of: ()
    first: int = 0


@dataclass(frozen=True)
class Looked(Generic[Row]):
    """A page, how many rows were looked at for it, and the token to look `further` by where time was over too soon."""

    page: Page[Row]
    looked_at: int = 0
    further: str | None = None


def read_page(
    session: Session,
    wanted: Wanted[Row],
    keys: Keys,
    token: str | None,
    *,
    descending: bool = False,
    size: int = paging.SIZE,
    seconds: float | None = None,
) -> Looked[Row]:
    """Fetch a page of the rows in the order of `keys`; `token` is as `paging.read_page` has it.

    The page after one that is not full goes on where the look ended.
    """
    backwards, begin = paging.decode(token, keys)
    here, onward = begin, descending == backwards
    found: list[Row] = []
    looked_at, tried, until = 0, 0, time.monotonic() + (SECONDS if seconds is None else seconds)
    while True:
        missing = size + 1 - len(found)
        many = _next_part(looked_at, len(found), missing) if looked_at else wanted.first or LEAST
        rows, here = _part(session, wanted, keys, here, onward, many, missing)
        found, looked_at = found + rows, looked_at + many
        is_enough = len(found) > size or (len(found) >= ENOUGH and looked_at >= FAR)
        if here is None or is_enough or time.monotonic() > until:
            break
        if looked_at * ENOUGH <= len(found) * 2 * FAR:
            continue  # going on has enough sooner than an index has all
        most = MANY if looked_at >= IN_VAIN else FEW
        by_few = wanted.few(session, most) if most > tried else None
        tried = most
        if by_few is not None:
            query = select(wanted.table).where(by_few, *wanted.also, *wanted.holds(wanted.table))
            query = query.options(*wanted.options(wanted.table))
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
    return Looked(page, looked_at, None if is_enough else tokens[ahead])


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
    """Return how many rows to look at next: as many as should have what is missing, by what was found so far.

    Where these are very many, as many as should have enough.
    """
    expected = missing * looked_at * 3 // (found * 2) if found else 5 * looked_at
    if found and looked_at + expected > FAR:
        expected = max(expected * (ENOUGH - found) // missing, FAR - looked_at)
    return min(max(expected, LEAST), MOST)


def _part(
    session: Session, wanted: Wanted[Row], keys: Keys, here: list[Any] | None, onward: bool, many: int, size: int
) -> tuple[list[Row], list[Any] | None]:
    """Look at the next rows; return who was found, and the keys of the last row looked at: None where none is left."""
    order = [key.asc() if onward else key.desc() for key in keys]
    found: list[Row] = []
    for part in paging.parts(session, select(wanted.table).where(*wanted.base), keys, here, onward):
        part = part.order_by(*order).limit(many)
        last = session.execute(part.with_only_columns(*keys).offset(many - 1).limit(1)).first()
        rows = aliased(wanted.table, part.subquery())
        own = [getattr(rows, _name(key)) for key in keys]
        query = select(rows).where(*wanted.holds(rows)).order_by(*(key.asc() if onward else key.desc() for key in own))
        found += session.scalars(query.options(*wanted.options(rows)).limit(size - len(found)))
        if last is not None or len(found) == size:
            return found, list(last or [])
    return found, None


def _keys_of(rows: Sequence[object], keys: Keys) -> list[Any] | None:
    return [getattr(rows[0], _name(key)) for key in keys] if rows else None


def _name(key: SQLColumnExpression[Any]) -> str:
    return str(key.key)  # type: ignore[attr-defined]
