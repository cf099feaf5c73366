"""The list of a keyword's opt-ins: search, filter, pages, and a version that changes when what is shown changes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from optin import figures, search
from optin.consent import people
from optin.figures import Count
from optin.models import OptIn, OptInPerson, Person, PersonWord
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


def query(keyword_id: int, search: str, status: str, region: str) -> Select[OptIn]:
    """Select the opt-ins of a keyword that are asked for; `region` reads numbers as typed."""
    return select(OptIn).where(*_given(keyword_id, Asked(search, status), region))


def listed(session: Session, page: Page[OptIn]) -> OptInList:
    """Return a page of opt-ins with the people behind each."""
    return OptInList(page, people.of_opt_ins(session, page.rows))


def count(session: Session, keyword_id: int, asked: Asked, region: str) -> Count:
    """Count the opt-ins that the list would show on all its pages; what a search finds, up to some thousand."""
    if not asked.search:
        return OF_STATUS[asked.status if asked.status in list(OptInStatus) else ""].of(session, keyword_id)
    found = select(OptIn.id).where(*_given(keyword_id, asked, region)).limit(figures.FEW + 1)
    count = session.scalars(select(func.count()).select_from(found.subquery())).one()
    return Count(min(count, figures.FEW), more=count > figures.FEW)


def _given(keyword_id: int, asked: Asked, region: str) -> list[ColumnElement[bool]]:
    given: list[ColumnElement[bool]] = [OptIn.keyword_id == keyword_id]
    if asked.status in list(OptInStatus):
        given.append(OptIn.status == asked.status)
    if asked.search:
        given.append(OptIn.id.in_(_found(keyword_id, asked, region)))
    return given


def _found(keyword_id: int, asked: Asked, region: str) -> Select[int]:
    """Select the ids of opt-ins whose number it is, or that somebody with these names has or had."""
    own = [
        OptIn.keyword_id == keyword_id,
        OptIn.status.in_([asked.status] if asked.status in list(OptInStatus) else list(OptInStatus)),
    ]
    now = select(OptIn.id).join(Person, Person.mobile == OptIn.number)
    then = select(OptIn.id).join(OptInPerson, OptInPerson.opt_in_id == OptIn.id)
    found = [
        now.join(PersonWord, PersonWord.person_id == Person.id).where(*search.named(asked.search, Person.id), *own),
        then.join(PersonWord, PersonWord.person_id == OptInPerson.person_id).where(
            *search.named(asked.search, OptInPerson.person_id), *own
        ),
    ]
    found += [select(OptIn.id).where(way, *own) for way in search.numbers(OptIn.number, asked.search, region)]
    return search.ids(*found)


def _rows(status: str) -> Callable[[Any], Select[Any]]:
    def rows(keyword_id: int | SQLColumnExpression[int]) -> Select[Any]:
        return select(OptIn.id).where(OptIn.keyword_id == keyword_id, *([OptIn.status == status] if status else []))

    return rows


OF_STATUS = {status: figures.Counter(f"opt-ins {status}".strip(), _rows(status)) for status in ("", *OptInStatus)}
"""Counts of a keyword's opt-ins: all ("") and those of each status."""
