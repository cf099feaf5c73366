"""When a number's next text of a series is due, and what becomes of its turn: the rules, on plain values. Pure.

A wait begins at the latest of what was before: the opt-in, the start of the series, the number's last turn, and the
text of it as it was sent. So at least the wait lies between two texts, whatever kept the one before back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from optin.consent import hours
from optin.enums import OptInStatus
from optin.texts.recurrence import existing

HOUR, DAY = 60, 24 * 60
"""In minutes."""
LATE = timedelta(hours=24)
"""A text is not sent so long after it was due or later."""
GIVEN_BACK = timedelta(days=10)
"""An opt-out that was read from a text may be corrected for so long, and then the opt-in stands again."""
LOOK_AGAIN = timedelta(days=1)


@dataclass(frozen=True)
class Wait:
    """So many `minutes`; with `at`, in minutes since midnight, also until the next time that it is as late there.

    Where a number may be in several time zones the westernmost counts: it is that time or later in all of them.
    """

    minutes: int
    at: int | None = None

    def after(self, moment: datetime, zones: Sequence[str]) -> datetime:
        """Return in UTC when it is over if it begins at a moment, for a number in some time zones (none known: UTC)."""
        over = moment + timedelta(minutes=self.minutes)
        if self.at is None:
            return over
        there = hours.local_times(zones, over, None)
        zone = ZoneInfo(min((each.at.utcoffset(), each.zone) for each in there)[1] if there else "UTC")
        day, clock = over.astimezone(zone).date(), time(self.at // HOUR, self.at % HOUR)
        today = existing(datetime.combine(day, clock), zone)
        return today if today >= over else existing(datetime.combine(day + timedelta(days=1), clock), zone)

    def words(self, what: str) -> str:
        """Say that it begins with something, such as “2 days after the opt-in, then at 10:00 where they are”."""
        count, unit = (self.minutes // DAY, "day") if self.minutes % DAY == 0 else (self.minutes // HOUR, "hour")
        at = "" if self.at is None else f", then at {self.at // HOUR:02}:{self.at % HOUR:02} where they are"
        return f"{count} {unit}{'' if count == 1 else 's'} after {what}{at}"


class Turn(Enum):
    """What becomes of a number's turn: the text goes out; it is too late for it; it may have gone out from a database
    that is lost; it is looked at again later; nothing is to come, as the number has left."""

    GOES = "goes"
    LATE = "late"
    MAY_HAVE_GONE = "may have gone"
    WAITS = "waits"
    LEFT = "left"


@dataclass(frozen=True)
class Standing:
    """What is known of a number whose text may be due.

    `status`, `began_at` and `ended_at` are those of its opt-in, `started_at` the start of the series, `turn_at` its
    last turn. The text of that turn is `under_way` and not to be sent before `sent_at`; or it was sent then, None where
    it was not. What was due at `passed_to` may have been sent by another database.
    """

    status: OptInStatus
    began_at: datetime | None
    ended_at: datetime | None
    started_at: datetime
    turn_at: datetime | None = None
    under_way: bool = False
    sent_at: datetime | None = None
    passed_to: datetime | None = None
    zones: Sequence[str] = ()


@dataclass(frozen=True)
class Decided:
    """A turn, and the moment that it is about: when it is looked at again, or when it was due."""

    turn: Turn
    at: datetime


def decide(of: Standing, wait: Wait, now: datetime) -> Decided:
    """Say what becomes of a number's turn, before which it has the wait of the step.

    Each moment to look again is none after the text may be due.
    """
    if of.status is OptInStatus.PENDING:
        return Decided(Turn.WAITS, now + timedelta(minutes=wait.minutes))
    if of.status is not OptInStatus.ACTIVE:
        may_stand_again = of.ended_at is not None and of.ended_at > now - GIVEN_BACK
        return Decided(Turn.WAITS if may_stand_again else Turn.LEFT, now + LOOK_AGAIN)
    if of.under_way:
        return Decided(Turn.WAITS, wait.after(max(now, of.sent_at or now), of.zones))
    began = [of.started_at, *filter(None, (of.began_at, of.turn_at, of.sent_at))]
    due = wait.after(max(began), of.zones)
    if due > now:
        return Decided(Turn.WAITS, due)
    if of.passed_to is not None and due <= of.passed_to:
        return Decided(Turn.MAY_HAVE_GONE, due)
    return Decided(Turn.LATE if due <= now - LATE else Turn.GOES, due)
