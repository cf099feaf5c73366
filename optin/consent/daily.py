"""Opt-ins and opt-outs per day, counted from the ledger, with the days of the reader's time zone."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session

from optin.models import ConsentEvent
from optin.terms import EventKind

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
    columns = [
        _count(kinds, keyword_id, starts[index], starts[index + 1])
        for kinds in (ENTERED, LEFT, WITHDRAWN)
        for index in range(days)
    ]
    counts = list(session.execute(select(*columns)).one())
    left = [max(out - back, 0) for out, back in zip(counts[days : 2 * days], counts[2 * days :], strict=True)]
    return list(zip(dates, counts[:days], left, strict=True))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a day begins in `zone`."""
    return datetime.combine(day, time(), tzinfo=zone)


def entered_since(session: Session, keyword_id: int, since: datetime) -> int:
    """Count the opt-ins of a keyword that became active since a moment."""
    return session.scalars(select(_count(ENTERED, keyword_id, since))).one()


def _count(
    kinds: Sequence[EventKind], keyword_id: int | None, since: datetime, until: datetime | None = None
) -> ScalarSelect[int]:
    """Count events of one opt-in each; what only says that a whole number left has no opt-in and is not counted."""
    given: list[ColumnElement[bool]] = [
        ConsentEvent.kind.in_(kinds),
        ConsentEvent.at >= since,
        ConsentEvent.opt_in_id.is_not(None),
    ]
    if until is not None:
        given.append(ConsentEvent.at < until)
    if keyword_id is not None:
        given.append(ConsentEvent.keyword_id == keyword_id)
    return select(func.count()).select_from(ConsentEvent).where(*given).scalar_subquery()
