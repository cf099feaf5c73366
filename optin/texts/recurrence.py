"""The dates of a broadcast that goes out again and again, as the clock on the wall of its zone shows them. Pure.

A time that the clocks skip on one of its days is the next that there is; of a time that comes twice it is the first. A
month that is too short for its day has it on its last.
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from optin.enums import Every

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST_GAP = 2 * 24 * 60
"""No clock was ever put forward by as many minutes; Samoa left out a whole day."""


@dataclass(frozen=True)
class Occurrence:
    """The so-many-th date, counted from 1: the local time that it is planned for, and the moment in UTC."""

    number: int
    local: datetime
    at: datetime


@dataclass(frozen=True)
class Recurrence:
    """From a `first` local time in a zone on, again every week or month on its day, or every so many `days`.

    It ends with the day `until`, or after so many `times`; with neither it goes on.
    """

    every: Every
    first: datetime
    zone: ZoneInfo
    days: int = 0
    until: date | None = None
    times: int | None = None

    def occurrence(self, number: int) -> Occurrence | None:
        """Return a date by its number, None where it had ended before or the calendar does."""
        if self.times is not None and number > self.times:
            return None
        try:
            local = self._local(number)
            at = existing(local, self.zone)
        except (OverflowError, ValueError):
            return None
        return None if self.until is not None and local.date() > self.until else Occurrence(number, local, at)

    def following(self, number: int, moment: datetime) -> Iterator[Occurrence]:
        """Go through the dates after one, those alone that come after a moment."""
        while found := self.occurrence(number := number + 1):
            if found.at > moment:
                yield found

    def next_dates(self, number: int, moment: datetime, count: int) -> list[Occurrence]:
        """List so many of them."""
        return list(islice(self.following(number, moment), count))

    def _local(self, number: int) -> datetime:
        steps = number - 1
        if self.every is Every.MONTH:
            months = self.first.year * 12 + self.first.month - 1 + steps
            year, month = months // 12, months % 12 + 1
            return self.first.replace(year=year, month=month, day=min(self.first.day, monthrange(year, month)[1]))
        return self.first + timedelta(days=steps * (7 if self.every is Every.WEEK else self.days))

    @property
    def words(self) -> str:
        """Say when it goes out, such as “Every week on Tuesday at 10:00 (Europe/Berlin), 12 times”."""
        if self.every is Every.WEEK:
            often = f"Every week on {WEEKDAYS[self.first.weekday()]}"
        elif self.every is Every.MONTH:
            often = f"Every month on the {_ordinal(self.first.day)}"
        else:
            often = "Every day" if self.days == 1 else f"Every {self.days} days"
        zone = self.zone.key.replace("_", " ")
        return f"{often} at {self.first:%H:%M} ({zone}){self._end_words}"

    @property
    def _end_words(self) -> str:
        if self.times is not None:
            return f", {self.times} times"
        return f", until {self.until.day} {self.until:%B %Y}" if self.until else ""


def existing(local: datetime, zone: ZoneInfo) -> datetime:
    """Return in UTC the moment of a local time; of one that the clocks skip, that from which on they go again.

    Raises OverflowError where the calendar ends.
    """
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    if _shown(moment, zone) == local:
        return moment
    minutes = range(-LONGEST_GAP, 1)
    before = bisect_left(minutes, True, key=lambda minute: _shown(moment + timedelta(minutes=minute), zone) >= local)
    return (moment + timedelta(minutes=minutes[before])).replace(second=0, microsecond=0)


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"
