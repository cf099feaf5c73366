"""What people were told of how often they get texts, as a limit: "2 a month" on the poster is kept like a cap.

The promise stands in the version of what people were told that an opt-in points to, so each number has the one that its
owner saw. What counts are broadcast messages that went by this opt-in, within the calendar's day, week (from Monday)
or month by UTC, and within a span that is shorter than that by as much as a regular rhythm may vary: of "2 a month"
there are no three in January, and none on the last days of a month and the first of the next; on each Monday, or each
first of a month, there may be one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from optin.consent.texts_got import GOT, counts
from optin.database.session import UTCDateTime
from optin.database.steering import written_out
from optin.enums import OptInStatus, Per
from optin.models import Disclosure, OptIn
from optin.texts import promised

_SPANS = {Per.DAY: timedelta(hours=20), Per.WEEK: timedelta(days=6), Per.MONTH: timedelta(days=27)}
LONGEST = timedelta(days=31)
_BEGINS = {per: bindparam(f"{per}_of_promise_begins", type_=UTCDateTime()) for per in Per}


@dataclass(frozen=True)
class Promise:
    """At most so many texts a day, week or month."""

    most: int
    per: Per

    @property
    def said(self) -> str:
        """Return it in words: "2 a month"."""
        return f"{self.most:,} {self.per.label}"

    def is_reached(self, starts: Collection[datetime], now: datetime) -> bool:
        """Tell whether so many messages as were started at these moments use it up; those from `now` on don't count."""
        since = begins(self.per, now)
        return sum(since < start < now for start in starts) >= self.most


@dataclass(frozen=True)
class PastPromise:
    """A promise that was in force for a number while its opt-in was, from `begun` on until `ended` (None: still), and
    when the texts by this opt-in started."""

    promise: Promise
    begun: datetime
    ended: datetime | None
    starts: Sequence[datetime] = ()

    def holds(self, at: datetime) -> bool:
        """Tell whether it was in force at a moment."""
        return self.begun <= at and (self.ended is None or at < self.ended)


def of(disclosure: Disclosure | None) -> Promise | None:
    """Return what a version of what people are told promises, None for nothing."""
    if disclosure is None or disclosure.promised_most is None or disclosure.promised_per is None:
        return None
    return Promise(disclosure.promised_most, Per(disclosure.promised_per))


def read(told: str) -> Promise | None:
    """Return what words such as "up to 4 msgs/month" promise, None where they name no number."""
    found = promised.read(told)
    return Promise(found[0], Per(found[1])) if found else None


def begins(per: Per, now: datetime) -> datetime:
    """Return from when on texts count towards a promise at a moment."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = {Per.DAY: day, Per.WEEK: day - timedelta(days=day.weekday()), Per.MONTH: day.replace(day=1)}
    return min(first[per], now - _SPANS[per])


def moments(now: datetime) -> dict[str, datetime]:
    """Return from when on texts count, as a statement is given it that asks with `now` None."""
    return {parameter.key: begins(per, now) for per, parameter in _BEGINS.items()}


def reached(
    number: SQLColumnExpression[str | None],
    keyword_id: SQLColumnExpression[int | None] | int,
    channel: SQLColumnExpression[str] | str,
    now: datetime | None,
) -> ColumnElement[bool]:
    """The number got as many texts by its opt-in with the keyword as it was promised at most.

    Where `now` is None, the statement is given `moments`. First it is asked whether anybody was promised anything with
    the keyword: that is once for all numbers.
    """
    told = aliased(Disclosure)
    any_promise = exists().where(told.keyword_id == keyword_id, told.promised_most.is_not(None))
    mine = (
        OptIn.number == number,
        OptIn.keyword_id == keyword_id,
        OptIn.channel == channel,
        OptIn.status == written_out(OptInStatus.ACTIVE),
        OptIn.disclosure_id.is_not(None),
    )
    used_up = or_(*(_count(number, begins(per, now) if now else _BEGINS[per]) >= _most(per) for per in Per))
    return and_(any_promise, exists().where(*mine, used_up))


def past(
    session: Session, number: str, keyword_id: int, channel: str, first: datetime, last: datetime
) -> list[PastPromise]:
    """Return the promises that a number had with a keyword, with the texts that count between two moments."""
    had = (
        select(OptIn.id, OptIn.activated_at, OptIn.ended_at, Disclosure)
        .join(Disclosure, Disclosure.id == OptIn.disclosure_id)
        .where(OptIn.number == number, OptIn.keyword_id == keyword_id, OptIn.channel == channel)
        .where(Disclosure.promised_most.is_not(None))
        .order_by(OptIn.id)
    )
    rows = session.execute(had).all()
    if not rows:
        return []
    got = select(GOT.opt_in_id, GOT.started_at).where(*counts(number, first - LONGEST), GOT.started_at < last)
    starts: dict[int | None, list[datetime]] = {}
    for opt_in_id, start in session.execute(got.where(GOT.opt_in_id.in_([row[0] for row in rows]))):
        starts.setdefault(opt_in_id, []).extend([start] if start else [])
    return [
        PastPromise(promise, begun, ended, starts.get(opt_in_id, []))
        for opt_in_id, begun, ended, told in rows
        if begun and (promise := of(told))
    ]


def _most(per: Per) -> ColumnElement[int]:
    """How many texts in this time the opt-in was promised at most; NULL where it was promised nothing so."""
    told = select(Disclosure.promised_most).where(
        Disclosure.id == OptIn.disclosure_id, Disclosure.promised_per == written_out(per)
    )
    return told.correlate(OptIn).scalar_subquery()


def _count(
    number: SQLColumnExpression[str | None], since: SQLColumnExpression[datetime] | datetime
) -> ColumnElement[int]:
    mine = (*counts(number, since), GOT.opt_in_id == OptIn.id)
    return select(func.count()).select_from(GOT).where(*mine).correlate_except(GOT).scalar_subquery()
