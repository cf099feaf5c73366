"""What a form says about whether a broadcast goes out again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from optin.enums import Every
from optin.texts.recurrence import Recurrence
from optin.texts.send_time import SendTime

FIELDS = ("again", "again_days", "again_end", "again_until", "again_times")
MOST_DAYS = 365
MOST_TIMES = 1000
UNTIL, TIMES = "until", "times"


@dataclass(frozen=True)
class Again:
    """The fields as they were typed: how often, in days, and how it ends (`UNTIL`, `TIMES`, "" for never)."""

    every: Every | None = None
    days: str = ""
    end: str = ""
    until: str = ""
    times: str = ""

    @property
    def hidden(self) -> dict[str, str]:
        """Return the fields that a form carries on."""
        typed = (self.every or "", self.days, self.end, self.until, self.times)
        return dict(zip(FIELDS, map(str, typed), strict=True))

    def fault(self, plan: SendTime) -> str:
        """Say what forbids it for a broadcast that goes first as planned, "" for nothing."""
        if not self.is_asked(plan):
            return ""
        if self.every is Every.DAYS and not 1 <= _count(self.days) <= MOST_DAYS:
            return f"Enter every how many days it goes out: 1 to {MOST_DAYS}."
        if self.end == TIMES and not 2 <= _count(self.times) <= MOST_TIMES:
            return f"Enter how many times it goes out: 2 to {MOST_TIMES:,}."
        if self.end != UNTIL:
            return ""
        until, first = _day(self.until), _first(plan)
        if until is None:
            return "Choose the last day on which it may go out."
        return (
            "The last day is before the first broadcast. Choose a later one." if first and until < first.date() else ""
        )

    def is_asked(self, plan: SendTime) -> bool:
        """Tell whether it goes out again: only what has a time of its own does."""
        return self.every is not None and plan.later

    def recurrence(self, plan: SendTime) -> Recurrence | None:
        """Return the dates that it asks for, None where it asks for none or has a fault."""
        first = _first(plan)
        if self.every is None or first is None or not plan.later or self.fault(plan):
            return None
        days = _count(self.days) if self.every is Every.DAYS else 0
        until = _day(self.until) if self.end == UNTIL else None
        return Recurrence(self.every, first, plan.zone, days, until, _count(self.times) if self.end == TIMES else None)


def of_form(form: Mapping[str, str]) -> Again:
    """Read the fields; without them it does not go out again."""
    every, days, end, until, times = (form.get(name, "").replace("\0", "").strip() for name in FIELDS)
    known = Every(every) if every in list(Every) else None
    return Again(known, days, end if end in (UNTIL, TIMES) else "", until, times)


def _first(plan: SendTime) -> datetime | None:
    if plan.starts_at is None:
        return None
    return plan.starts_at.astimezone(plan.zone).replace(tzinfo=None)


def _count(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 4 else 0


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
