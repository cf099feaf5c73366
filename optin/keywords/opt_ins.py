"""The list of a keyword's opt-ins: search, filter, pages, and a version that changes when what is shown changes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from optin import figures, phone
from optin.consent import people
from optin.figures import Count
from optin.models import OptIn, OptInPerson, Person
from optin.paging import Page
from optin.phone import NotANumber
from optin.terms import OptInStatus

SHORTEST_PIECE = 3  # digits; fewer are in every number


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
        given.append(_found(asked.search, region))
    return given


def _found(search: str, region: str) -> ColumnElement[bool]:
    """The condition that a number matches as typed or in a piece, or that somebody with all these names has it."""
    named = select(Person.id).where(*(Person.sort_name.contains(name, autoescape=True) for name in _names(search)))
    linked = select(OptInPerson.opt_in_id).where(OptInPerson.person_id.in_(named))
    having = select(Person.mobile).where(Person.id.in_(named), Person.mobile.is_not(None))
    found = OptIn.id.in_(linked) | OptIn.number.in_(having)
    number = _number(search, region)
    return found | OptIn.number.contains(number, autoescape=True) if number else found


def _names(search: str) -> list[str]:
    return search.casefold().replace(",", " ").split() or [search]


def _number(search: str, region: str) -> str:
    """Return what to look for in numbers: a whole one in E.164, else the digits, "" when they are too few."""
    try:
        return phone.normalise(search, region)
    except NotANumber:
        digits = "".join(character for character in search if character in "0123456789")
        return digits if len(digits) >= SHORTEST_PIECE and not any(ch.isalpha() for ch in search) else ""


def _rows(status: str) -> Callable[[Any], Select[Any]]:
    def rows(keyword_id: int | SQLColumnExpression[int]) -> Select[Any]:
        return select(OptIn.id).where(OptIn.keyword_id == keyword_id, *([OptIn.status == status] if status else []))

    return rows


OF_STATUS = {status: figures.Counter(f"opt-ins {status}".strip(), _rows(status)) for status in ("", *OptInStatus)}
"""Counts of a keyword's opt-ins: all ("") and those of each status."""
