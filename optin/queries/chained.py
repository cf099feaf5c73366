"""Several lists as one: pages by key that go on from one list into the next."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, SQLColumnExpression, literal
from sqlalchemy.orm import Session

from optin.queries import paging
from optin.queries.paging import Page

_PLACE = literal(0, Integer())


class Link(NamedTuple):
    """One of the lists: a query of one entity without ORDER BY, and the keys that order it, as in paging.read_page."""

    query: Select[Any]
    keys: Sequence[SQLColumnExpression[Any]]


def read_page(
    session: Session, chain: Sequence[Link], token: str | None, *, descending: bool = False, size: int = paging.SIZE
) -> Page[Any]:
    """Fetch the page that `token` names of the lists one after the other, or of all of it from its end; nonsense is
    page one."""
    backwards, place, values = _decode(token, chain)
    onward = descending == backwards
    if values is None:
        place = 0 if onward else len(chain) - 1
    found: list[tuple[int, Any]] = []
    for index in range(place, len(chain)) if onward else range(place, -1, -1):
        query, keys = chain[index]
        ordered = query.order_by(*(key.asc() if onward else key.desc() for key in keys))
        for part in paging.parts(session, ordered, keys, values if index == place else None, onward):
            if len(found) <= size:
                found += [(index, row) for row in session.scalars(part.limit(size + 1 - len(found)))]
    page = paging.cut(found, size, backwards, values is not None, lambda side, at: _token(side, at, chain))
    return Page([row for _, row in page.rows], page.before, page.after)


def _token(side: str, at: tuple[int, object], chain: Sequence[Link]) -> str:
    """Return the token of the page on a side of a row; `at` is in which list it is, and the row."""
    index, row = at
    values = [getattr(row, str(key.key)) for key in chain[index].keys]  # type: ignore[attr-defined]
    return paging.token(side, [index, *values])


def _decode(token: str | None, chain: Sequence[Link]) -> tuple[bool, int, list[Any] | None]:
    """Return whether the page is before the row of the token, in which list that is, and its keys."""
    for index, (_, keys) in enumerate(chain):
        backwards, values = paging.decode(token, [_PLACE, *keys])
        if values is not None and values[0] == index:
            return backwards, index, values[1:]
    return False, 0, None
