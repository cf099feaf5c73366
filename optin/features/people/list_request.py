"""What the address of a list of people asks for: its text, filters and order; and the rows of the filters' form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_login import current_user
from sqlalchemy.orm import Session

from optin import clock
from optin.person.filters import table, terms
from optin.person.filters.field import Asker, Field
from optin.person.filters.table import Question
from optin.person.filters.terms import Filter, Operator
from optin.web import filters as shown
from optin.web import lists

OTHERS = ("q", "sort", "page", "add", "remove")
"""Parameters that are no filters."""


@dataclass(frozen=True)
class ListRequest:
    """What is asked for; `unknown` names parameters that are no filters, `added` the fields of empty rows."""

    text: str
    filters: tuple[Filter, ...] = ()
    unknown: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """Return all that narrows the list, as its address says it."""
        return {"q": self.text, **terms.parameters(self.filters)}

    @property
    def without(self) -> list[dict[str, Any]]:
        """Return for each filter what of the address changes without it; None takes a parameter away."""
        nothing = dict.fromkeys(terms.parameters(self.filters))
        kept = [[*self.filters[:place], *self.filters[place + 1 :]] for place in range(len(self.filters))]
        return [{**nothing, **terms.parameters(each)} for each in kept]


def fields(session: Session) -> dict[str, Field]:
    """Return the fields that a list of one kind of people can be filtered by."""
    return {name: field for name, field in table.known(session).items() if field.in_lists}


def read(session: Session) -> ListRequest:
    """Read the address of the request."""
    known = fields(session)
    pairs = list(request.args.items(multi=True))
    asked = terms.read(pairs, table.operands(known.values()), OTHERS)
    added = tuple(name for name in dict.fromkeys(request.args.getlist("add")) if name in known)
    return ListRequest(lists.search(), asked.filters, asked.unknown, added)


def sent(session: Session) -> dict[str, Any] | None:
    """Return the parameters that the form of filters asks for, with new rows and without the removed one; None where
    the form was not sent."""
    known = fields(session)
    pairs = request.args.items(multi=True)
    rows = terms.rows(pairs, table.operands(known.values()), request.args.get("remove", ""))
    if rows is None:
        return None
    added = [name for name in dict.fromkeys([*rows.empty, *request.args.getlist("add")]) if name in known]
    others = {name: request.args.get(name) for name in ("q", "sort") if request.args.get(name)}
    return {**others, **terms.parameters(rows.filters), **({"add": added} if added else {})}


def asker() -> Asker:
    """Return who asks, now and in their time zone."""
    return Asker(current_user.id, clock.now(), shown.current_zone())


@dataclass(frozen=True)
class FilterRow:
    """A row of the form: a field, the filter that it holds or None, and what is wrong with that."""

    field: Field
    filter: Filter | None
    options: Sequence[tuple[str, str]]
    problem: str = ""

    @property
    def operator(self) -> Operator:
        """Return the operator that is chosen."""
        return self.filter.operator if self.filter else next(iter(self.field.operators))


def rows(session: Session, asked: ListRequest, question: Question) -> list[FilterRow]:
    """Return the rows of the form: the filters, then what was added."""
    known = fields(session)
    held = [
        FilterRow(
            known[each.field], each, known[each.field].options(session, each.values), question.problems.get(place, "")
        )
        for place, each in enumerate(asked.filters)
    ]
    return [*held, *(FilterRow(known[name], None, known[name].options(session, ())) for name in asked.added)]
