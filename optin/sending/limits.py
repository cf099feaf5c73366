"""Limits of the whole installation: so many broadcast messages in any hour and any day, by all processes together.

What has started is counted by the minute. A start counts the minutes of the span, and the one that it only just leaves,
so that no hour and no day has more, wherever it begins. Who counts holds a lock until the commit of the start; another
process does not wait for it but tries again. What is above the limit waits in the outbox. 1:1 messages, replies and
tests neither count nor wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from optin.database.statements import insert, is_postgresql
from optin.models import StartedMinute
from optin.policy.policy import Policy

HOUR, DAY = 60, 24 * 60
"""Minutes."""
KEPT = 2 * DAY
_LOCK = "broadcast messages started"
_MINUTE = 60


@dataclass(frozen=True)
class Limit:
    """So many messages in so many minutes."""

    most: int
    minutes: int

    @property
    def words(self) -> str:
        """Return it as people read it: "5,000 a day"."""
        return f"{self.most:,} {'an hour' if self.minutes == HOUR else 'a day'}"


def of(given: Policy) -> list[Limit]:
    """List the limits that are set."""
    all_ = (Limit(given.most_per_hour, HOUR), Limit(given.most_per_day, DAY))
    return [limit for limit in all_ if limit.most]


def room(session: Session, given: Policy, now: datetime) -> int | None:
    """Return how many may start now, None for any number. It is a guess unless room was taken."""
    left = [limit.most - sum(count for _, count in _started(session, limit, now)) for limit in of(given)]
    return max(0, min(left)) if left else None


def take_room(session: Session, given: Policy, now: datetime, wanted: int) -> int | None:
    """Return how many of so many messages may start in this transaction, None while another one counts.

    Others can't count until it ends.
    """
    if not wanted or not of(given):
        return wanted
    return room(session, given, now) if _lock(session) else None


def count(session: Session, given: Policy, started: int, now: datetime) -> None:
    """Count messages that start in this transaction, for which room was taken."""
    if not started or not of(given):
        return
    minute = _minute(now)
    made = insert(StartedMinute).values(minute=minute, started=started)
    added = {"started": StartedMinute.started + started}
    session.execute(made.on_conflict_do_update(index_elements=["minute"], set_=added))
    session.execute(delete(StartedMinute).where(StartedMinute.minute < minute - KEPT))


def reached(session: Session, given: Policy, now: datetime) -> tuple[Limit, datetime] | None:
    """Return the limit that lets nothing start now, and when it lets something start again; None for none."""
    found = []
    for limit in of(given):
        minutes = _started(session, limit, now)
        over = sum(count for _, count in minutes) - limit.most
        for minute, started in minutes:
            if over < 0:
                break
            over -= started
            if over < 0:
                found.append((limit, datetime.fromtimestamp((minute + limit.minutes + 1) * _MINUTE, UTC)))
    return max(found, key=lambda each: each[1], default=None)


def _lock(session: Session) -> bool:
    """Take the lock of those who count until the transaction ends; tell whether it was free."""
    if not is_postgresql(session):
        return True  # it has one writer
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(_LOCK, 0)))))


def _started(session: Session, limit: Limit, now: datetime) -> Sequence[tuple[int, int]]:
    """List the minutes that count towards a limit with what started in each, the oldest first."""
    since = _minute(now) - limit.minutes
    asked = select(StartedMinute.minute, StartedMinute.started).where(StartedMinute.minute >= since)
    return [(minute, started) for minute, started in session.execute(asked.order_by(StartedMinute.minute))]


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // _MINUTE
