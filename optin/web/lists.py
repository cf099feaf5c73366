"""What all lists share: columns that sort, search and filters in the address, pages by key, and the list as a file.

A list declares its columns once: what each says of a row, in the table, in the file or in both, and whether an index
serves it, since only by those can be sorted. Table, search form and foot come from templates/_list.html, the file from
`download`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from flask import Response, current_app, request, url_for
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import Engine, Select, SQLColumnExpression
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.transactions import reading
from optin.queries import paging
from optin.queries.cached_counts import CachedCount
from optin.queries.paging import Page
from optin.web import access, downloads, filters, spreadsheets

CSV_ROWS_AT_ONCE = 500
Keys = Sequence[SQLColumnExpression[Any]]
Row = TypeVar("Row")
Shown = Callable[[Any], object]
"""Gives what a cell shows of a row or a value: a macro of a template, or a function."""
Cells = Sequence[tuple[Markup, object]]
"""The cells of a row: the attributes of each, and its content."""
Pages = Callable[[Session, str | None, int], Page[Any]]
"""Reads the page of a token, with at most so many records."""
Rows = Callable[[Session, Sequence[Any]], Iterable[Row]]
"""Makes of some records the rows that a list's columns say something of."""


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column: its title, and the `value` of a row. Without a value it is in the table only.

    In the table a text, a count, a moment or a phone number shows as everywhere, unless `cell` names a macro of the
    list's template that shows the row; `css` are classes of its cells. A column that sorts has its `name` in the
    address, the `keys` to page by, and which end comes first.
    """

    label: str
    value: Callable[[Row], object] | None = None
    _: KW_ONLY
    cell: str = ""
    css: str = ""
    name: str = ""
    keys: Keys = ()
    descending: bool = False
    is_number: bool = False
    is_moment: bool = False
    is_phone: bool = False
    in_table: bool = True


class Head(NamedTuple):
    """What the table's head shows of a column; `url` sorts by it, `direction` is that of aria-sort, "" for neither."""

    label: str
    url: str
    direction: str
    is_number: bool


@dataclass(frozen=True)
class Listing:
    """One list as the request asks for it.

    `default` is its own order, as the address would say it ("-created"); `endpoint` and `values` are its address,
    `filters` what narrows it, `file_endpoint` where it is a file, `tab` which part of a record page it is.
    """

    columns: Sequence[Column[Any]]
    default: str
    endpoint: str
    values: dict[str, Any] = field(default_factory=dict)
    filters: dict[str, Any] = field(default_factory=dict)
    file_endpoint: str = ""
    tab: dict[str, Any] = field(default_factory=dict)

    @property
    def sort(self) -> str:
        """Return the order as the address says it: a column's name, with a minus from high to low."""
        return _sort(*self.order)

    @property
    def is_narrowed(self) -> bool:
        """Tell whether a search or a filter leaves something out."""
        return any(self.filters.values())

    @property
    def heads(self) -> list[Head]:
        """Return the head of each column on the page: how it sorts now, and the address that sorts by it."""
        return [self._head(column) for column in self.table_columns]

    @property
    def table_columns(self) -> list[Column[Any]]:
        """List the columns that the page shows; the file has the others as well."""
        return [column for column in self.columns if column.in_table]

    def cells(self, macros: Mapping[str, Shown]) -> Callable[[Any], Cells]:
        """Return what gives the cells of a row; `macros` are those of the columns, `when` and `number`.

        What can be decided for a whole column is decided here, once: a page has some hundred cells.
        """
        columns = [
            (_attributes(each, is_first=not at), _shown(each, macros)) for at, each in enumerate(self.table_columns)
        ]
        return lambda row: [(attributes, shown(row)) for attributes, shown in columns]

    def page(self, session: Session, query: Select[Any], *, size: int = paging.SIZE) -> Page[Any]:
        """Fetch the page that the address asks for."""
        column, descending = self.order
        return paging.read_page(session, query, column.keys, request.args.get("page"), descending=descending, size=size)

    def url(self, **more: Any) -> str:
        """Return the list's address with its search, filters and order, and what else is given."""
        return url_for(self.endpoint, **self.values, **self.tab, **self._kept(more))

    @property
    def bare_url(self) -> str:
        """Return the list's address alone, for the form that says the rest."""
        return url_for(self.endpoint, **self.values)

    @property
    def has_file(self) -> bool:
        """Tell whether the list is a file for whoever asks: personal data leave with those who may download them."""
        return bool(self.file_endpoint) and access.may_read(current_app, current_user, self.file_endpoint)

    @property
    def file_url(self) -> str:
        """Return the address of the file with all that the list shows on all its pages."""
        return url_for(self.file_endpoint, **self.values, **self._kept({}))

    @property
    def other_sort(self) -> str:
        """Return the order as the address says it, "" for the one that the list has by itself."""
        return "" if self.sort == self.default else self.sort

    def _kept(self, more: dict[str, Any]) -> dict[str, Any]:
        given = {**self.filters, "sort": self.other_sort, **more}
        return {name: value for name, value in given.items() if value not in (None, "")}

    @property
    def order(self) -> tuple[Column[Any], bool]:
        """Return the column that the list is sorted by, and whether from high to low."""
        usable = {column.name: column for column in self.columns if column.keys}
        asked = request.args.get("sort", "")
        asked = asked if asked.removeprefix("-") in usable else self.default
        return usable[asked.removeprefix("-")], asked.startswith("-")

    def _head(self, column: Column[Any]) -> Head:
        if not column.keys:
            return Head(column.label, "", "", column.is_number)
        chosen, descending = self.order
        if chosen.name != column.name:
            return Head(column.label, self.url(sort=_sort(column, column.descending)), "", column.is_number)
        direction = "descending" if descending else "ascending"
        return Head(column.label, self.url(sort=_sort(column, not descending)), direction, column.is_number)


def search() -> str:
    """Return what the request searches for, without the one character that no database takes."""
    return request.args.get("q", "").replace("\0", "").strip()


def one_of(name: str, values: Sequence[str], default: str = "") -> str:
    """Return the request's value of a filter if it is one of `values`."""
    asked = request.args.get(name, "")
    return asked if asked in values else default


def download(name: str, listing: Listing, query: Select[Any] | Pages, rows: Rows[Any]) -> Response:
    """Answer with all pages of a list as a CSV file, written while it is sent, and note it in the audit trail.

    `query` selects its records, or is what gives a page of them. The first rows are read before the answer begins, so
    that what is wrong with the query is still an error page.
    """
    zone = filters.current_zone()
    told = downloads.begin(db.engine, current_user.id, name, {**listing.values, **listing.filters})
    parts = downloads.counted(db.engine, told, _parts(db.engine, listing, query, rows, zone))
    titles = [column.label for column in listing.columns if column.value]
    first = "\ufeff" + _line(titles, zone) + next(parts)  # the mark tells spreadsheets that it is UTF-8
    filename = f"{name}-{clock.now().astimezone(zone):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": "no-store"}
    response = Response(chain([first], parts), mimetype="text/csv", headers=headers)
    response.call_on_close(parts.close)
    return response


def _parts(
    engine: Engine, listing: Listing, query: Select[Any] | Pages, rows: Rows[Any], zone: ZoneInfo
) -> Iterator[tuple[str, int]]:
    """Yield the lines of some hundred rows at a time, and how many they are.

    Neither a transaction nor a row lasts from one to the next.
    """
    read = partial(_read, listing.order, query) if isinstance(query, Select) else query
    values = [each.value for each in listing.columns if each.value]
    token: str | None = None
    while True:
        with reading(engine) as session:
            page = read(session, token, CSV_ROWS_AT_ONCE)
            lines = [_line([value(row) for value in values], zone) for row in rows(session, page.rows)]
        yield "".join(lines), len(lines)
        token = page.after
        if token is None:
            return


def _read(
    order: tuple[Column[Any], bool], query: Select[Any], session: Session, token: str | None, size: int
) -> Page[Any]:
    column, descending = order
    return paging.read_page(session, query, column.keys, token, descending=descending, size=size)


def _line(values: Sequence[object], zone: ZoneInfo) -> str:
    return spreadsheets.line([plain(value, zone) for value in values])


def plain(value: object, zone: ZoneInfo) -> str:
    """Write a value as text: nothing for None, a moment as the clocks in `zone` show it, a count without its age."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    return str(value.value if isinstance(value, CachedCount) else value)


def _attributes(column: Column[Any], *, is_first: bool) -> Markup:
    """Return the attributes of a cell, each after a space; narrow screens show the label beside all but the first."""
    label = "" if is_first else Markup(' data-label="{}"').format(column.label)
    css = column.css or ("num" if column.is_number else "")
    return Markup("{}{}").format(label, Markup(' class="{}"').format(css) if css else "")


def _shown(column: Column[Any], macros: Mapping[str, Shown]) -> Shown:
    """Return what shows a row in the column: its macro, or that of its value."""
    value: Callable[[Any], Any] | None = column.value
    if value is None or column.cell:
        return macros[column.cell]
    if column.is_number:
        return lambda row: filters.n(value(row))
    if column.is_moment or column.is_phone:
        macro = macros["when" if column.is_moment else "number"]
        return lambda row: macro(value(row))
    return lambda row: value(row) or "–"


def _sort(column: Column[Any], descending: bool) -> str:
    return f"-{column.name}" if descending else column.name
