"""Who had agreed at a moment, as the pages of keywords and campaigns ask it: the address, count, list and file.

The count of a large audience is made in steps, one a request: what was counted so far goes along, signed, so that a
figure on the page is always one that was counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import Response, abort, current_app, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import as_of
from optin.consent.as_of import AsOf, Counted, Known
from optin.database.session import db
from optin.queries import paging
from optin.queries.paging import Page
from optin.texts import local_time
from optin.web import filters, lists
from optin.web.lists import Column, Listing, Pages

AT_FIRST, AT_ONCE = 2_000, 50_000
"""How many records are looked at with the page, and by each step that follows: hundredths, then tenths of a second."""


class Answer(NamedTuple):
    """A record, and whether it had agreed: as it was known then, and as it is known now."""

    record: Any
    then: bool
    now: bool


@dataclass(frozen=True)
class Question:
    """What the address asks: a local time as typed in a zone, and which answer to list."""

    typed: str
    zone: ZoneInfo
    known: Known

    @property
    def moment(self) -> datetime | None:
        """Return the moment in UTC, None where none is asked for or the time is none."""
        return None if self.fault else local_time.moment(self.typed, self.zone)

    @property
    def fault(self) -> str:
        """Say what is wrong with the time, "" for nothing."""
        if not self.typed:
            return ""
        found = local_time.moment(self.typed, self.zone)
        if found is None:
            return "Choose the day and time."
        if found > clock.now():
            return "That time has not come yet. Choose an earlier one."
        return local_time.skipped(self.typed, self.zone)

    @property
    def filters(self) -> dict[str, Any]:
        """Return it by the names that it has in the address."""
        return {"at": self.typed, "zone": self.zone.key, "known": str(self.known)}

    @property
    def suggested(self) -> str:
        """Return the time that the form shows: what was typed, else the last full minute."""
        now = clock.now().astimezone(self.zone).replace(tzinfo=None, second=0, microsecond=0)
        return self.typed or now.isoformat(timespec="minutes")


def question_of_request() -> Question:
    """Read the address."""
    typed = request.args.get("at", "").replace("\0", "").strip()
    zone = local_time.zone_of(request.args.get("zone", ""), filters.current_zone())
    return Question(typed, zone, Known(lists.one_of("known", list(Known), Known.THEN)))


def _pages(asked: AsOf, known: Known) -> Pages:
    """Return what reads a page of an answer; only onward, and a page is short where few of many had agreed."""

    def read(session: Session, token: str | None, size: int) -> Page[Any]:
        _, values = paging.decode(token, [asked.model.id])
        found = as_of.find(session, asked, known, values[0] if values else 0, size)
        records = select(asked.model).where(asked.model.id.in_(found.ids)).order_by(asked.model.id)
        rows: Sequence[Any] = session.scalars(records).all()
        after = None if found.last is None else paging.token(paging.AFTER, [found.last])
        return Page([Answer(row, *found.answers[row.id]) for row in rows], None, after)

    return read


@dataclass(frozen=True)
class AsOfPages:
    """The page, the count and the file of one kind of record, whose id the address has as `id_name`.

    `endpoint` is that of the page; with _count and _file behind it, that of the others. `rows` makes of answers the
    rows of `columns`.
    """

    template: str
    endpoint: str
    id_name: str
    columns: Sequence[Column[Any]]
    rows: lists.Rows[Any]

    def show(self, record_id: int, ask: Callable[[datetime], AsOf], **about: Any) -> str:
        """Answer with the page, its form alone while no moment is asked for; `about` goes to the template."""
        question, session = question_of_request(), db.session()
        listing, given = self._listing(record_id, question), {**about, "question": question}
        if question.moment is None:
            return render_template(self.template, listing=listing, **given)
        asked = ask(question.moment)
        page = _pages(asked, question.known)(session, request.args.get("page"), paging.SIZE)
        counted = self._counted(record_id, question, asked)
        shown = {"page": page, "rows": self.rows(session, page.rows), "known": list(Known)}
        return render_template(self.template, listing=listing, **given, **shown, **counted)

    def count(self, record_id: int, ask: Callable[[datetime], AsOf]) -> str:
        """Answer with the count alone, one step further (fragment)."""
        question = question_of_request()
        return render_template("as_of/_count.html", **self._counted(record_id, question, ask(_moment(question))))

    def file(self, record_id: int, ask: Callable[[datetime], AsOf]) -> Response:
        """Answer with all pages of the list as a file."""
        question = question_of_request()
        listing, name = self._listing(record_id, question), f"{self.endpoint.replace('.as_of', '')}-{record_id}-as-of"
        return lists.download(name, listing, _pages(ask(_moment(question)), question.known), self.rows)

    def _listing(self, record_id: int, question: Question) -> Listing:
        order, where = self.columns[0].name, {self.id_name: record_id}
        return Listing(self.columns, order, self.endpoint, where, question.filters, f"{self.endpoint}_file")

    def _counted(self, record_id: int, question: Question, asked: AsOf) -> dict[str, Any]:
        """Count on from what the request brings; `so_far` brings it next, to the page or to the count alone."""
        about = [self.endpoint, record_id, str(_moment(question))]
        so_far = _so_far(about)
        counted = as_of.count(db.session(), asked, AT_ONCE if so_far.looked_at else AT_FIRST, so_far)
        more = {self.id_name: record_id, **question.filters, "so_far": _signer().dumps([about, astuple(counted)])}
        urls = {"page_url": url_for(self.endpoint, **more), "count_url": url_for(f"{self.endpoint}_count", **more)}
        return {"counted": counted, **urls}


def _so_far(about: list[object]) -> Counted:
    try:
        told, figures = _signer().loads(request.args.get("so_far", ""))
    except BadSignature:
        return Counted()
    return Counted(*figures) if told == about else Counted()


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="count of a moment")


def _moment(question: Question) -> datetime:
    return question.moment or abort(404)


def _yes(answer: bool) -> str:
    return "Opted in" if answer else "Not opted in"


ANSWERS: tuple[Column[Any], ...] = (
    Column("Known then", lambda row: _yes(row.then)),
    Column("Known now", lambda row: _yes(row.now)),
)
"""The columns of both answers, for rows that have them as `then` and `now`."""
