"""The frequency caps: how many broadcast messages a number may get in a rolling day and in a rolling week."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, SQLColumnExpression, bindparam, false, func, literal, select
from sqlalchemy.orm import Session, aliased

from optin.database.session import UTCDateTime
from optin.database.steering import written_out
from optin.enums import Purpose
from optin.models import Message
from optin.models.index_conditions import NEVER_WENT
from optin.policy.policy import Policy

_GOT = aliased(Message)
"""What a number got before: another name than the message that is asked about, which may be a row of the same table."""


DAY, WEEK = timedelta(hours=24), timedelta(days=7)
_BEGINS: dict[timedelta, BindParameter[datetime]] = {
    DAY: bindparam("day_begins", type_=UTCDateTime()),
    WEEK: bindparam("week_begins", type_=UTCDateTime()),
}


def reached(number: SQLColumnExpression[str | None], policy: Policy, now: datetime | None) -> ColumnElement[bool]:
    """The number got as many broadcast messages in a rolling day or week as the policy allows.

    Where `now` is None, the statement is given `moments` when it is run.
    """
    found: ColumnElement[bool] = false()
    for cap, span in _caps(policy):
        since = now - span if now else _BEGINS[span]
        got = select(func.count()).select_from(_GOT).where(*_counts(number, since)).scalar_subquery()
        found = found | (got >= cap)
    return found


def moments(now: datetime) -> dict[str, datetime]:
    """Return when the rolling spans that end now began, as a statement is given them."""
    return {begins.key: now - span for span, begins in _BEGINS.items()}


def free_at(session: Session, number: str, policy: Policy, now: datetime) -> datetime:
    """Return the earliest moment, from `now` on, at which the caps let the number (E.164) get another one.

    A cap of n is free again when the nth of those that count, from the newest, is as old as its span.
    """
    moments = [now]
    for cap, span in _caps(policy):
        newest = select(_GOT.started_at).where(*_counts(literal(number), now - span))
        nth = session.scalar(newest.order_by(_GOT.started_at.desc()).offset(cap - 1).limit(1))
        moments += [nth + span] if nth else []
    return max(moments)


def starts(session: Session, number: str, first: datetime, last: datetime) -> Sequence[datetime]:
    """Return when the messages started that count for a number (E.164) at a moment between the first and the last."""
    got = select(_GOT.started_at).where(*_counts(literal(number), first - WEEK), _GOT.started_at < last)
    return [start for start in session.scalars(got) if start is not None]


def is_full(starts: Collection[datetime], policy: Policy, at: datetime) -> bool:
    """Tell whether a cap was reached at a moment by messages that started so; what starts then is not counted."""
    return any(sum(at - span < start < at for start in starts) >= cap for cap, span in _caps(policy))


def _caps(policy: Policy) -> list[tuple[int, timedelta]]:
    """List the caps that are set, each with its rolling span."""
    caps = [(policy.cap_per_day, DAY), (policy.cap_per_week, WEEK)]
    return [(cap, span) for cap, span in caps if cap]


def _counts(
    number: SQLColumnExpression[str | None], since: datetime | BindParameter[datetime]
) -> list[ColumnElement[bool]]:
    """The conditions that a message counts towards a cap of the number whose span began at `since`."""
    return [
        _GOT.number == number,
        _GOT.purpose == Purpose.CAMPAIGN,
        _GOT.started_at > since,
        _GOT.status.not_in([written_out(status) for status in NEVER_WENT]),
    ]
