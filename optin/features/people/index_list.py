"""The lists of contacts and of leads: columns, search, filters, and the same as a file."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from flask import Response, request
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, joinedload

from optin.consent import consent_status
from optin.database.session import db
from optin.enums import PersonKind
from optin.features.people import columns, queries
from optin.features.people.columns import PersonRow
from optin.features.people.list_request import ListRequest, asker, read
from optin.models import Person
from optin.own_fields import values
from optin.person.filters import table
from optin.person.filters.table import Question
from optin.policy.cache import CachedField
from optin.queries import look, paging, search
from optin.queries.look import Looked
from optin.queries.paging import Page
from optin.web import lists
from optin.web.current import current_policy
from optin.web.lists import Column, Listing

Order = tuple[Column[Any], bool]


class Found(NamedTuple):
    """What a page of the list shows: the people, whether a search finds more than are listed, and what a look at
    part of the list has not come to the end of."""

    looked: Looked[Person]
    has_more: bool


def listing(kind: PersonKind, asked: ListRequest) -> Listing:
    """Return the list of a kind as the request asks for it."""
    address, file = f"people.{kind}s", f"people.{kind}s_file"
    order = (asked.view.sort if asked.view else "") or "name"
    return Listing(columns.chosen(asked.content.columns), order, address, filters=asked.parameters, file_endpoint=file)


def find(session: Session, kind: PersonKind, asked: ListRequest, question: Question, listing: Listing) -> Found:
    """Find what the page shows, of a search the first some hundred."""
    if asked.text:
        hits = queries.found(session, kind, asked.text, current_policy().default_region, question)
        page = listing.page(session, _people(Person.id.in_(hits.ids)))
        return Found(Looked(page), hits.more)
    if not question.asked:
        return Found(Looked(listing.page(session, _people(Person.kind == kind))), False)
    return Found(_look(kind, question, listing.order, session, request.args.get("page"), paging.SIZE), False)


def file(kind: PersonKind) -> Response:
    """Answer with all pages of the list as a file."""
    session = db.session()
    asked = read(session, kind)
    question, shown = table.ask(session, asked.filters, asker()), listing(kind, asked)
    filled = partial(_rows, columns.own_in(shown.columns))
    if asked.text:
        among = queries.found_in_all(kind, asked.text, current_policy().default_region, question)
        return lists.download(f"{kind}s", shown, _people(Person.id.in_(among)), filled)
    if not question.asked:
        return lists.download(f"{kind}s", shown, _people(Person.kind == kind), filled)
    pages = partial(_pages, kind, question, shown.order)
    return lists.download(f"{kind}s", shown, pages, filled)


def rows(session: Session, people: Sequence[Person], listing: Listing) -> list[PersonRow]:
    """Return the people as rows of the list's table."""
    return _rows(columns.own_in(listing.table_columns), session, people)


def _rows(fields: Sequence[CachedField], session: Session, people: Sequence[Person]) -> list[PersonRow]:
    """Return people with the status of their number and what they have in some fields of one's own."""
    found = consent_status.of_numbers(session, [person.mobile for person in people])
    own = values.of_people(session, [person.id for person in people], fields)
    status = consent_status.NO_OPT_IN
    return [PersonRow(each, found.get(each.mobile or "", status), own.get(each.id, {})) for each in people]


def _people(*given: ColumnElement[bool]) -> Select[Person]:
    return select(Person).where(*given).options(joinedload(Person.owner))


def _pages(
    kind: PersonKind, question: Question, order: Order, session: Session, token: str | None, size: int
) -> Page[Person]:
    return _look(kind, question, order, session, token, size).page


def _look(
    kind: PersonKind, question: Question, order: Order, session: Session, token: str | None, size: int
) -> Looked[Person]:
    """Read a page of the people of a kind of whom all filters hold."""
    column, descending = order
    leading = [each for each in question.asked if each.leads and column.name == "name"]
    base = [Person.kind == kind, *(each.holds(Person) for each in leading)]
    if len(leading) == len(question.asked):
        page = paging.read_page(session, _people(*base), column.keys, token, descending=descending, size=size)
        return Looked(page)
    wanted = queries.wanted(question, search.is_kind(kind), base)
    return look.read_page(session, wanted, column.keys, token, descending=descending, size=size)
