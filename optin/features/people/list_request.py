"""What the address of a list of people asks for: its view, text, filters, columns and order.

`view=7` alone shows the view as it is saved. With `changed=1` beside it, filters and columns are those of the address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from optin import clock
from optin.enums import PersonKind
from optin.features.people import columns
from optin.models import SavedView
from optin.person import views
from optin.person.filters import table, terms
from optin.person.filters.field import Asker, Field
from optin.person.filters.table import Question
from optin.person.filters.terms import Filter, Operand, Operator
from optin.person.views import Content
from optin.web import filters as shown
from optin.web import lists

OTHERS = (
    *("q", "sort", "page", "add", "remove", "view", "changed", "columns", "column", "choose"),
    *("act", "all", "id", "after", "sofar"),
)
"""Parameters that are no filters."""
ALL = "all"
"""The view of everybody, where the list opens with another."""
HIGHEST = 2**31


EVERYBODY = Content()


@dataclass(frozen=True)
class ListRequest:
    """What is asked for. `view` is the view that was opened, as it is saved unless `is_edited`; `no_view`: it is gone.

    `unknown` names parameters that are no filters, `added` the fields of empty rows. `sort` is "" for the view's order.
    """

    text: str
    content: Content = EVERYBODY
    view: SavedView | None = None
    is_edited: bool = False
    no_view: bool = False
    unknown: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def filters(self) -> tuple[Filter, ...]:
        """Return the filters."""
        return self.content.filters

    @property
    def parameters(self) -> dict[str, Any]:
        """Return all that narrows the list or says what it shows, but for the order, as its address says it."""
        if self.view and not self.is_edited:
            return {"q": self.text, "view": self.view.id}
        return self.edited(self.content)

    def edited(self, content: Content) -> dict[str, Any]:
        """Return the parameters of the list with other content."""
        view = {"view": self.view.id, "changed": 1} if self.view else {}
        columns = {"columns": ",".join(content.columns)} if content.columns else {}
        return {"q": self.text, **view, **terms.parameters(content.filters), **columns}

    def with_filters(self, filters: Sequence[Filter]) -> dict[str, Any]:
        """Return the parameters of the list with other filters."""
        return self.edited(Content(tuple(filters), self.content.columns))

    @property
    def without(self) -> list[dict[str, Any]]:
        """Return for each filter the parameters of the list without it."""
        places = range(len(self.filters))
        return [self.with_filters([*self.filters[:place], *self.filters[place + 1 :]]) for place in places]

    @property
    def differs(self) -> bool:
        """Tell whether what is shown differs from the view that was opened, or there is something to be saved."""
        return self.content != (Content.of(self.view) if self.view else EVERYBODY)


def fields(session: Session) -> dict[str, Field]:
    """Return the fields that a list of one kind of people can be filtered by."""
    return {name: field for name, field in table.known(session).items() if field.in_lists}


def read(session: Session, kind: PersonKind) -> ListRequest:
    """Read the address of the request."""
    known, args = fields(session), request.args
    asked = terms.read(args.items(multi=True), table.operands(known.values()), OTHERS)
    view = _view(session, kind, args.get("view", ""))
    is_edited = view is not None and bool(args.get("changed"))
    saved = Content.of(view) if view else EVERYBODY
    filters, names = asked.filters, columns.known(args.get("columns", "").split(","))
    if view and not is_edited:
        filters, names = saved.filters, columns.known(saved.columns)
    sort = args.get("sort", "")
    sort = sort if sort.removeprefix("-") in columns.SORTS else saved.sort
    content = Content(filters, names, "" if sort == "name" else sort)
    return ListRequest(
        lists.search(),
        content,
        view,
        is_edited,
        no_view=view is None and args.get("view", ALL) != ALL,
        unknown=asked.unknown,
        added=tuple(name for name in dict.fromkeys(args.getlist("add")) if name in known),
    )


def sent(session: Session, asked: ListRequest) -> dict[str, Any] | None:
    """Return the parameters that a form of the list asks for: that of its filters, with new rows and without the
    removed one, or that of its columns. None where none was sent."""
    sort = {"sort": request.args["sort"]} if request.args.get("sort") else {}
    if request.args.get("choose"):
        return {**asked.edited(Content(asked.filters, _chosen(request.args))), **sort}
    known = fields(session)
    pairs = request.args.items(multi=True)
    rows = terms.rows(pairs, table.operands(known.values()), request.args.get("remove", ""))
    if rows is None:
        return None
    added = [name for name in dict.fromkeys([*rows.empty, *request.args.getlist("add")]) if name in known]
    return {**asked.with_filters(rows.filters), **({"add": added} if added else {}), **sort}


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

    @property
    def operand(self) -> Operand:
        """Return what the chosen operator needs."""
        return self.field.operands[self.operator]

    @property
    def is_calendar_day(self) -> bool:
        """Tell whether a calendar can show what is asked for, or nothing is."""
        value = self.filter.values[0] if self.filter else ""
        try:
            return not value or date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False


def rows(session: Session, asked: ListRequest, question: Question) -> list[FilterRow]:
    """Return the rows of the form: the filters whose fields there are, then what was added."""
    known = fields(session)
    held = [
        FilterRow(
            known[each.field],
            each,
            known[each.field].options(session, each.values),
            question.problems.get(place, ""),
        )
        for place, each in enumerate(asked.filters)
        if each.field in known
    ]
    return [*held, *(FilterRow(known[name], None, known[name].options(session, ())) for name in asked.added)]


def _view(session: Session, kind: PersonKind, value: str) -> SavedView | None:
    is_id = value.isascii() and value.isdigit() and len(value) < len(str(HIGHEST))
    return views.find(session, kind, int(value), current_user) if is_id else None


def _chosen(args: "MultiDict[str, str]") -> tuple[str, ...]:
    """Return the ticked columns in the order of the numbers beside them."""
    ticked = columns.known(args.getlist("column"))

    def place(name: str) -> int:
        number = args.get(f"place-{name}", "")
        return int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0

    return tuple(sorted(ticked, key=place))
