"""The frequency caps: how many broadcast messages a number may get in a rolling day and in a rolling week."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, SQLColumnExpression, false, func, literal, select
from sqlalchemy.orm import Session, aliased

from optin.enums import Purpose
from optin.models import Message
from optin.models.index_conditions import NEVER_WENT
from optin.policy.policy import Policy

_GOT = aliased(Message)
"""What a number got before: another name than the message that is asked about, which may be a row of the same table."""


def reached(number: SQLColumnExpression[str | None], policy: Policy, now: datetime) -> ColumnElement[bool]:
    """The number got as many broadcast messages in a rolling day or week as the policy allows."""
    found: ColumnElement[bool] = false()
    for cap, span in _caps(policy):
        got = select(func.count()).select_from(_GOT).where(*_counts(number, now - span)).scalar_subquery()
        found = found | (got >= cap)
    return found


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


def _caps(policy: Policy) -> list[tuple[int, timedelta]]:
    """List the caps that are set, each with its rolling span."""
    caps = [(policy.cap_per_day, timedelta(hours=24)), (policy.cap_per_week, timedelta(days=7))]
    return [(cap, span) for cap, span in caps if cap]


def _counts(number: SQLColumnExpression[str | None], since: datetime) -> list[ColumnElement[bool]]:
    """The conditions that a message counts towards a cap of the number whose span began at `since`."""
    return [
        _GOT.number == number,
        _GOT.purpose == Purpose.CAMPAIGN,
        _GOT.started_at > since,
        _GOT.status.not_in(NEVER_WENT),
    ]
