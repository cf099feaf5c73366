"""Keyset paging: lists that stay fast at a million rows, paged by key, never by offset."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, Integer, Select, SQLColumnExpression, String, literal, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from optin.database.session import UTCDateTime

Row = TypeVar("Row")
SIZE = 50
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of rows; `before` and `after` are the tokens of the neighbouring pages, None at an end."""

    rows: list[Row]
    before: str | None
    after: str | None


def read_page(
    session: Session,
    query: Select[Any],
    keys: Sequence[SQLColumnExpression[Any]],
    token: str | None,
    *,
    descending: bool = False,
    size: int = SIZE,
) -> Page[Any]:
    """Fetch the page of `query` (no ORDER BY) that `token` names; nonsense is page one.

    The query selects one entity, or the keys as columns. `keys` order the list, together are unique, and are attributes
    of its rows; an index should carry them.
    """
    backwards, values = decode(token, keys)
    onward = descending == backwards
    query = query.order_by(*(key.asc() if onward else key.desc() for key in keys))
    found: list[Any] = []
    for part in parts(session, query, keys, values, onward):
        wanted = part.limit(size + 1 - len(found))
        found += (session.execute if len(query.column_descriptions) > 1 else session.scalars)(wanted)
        if len(found) > size:
            break
    return cut(found, size, backwards, values is not None, lambda side, row: token_of(side, row, keys))


def cut(found: list[Any], size: int, backwards: bool, begun: bool, token_of: Callable[[str, Any], str]) -> Page[Any]:
    """Make the page of the rows that were found, one more than its size where there are more; `begun`: behind a row,
    `backwards`: before it. `token_of` gives the token of the page on a side of a row."""
    more, rows = len(found) > size, found[:size]
    if backwards:
        rows.reverse()
    has_before = more if backwards else begun
    has_after = backwards or more
    return Page(
        rows,
        token_of(BEFORE, rows[0]) if rows and has_before else None,
        token_of(AFTER, rows[-1]) if rows and has_after else None,
    )


def parts(
    session: Session,
    query: Select[Any],
    keys: Sequence[SQLColumnExpression[Any]],
    values: list[Any] | None,
    onward: bool,
) -> list[Select[Any]]:
    """Return what is read one after the other until the page is full.

    SQLite searches an index by the first key of a row value alone, so rows of the same text are a part of their own.
    """
    if values is None:
        return [query]
    here = [literal(value, _type(key)) for value, key in zip(values, keys, strict=True)]
    if session.get_bind().dialect.name == "sqlite" and len(keys) > 1 and isinstance(_type(keys[0]), String):
        same = query.where(keys[0] == here[0])
        return [_beyond(same, keys[1:], here[1:], onward), _beyond(query, keys[:1], here[:1], onward)]
    return [_beyond(query, keys, here, onward)]


def _beyond(query: Select[Any], keys: Sequence[Any], here: Sequence[Any], onward: bool) -> Select[Any]:
    place, there = (tuple_(*keys), tuple_(*here)) if len(keys) > 1 else (keys[0], here[0])
    return query.where(place > there if onward else place < there)


def token_of(side: str, row: object, keys: Sequence[SQLColumnExpression[Any]]) -> str:
    """Return the token of the page "before" or "after" a row."""
    return token(side, [getattr(row, str(key.key)) for key in keys])  # type: ignore[attr-defined]


def token(side: str, values: Sequence[Any]) -> str:
    """Return the token of the page "before" or "after" the row that has these values of the keys."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps([side, *plain]).encode()).decode().rstrip("=")


def decode(token: str | None, keys: Sequence[SQLColumnExpression[Any]]) -> tuple[bool, list[Any] | None]:
    try:
        raw = base64.urlsafe_b64decode((token or "") + "=" * (-len(token or "") % 4))
        side, *plain = json.loads(raw)
        if side not in (BEFORE, AFTER) or len(plain) != len(keys):
            return False, None
        values = [_typed(value, key) for value, key in zip(plain, keys, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        return False, None
    return side == BEFORE, values


def _typed(value: object, key: SQLColumnExpression[Any]) -> Any:
    """Return a token's value as the key's type; raises ValueError or TypeError when it is of another.

    A number or a text that the database could not take is nonsense too.
    """
    kind = _type(key)
    if isinstance(kind, UTCDateTime):
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC)
    if isinstance(kind, Integer):
        bits = 63 if isinstance(kind, BigInteger) else 31
        if not isinstance(value, int) or not -(2**bits) <= value < 2**bits:
            raise TypeError("the token is of another list")
    elif not isinstance(value, str) or "\0" in value:
        raise TypeError("the token is of another list")
    return value


def _type(key: Any) -> TypeEngine[Any]:
    kind: TypeEngine[Any] = key.type
    return kind
