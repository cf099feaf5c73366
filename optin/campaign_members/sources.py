"""Where people come from who are to be members: each source selects them anew whenever it is asked.

A feature registers its source by name (`source`). What it needs to find its people, such as the id of a view, is a
small mapping that JSON knows; background tasks keep the two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from optin.models import Person


def _everybody() -> Select[int]:
    return select(Person.id)


@dataclass(frozen=True)
class People:
    """People by their ids, the one column of `ids`; `title` says in a few words who they are ("Members of March").

    They are looked through in parts of `among`, ids again, in their order: all people, or fewer where an index has
    them. `total` is about how many those are, 0 where nobody knows.
    """

    title: str
    ids: Select[int]
    among: Select[int] = field(default_factory=_everybody)
    total: int = 0


class Part(NamedTuple):
    """Some of the people: those above one id up to another and with it, and how many were looked through for them."""

    ids: Select[int]
    up_to: int
    looked_at: int


Source = Callable[[Session, Mapping[str, Any]], People | None]
"""Selects the people that a mapping tells of; None where what it names is gone."""
_SOURCES: dict[str, Source] = {}


def source(name: str) -> Callable[[Source], Source]:
    """Register a source under a name, which tasks keep: it stays the same in later versions."""

    def register(found: Source) -> Source:
        _SOURCES[name] = found
        return found

    return register


def find(session: Session, name: str, about: Mapping[str, Any]) -> People | None:
    """Return the people of a source; None where it, or what it is asked about, is gone."""
    found = _SOURCES.get(name)
    return found(session, about) if found else None


def next_part(session: Session, people: People, after: int, at_once: int) -> Part:
    """Return the people above an id among the next so many; `looked_at` is less than that for the last of them."""
    some = _within(people.among, after).order_by(_id(people.among)).limit(at_once).subquery()
    up_to, looked_at = session.execute(select(func.max(some.c[0]), func.count())).one()
    return Part(_within(people.ids, after, up_to or after), up_to or after, looked_at)


def _within(ids: Select[int], after: int, up_to: int | None = None) -> Select[int]:
    above = ids.where(_id(ids) > after)
    return above if up_to is None else above.where(_id(ids) <= up_to)


def _id(ids: Select[int]) -> Any:
    """Return the one column of the query."""
    return ids.selected_columns[0]
