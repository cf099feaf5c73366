"""The frequency caps: how many broadcast messages a number may get in a rolling day and in a rolling week.

The cap of a day is the installation's own or that of the states that bind the number, whichever is the lower.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    ScalarSelect,
    SQLColumnExpression,
    bindparam,
    false,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session, aliased

from optin.consent import state_hours, state_places
from optin.database.session import UTCDateTime
from optin.database.steering import written_out
from optin.enums import Purpose
from optin.models import Message
from optin.models.index_conditions import NEVER_WENT
from optin.policy.policy import Policy

_GOT = aliased(Message)
"""What a number got before: another name than the message that is asked about, which may be a row of the same table."""


DAY, WEEK = timedelta(hours=24), timedelta(days=7)
_DAY_CAP = bindparam("day_cap", type_=Integer)
_BEGINS: dict[timedelta, BindParameter[datetime]] = {
    DAY: bindparam("day_begins", type_=UTCDateTime()),
    WEEK: bindparam("week_begins", type_=UTCDateTime()),
}


def reached(
    number: SQLColumnExpression[str | None],
    policy: Policy,
    now: datetime | None,
    us_state: SQLColumnExpression[str] | str = "",
) -> ColumnElement[bool]:
    """The number got as many broadcast messages in a rolling day or week as the policy allows, and the state of its
    owner's address.

    Where `now` is None, the statement is given `moments` and `day_cap` when it is run.
    """
    found: ColumnElement[bool] = false()
    if policy.cap_per_day or state_hours.by_cap(policy):
        found = found | (_over_day(number, policy, now, us_state) if now else _got(number, _BEGINS[DAY]) >= _DAY_CAP)
    if policy.cap_per_week:
        found = found | (_got(number, now - WEEK if now else _BEGINS[WEEK]) >= policy.cap_per_week)
    return found


def _over_day(
    number: SQLColumnExpression[str | None],
    policy: Policy,
    now: datetime,
    us_state: SQLColumnExpression[str] | str,
) -> ColumnElement[bool]:
    """The number got what it may in a day; only of those of whom a cap holds is it counted what they got."""
    got = _got(number, now - DAY)
    found: ColumnElement[bool] = got >= policy.cap_per_day if policy.cap_per_day else false()
    for cap, place in state_hours.by_cap(policy):
        found = found | (state_places.is_in(place, number, us_state) & (got >= cap))
    return found


def day_cap(number: str, policy: Policy, us_state: str = "") -> dict[str, int]:
    """Return the cap of a day for a number (E.164), as a statement is given it."""
    return {_DAY_CAP.key: state_hours.bound(policy, number, us_state).day_cap or state_hours.NO_CAP}


def _got(number: SQLColumnExpression[str | None], since: datetime | BindParameter[datetime]) -> ScalarSelect[int]:
    return select(func.count()).select_from(_GOT).where(*_counts(number, since)).scalar_subquery()


def moments(now: datetime) -> dict[str, datetime]:
    """Return when the rolling spans that end now began, as a statement is given them."""
    return {begins.key: now - span for span, begins in _BEGINS.items()}


def free_at(session: Session, number: str, policy: Policy, now: datetime, us_state: str = "") -> datetime:
    """Return the earliest moment, from `now` on, at which the caps let the number (E.164) get another one.

    A cap of n is free again when the nth of those that count, from the newest, is as old as its span.
    """
    moments = [now]
    for cap, span in _caps(number, policy, us_state):
        newest = select(_GOT.started_at).where(*_counts(literal(number), now - span))
        nth = session.scalar(newest.order_by(_GOT.started_at.desc()).offset(cap - 1).limit(1))
        moments += [nth + span] if nth else []
    return max(moments)


def starts(session: Session, number: str, first: datetime, last: datetime) -> Sequence[datetime]:
    """Return when the messages started that count for a number (E.164) at a moment between the first and the last."""
    got = select(_GOT.started_at).where(*_counts(literal(number), first - WEEK), _GOT.started_at < last)
    return [start for start in session.scalars(got) if start is not None]


def is_full(number: str, starts: Collection[datetime], policy: Policy, at: datetime, us_state: str = "") -> bool:
    """Tell whether a cap of a number (E.164) was reached at a moment by messages that started so.

    What starts then is not counted.
    """
    return any(sum(at - span < start < at for start in starts) >= cap for cap, span in _caps(number, policy, us_state))


def _caps(number: str, policy: Policy, us_state: str) -> list[tuple[int, timedelta]]:
    """List the caps that hold for a number, each with its rolling span."""
    caps = [(state_hours.bound(policy, number, us_state).day_cap, DAY), (policy.cap_per_week, WEEK)]
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
