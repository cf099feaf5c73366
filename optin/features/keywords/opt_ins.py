"""The list of a keyword's opt-ins: search, filter, pages, and a version that changes when what is shown changes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, select
from sqlalchemy.orm import Session

from optin.database.steering import without_index
from optin.enums import OptInStatus
from optin.models import OptIn, OptInPerson, Person
from optin.queries import cached_counts, people_of_numbers, search
from optin.queries.cached_counts import CachedCount
from optin.queries.paging import Page
from optin.queries.search import Hits
from optin.web.filters import person_name


@dataclass(frozen=True)
class OptInFilter:
    """What the list is asked for, as it stands in the address; `search` is a number, a piece of one, or a name."""

    search: str = ""
    status: str = ""
    token: str | None = None

    @property
    def is_all(self) -> bool:
        """Tell whether nothing is left out."""
        return not self.search and self.status not in list(OptInStatus)


class OptInRow(NamedTuple):
    """An opt-in with the people who have its number now, or had it then."""

    opt_in: OptIn
    people: Sequence[Person]


@dataclass(frozen=True)
class OptInList:
    """A page of opt-ins with the people behind each; `has_more` where a search finds more than it lists."""

    page: Page[OptIn]
    rows: list[OptInRow]
    has_more: bool = False

    @property
    def version(self) -> str:
        """Return a short text that differs when a row, its state or its people differ."""
        shown = [
            (row.id, row.status, row.end_reason, [(one.id, person_name(one), one.kind) for one in people])
            for row, people in self.rows
        ]
        return hashlib.sha256(repr((shown, self.page.before, self.page.after)).encode()).hexdigest()[:16]


def found(session: Session, keyword_id: int, asked: OptInFilter, region: str) -> Hits | None:
    """Look up what the search finds, None where nothing is searched; `region` reads numbers as typed."""
    if not asked.search:
        return None
    own = _own(keyword_id, asked)
    links = select(OptInPerson.opt_in_id, OptInPerson.person_id).where(OptInPerson.opt_in_id == OptIn.id, *own)
    having = select(OptIn.id, Person.id.label("person_id")).where(Person.mobile == OptIn.number, *own)
    return search.find(session, asked.search, _ways(keyword_id, asked, region), [links, having])


def found_in_all(keyword_id: int, asked: OptInFilter, region: str) -> Select[int] | None:
    """Select all that `found` finds, however many."""
    return search.any_of(_ways(keyword_id, asked, region, all_=True)) if asked.search else None


def query(keyword_id: int, asked: OptInFilter, among: Sequence[int] | Select[int] | None) -> Select[OptIn]:
    """Select the opt-ins of a keyword that are asked for, all or those that a search for them found.

    Asked of these once more whose they are, SQLite would read them along the keyword's index, and sort them.
    """
    opt_ins = select(OptIn)
    return opt_ins.where(*_given(keyword_id, asked)) if among is None else opt_ins.where(OptIn.id.in_(among))


def listed(session: Session, page: Page[OptIn], hits: Hits | None) -> OptInList:
    """Return a page of opt-ins with the people behind each."""
    return OptInList(page, rows(session, page.rows), bool(hits and hits.more))


def rows(session: Session, found: Sequence[OptIn]) -> list[OptInRow]:
    """Return the opt-ins as rows of the list, each with its people."""
    people = people_of_numbers.of_opt_ins(session, found)
    return [OptInRow(opt_in, people.get(opt_in.id, [])) for opt_in in found]


def count(session: Session, keyword_id: int, asked: OptInFilter, hits: Hits | None) -> CachedCount:
    """Count the opt-ins that the list would show on all its pages; what a search finds, up to some hundred."""
    if hits is None:
        return OF_STATUS[asked.status if asked.status in list(OptInStatus) else ""].of(session, keyword_id)
    return CachedCount(len(hits.ids), more=hits.more)


def _given(keyword_id: int, asked: OptInFilter) -> list[ColumnElement[bool]]:
    status = [OptIn.status == asked.status] if asked.status in list(OptInStatus) else []
    return [OptIn.keyword_id == keyword_id, *status]


def _own(keyword_id: int, asked: OptInFilter) -> list[ColumnElement[bool]]:
    """Ask for the keyword and, in the words of the index that begins with both, for every status or one."""
    wanted = [asked.status] if asked.status in list(OptInStatus) else list(OptInStatus)
    return [OptIn.keyword_id == keyword_id, OptIn.status.in_(wanted)]


def _ways(keyword_id: int, asked: OptInFilter, region: str, *, all_: bool = False) -> list[Select[int]]:
    """Find opt-ins whose number it is, or that somebody with these names has or had."""
    own, text = _own(keyword_id, asked), asked.search
    links = select(OptInPerson.opt_in_id).where(OptInPerson.person_id.in_(search.named(text, all_=all_)))
    return [
        select(OptIn.id).where(OptIn.number.in_(search.mobiles(text, all_=all_)), *own),
        select(OptIn.id).where(OptIn.id.in_(links), *own),
        *(select(OptIn.id).where(way, *own) for way in search.number_begins(OptIn.number, text, region)),
        *(
            select(OptIn.id).where(way, *_past_index(keyword_id, asked))
            for way in search.number_ends(OptIn.number, text)
        ),
    ]


def _past_index(keyword_id: int, asked: OptInFilter) -> list[ColumnElement[bool]]:
    """Ask for the same where few are left: SQLite would begin with all opt-ins of the keyword."""
    status = [(OptIn.status + "") == asked.status] if asked.status in list(OptInStatus) else []
    return [without_index(OptIn.keyword_id) == keyword_id, *status]


def _rows(status: str) -> Callable[[Any], Select[Any]]:
    def rows(keyword_id: int | SQLColumnExpression[int]) -> Select[Any]:
        return select(OptIn.id).where(OptIn.keyword_id == keyword_id, *([OptIn.status == status] if status else []))

    return rows


OF_STATUS = {
    status: cached_counts.RowCounter(f"opt-ins {status}".strip(), _rows(status)) for status in ("", *OptInStatus)
}
"""Counts of a keyword's opt-ins: all ("") and those of each status."""
