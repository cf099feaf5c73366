"""Opt-ins and opt-outs per day, counted from the ledger, with the days of the reader's time zone."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, ColumnElement, Executable, ScalarSelect, and_, bindparam, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import EventKind
from optin.models import ConsentEvent
from optin.queries import cached_counts

ENTERED = (EventKind.ACTIVATED, EventKind.CONFIRMED, EventKind.RESTORED)
LEFT = (EventKind.OPTED_OUT, EventKind.OPTED_OUT_KEYWORD)
WITHDRAWN = (EventKind.OPT_OUT_WITHDRAWN,)


def per_day(
    session: Session, zone: ZoneInfo, now: datetime, *, keyword_id: int | None = None, days: int = 30
) -> list[tuple[date, int, int]]:
    """Return (day, opt-ins that became active, opt-ins that a person ended), the last of `days` being today in `zone`.

    `keyword_id` None counts all keywords. Each day is a range of an index, whatever the length of the ledger. An
    opt-out that a review decided and withdrew is taken off the day of its withdrawal, at most to nothing.
    """
    today = now.astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    starts = [midnight(day, zone) for day in [*dates, today + timedelta(days=1)]]
    given = {f"start_{index}": start for index, start in enumerate(starts)}
    of_keyword = {"keyword_id": keyword_id} if keyword_id is not None else {}
    counts = list(session.execute(_counts(days, bool(of_keyword)), given | of_keyword).one())
    left = [max(out - back, 0) for out, back in zip(counts[days : 2 * days], counts[2 * days :], strict=True)]
    return list(zip(dates, counts[:days], left, strict=True))


def known_days(session: Session, zone: ZoneInfo, keyword_id: int | None = None) -> list[tuple[date, int, int]]:
    """Return the last thirty days up to today: counted now where there were some thousand events, else counted last.

    Before the first count nothing has happened.
    """
    now = clock.now()
    if _is_few(session, now - timedelta(days=31), keyword_id):
        return per_day(session, zone, now, keyword_id=keyword_id)
    seen = _DAYS.seen(session, keyword_id, zone.key)
    counted = {date.fromisoformat(day): (entered, left) for day, entered, left in seen.value} if seen else {}
    today = now.astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in reversed(range(30))]
    return [(day, *counted.get(day, (0, 0))) for day in dates]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a day begins in `zone`."""
    return datetime.combine(day, time(), tzinfo=zone)


def _is_few(session: Session, since: datetime, keyword_id: int | None) -> bool:
    """Tell whether so few events happened since a moment that they are counted for each page."""
    own = [ConsentEvent.keyword_id == keyword_id] if keyword_id is not None else []
    happened = select(ConsentEvent.id).where(ConsentEvent.at >= since, *own)
    counts = [  # each a range of an index, and none after one that is too large
        cached_counts.column(happened.where(ConsentEvent.kind == kind)) for kind in (*ENTERED, *LEFT, *WITHDRAWN)
    ]
    return bool(session.scalar(select(and_(*(count <= cached_counts.FEW for count in counts)))))


def _days(session: Session, keyword_id: int, zone: str) -> list[tuple[str, int, int]]:
    days = per_day(session, ZoneInfo(zone), clock.now(), keyword_id=keyword_id or None)
    return [(day.isoformat(), entered, left) for day, entered, left in days]


_DAYS = cached_counts.CountKind("days", _days)


@cache
def _counts(days: int, of_keyword: bool) -> Executable:
    """Return the statement for `days` days: with its 90 counts, putting it together takes longer than it runs."""
    starts: list[BindParameter[datetime]] = [bindparam(f"start_{index}") for index in range(days + 1)]
    columns = [
        _count(kinds, starts[index], starts[index + 1], of_keyword)
        for kinds in (ENTERED, LEFT, WITHDRAWN)
        for index in range(days)
    ]
    return select(*columns)


def _count(
    kinds: Sequence[EventKind], since: BindParameter[datetime], until: BindParameter[datetime], of_keyword: bool
) -> ScalarSelect[int]:
    """Count events of one opt-in each; what only says that a whole number left has no opt-in and is not counted."""
    given: list[ColumnElement[bool]] = [
        ConsentEvent.kind.in_(kinds),
        ConsentEvent.at >= since,
        ConsentEvent.at < until,
        ConsentEvent.opt_in_id.is_not(None),
    ]
    if of_keyword:
        given.append(ConsentEvent.keyword_id == bindparam("keyword_id"))
    return select(func.count()).select_from(ConsentEvent).where(*given).scalar_subquery()
