"""Several lists as one: pages by key that go on from one list into the next."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, SQLColumnExpression, literal
from sqlalchemy.orm import Session

from optin.queries import paging
from optin.queries.paging import AFTER, BEFORE, Page

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
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_before = more if backwards else values is not None
    has_after = backwards or more
    return Page(
        [row for _, row in found],
        _token(BEFORE, *found[0], chain) if found and has_before else None,
        _token(AFTER, *found[-1], chain) if found and has_after else None,
    )


def _token(side: str, index: int, row: object, chain: Sequence[Link]) -> str:
    values = [getattr(row, str(key.key)) for key in chain[index].keys]  # type: ignore[attr-defined]
    return paging.token(side, [index, *values])


def _decode(token: str | None, chain: Sequence[Link]) -> tuple[bool, int, list[Any] | None]:
    """Return whether the page is before the row of the token, in which list that is, and its keys."""
    for index, (_, keys) in enumerate(chain):
        backwards, values = paging.decode(token, [_PLACE, *keys])
        if values is not None and values[0] == index:
            return backwards, index, values[1:]
    return False, 0, None
