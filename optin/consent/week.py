"""Hours that differ by the day: a window for each weekday, and whether there are any on holidays. Pure."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache

Window = tuple[time, time]
"""Local time of the first minute inside and of the first minute outside; 00:00 as the end means midnight."""

SUNDAY = 6
_FIXED = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
_MOVED = ((1, 0, 3), (2, 0, 3), (9, 0, 1), (10, 0, 2), (11, 3, 4))
"""Month, weekday and the how-manieth of it; the last Monday in May comes beside."""


@dataclass(frozen=True)
class Week:
    """The window of each weekday, Monday first, None on a day without; `holidays`: federal holidays are days as any."""

    days: tuple[Window | None, ...]
    holidays: bool = True

    def on(self, day: date) -> Window | None:
        """Return the window of a day, None for a day without."""
        return None if not self.holidays and is_holiday(day) else self.days[day.weekday()]

    def meet(self, other: "Week | Window") -> "Week":
        """Return the hours in which both are open."""
        if not isinstance(other, Week):
            other = every_day(other)
        days = tuple(_meet(mine, theirs) for mine, theirs in zip(self.days, other.days, strict=True))
        return Week(days, self.holidays and other.holidays)

    def lies_within(self, other: "Week") -> bool:
        """Tell whether it is never open while the other is closed."""
        return self.meet(other) == self


def every_day(window: Window | None) -> Week:
    """Return the week with the same window on all days."""
    return Week((window,) * 7)


def on(hours: Week | Window, day: date) -> Window | None:
    """Return the window of a day, of hours that differ by the day or do not."""
    return hours.on(day) if isinstance(hours, Week) else hours


@lru_cache(maxsize=4096)
def is_holiday(day: date) -> bool:
    """Tell whether a day is a federal holiday of the US (5 U.S.C. 6103), or the day on which one is observed."""
    return day in _holidays(day.year) or day in _holidays(day.year + 1)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    fixed = [date(year, month, day) for month, day in _FIXED]
    moved = [_nth(year, *each) for each in _MOVED]
    last_of_may = date(year, 5, 31)
    moved.append(last_of_may - timedelta(days=last_of_may.weekday()))
    saturday = SUNDAY - 1
    observed = [day - timedelta(days=1) for day in fixed if day.weekday() == saturday]
    observed += [day + timedelta(days=1) for day in fixed if day.weekday() == SUNDAY]
    return frozenset([*fixed, *moved, *observed])


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _meet(one: Window | None, other: Window | None) -> Window | None:
    if one is None or other is None:
        return None
    start, end = max(one[0], other[0]), min(one[1], other[1], key=_end)
    return (start, end) if end == time() or start < end else None


def _end(end: time) -> time:
    return time.max if end == time() else end
