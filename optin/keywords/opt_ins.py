"""The list of a keyword's opt-ins: search, filter, pages, and a version that changes when what is shown changes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, select
from sqlalchemy.orm import Session

from optin import figures, search
from optin.consent import people
from optin.figures import Count
from optin.models import OptIn, OptInPerson, Person
from optin.paging import Page
from optin.terms import OptInStatus


@dataclass(frozen=True)
class Asked:
    """What the list is asked for, as it stands in the address; `search` is a number, a piece of one, or a name."""

    search: str = ""
    status: str = ""
    token: str | None = None

    @property
    def is_all(self) -> bool:
        """Tell whether nothing is left out."""
        return not self.search and self.status not in list(OptInStatus)


@dataclass(frozen=True)
class OptInList:
    """A page of opt-ins with the people behind each."""

    page: Page[OptIn]
    people: dict[int, list[Person]]

    @property
    def version(self) -> str:
        """Return a short text that differs when a row, its state or its people differ."""
        shown = [
            (row.id, row.status, row.end_reason, [(one.id, one.name, one.kind) for one in self.people.get(row.id, [])])
            for row in self.page.rows
        ]
        return hashlib.sha256(repr((shown, self.page.before, self.page.after)).encode()).hexdigest()[:16]


def query(session: Session, keyword_id: int, asked: Asked, region: str, *, all_: bool = False) -> Select[OptIn]:
    """Select the opt-ins of a keyword that are asked for; `region` reads numbers as typed.

    Of a search the first some hundred, looked up before, unless it is to be all of them.
    """
    opt_ins = select(OptIn).where(*_given(keyword_id, asked))
    if not asked.search:
        return opt_ins
    found = _found(keyword_id, asked, region, None if all_ else search.MOST)
    return opt_ins.where(OptIn.id.in_(found if all_ else session.scalars(found).all()))


def listed(session: Session, page: Page[OptIn]) -> OptInList:
    """Return a page of opt-ins with the people behind each."""
    return OptInList(page, people.of_opt_ins(session, page.rows))


def count(session: Session, keyword_id: int, asked: Asked, region: str) -> Count:
    """Count the opt-ins that the list would show on all its pages; what a search finds, up to some hundred."""
    if not asked.search:
        return OF_STATUS[asked.status if asked.status in list(OptInStatus) else ""].of(session, keyword_id)
    found = set(session.scalars(_found(keyword_id, asked, region, search.MOST)))
    return Count(len(found), more=len(found) >= search.MOST)


def _given(keyword_id: int, asked: Asked) -> list[ColumnElement[bool]]:
    status = [OptIn.status == asked.status] if asked.status in list(OptInStatus) else []
    return [OptIn.keyword_id == keyword_id, *status]


def _found(keyword_id: int, asked: Asked, region: str, most: int | None) -> Select[int]:
    """Select the ids of opt-ins whose number it is, or that somebody with these names has or had."""
    own = [
        OptIn.keyword_id == keyword_id,
        OptIn.status.in_([asked.status] if asked.status in list(OptInStatus) else list(OptInStatus)),
    ]
    looked_at = search.LOOKED_AT if most else None
    links = select(OptInPerson.opt_in_id).where(OptInPerson.person_id.in_(search.named(asked.search, most=looked_at)))
    found = [
        select(OptIn.id).where(OptIn.number.in_(search.mobiles(asked.search, most=looked_at)), *own),
        select(OptIn.id).where(OptIn.id.in_(links), *own),
    ]
    found += [select(OptIn.id).where(way, *own) for way in search.numbers(OptIn.number, asked.search, region)]
    return search.ids(*found, most=most)


def _rows(status: str) -> Callable[[Any], Select[Any]]:
    def rows(keyword_id: int | SQLColumnExpression[int]) -> Select[Any]:
        return select(OptIn.id).where(OptIn.keyword_id == keyword_id, *([OptIn.status == status] if status else []))

    return rows


OF_STATUS = {status: figures.Counter(f"opt-ins {status}".strip(), _rows(status)) for status in ("", *OptInStatus)}
"""Counts of a keyword's opt-ins: all ("") and those of each status."""
