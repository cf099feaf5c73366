"""The hours and limits of US states as they come with Optin: the table in state_rules.toml, checked as it is read.

What an admin confirmed or changed lies over it (consent/state_hours.py).
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from functools import cache
from pathlib import Path

from optin.consent.week import Week, Window
from optin.enums import LabelledEnum
from optin.phone import area_code_states

TABLE = Path(__file__).with_name("state_rules.toml")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_OWN_DAYS = {"sat": 5, "sun": 6}
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_KNOWN = {"hours", "sat", "sun", "holidays", "cap", "source", "url", "read", "confidence", "overviews", "note"}


class Confidence(LabelledEnum):
    """How sure a row is."""

    HIGH = "high", "Not in dispute", "ok"
    MEDIUM = "medium", "Overviews agree", "ok"
    LOW = "low", "One overview, or they disagree", "warn"


@dataclass(frozen=True)
class StateRule:
    """The hours of a state, its cap (broadcast messages to a number in 24 hours, 0 for none), and where that is from.

    `is_own`: the state has a rule of its own; else this is the federal one. `read`: the day on which it was looked up.
    """

    state: str
    week: Week
    cap: int
    is_own: bool
    source: str
    url: str
    read: date
    confidence: Confidence
    overviews: tuple[str, ...]
    note: str

    @property
    def name(self) -> str:
        """Return the name of the state."""
        return area_code_states.NAMES.get(self.state, "United States")


@dataclass(frozen=True)
class Advice:
    """What is customary elsewhere. Nothing is kept back because of it."""

    where: str
    says: str
    source: str
    read: date


@dataclass(frozen=True)
class StateTable:
    """All rules: the federal one, and that of each state by its code; `day` is that of the table."""

    day: date
    federal: StateRule
    states: Mapping[str, StateRule]
    elsewhere: tuple[Advice, ...]


@cache
def table() -> StateTable:
    """Return the table that comes with Optin."""
    return parse(TABLE.read_text(encoding="utf-8"))


def parse(text: str) -> StateTable:
    """Read a table. Raises ValueError with the row where something in it is missing, unknown or not to be read."""
    data = tomllib.loads(text)
    overviews = data.get("overviews", {})
    federal = _rule("", data["federal"], overviews, None)
    unknown = set(data.get("states", {})) - set(area_code_states.NAMES)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: no state")
    states = {
        state: _rule(state, data["states"].get(state, {}), overviews, federal) for state in area_code_states.NAMES
    }
    elsewhere = tuple(Advice(**each) for each in data.get("elsewhere", []))
    return StateTable(data["day"], federal, states, elsewhere)


def window_of(text: str) -> Window | None:
    """Return the window that "09:00-21:00" says, None for "". Raises ValueError for anything else."""
    if not text:
        return None
    found = _HOURS.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} are no hours")
    start, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if end != time() and start >= end:
        raise ValueError(f"{text!r} end before they begin")
    return start, end


def window_text(window: Window | None) -> str:
    """Return what `window_of` reads."""
    return f"{window[0]:%H:%M}-{window[1]:%H:%M}" if window else ""


def _rule(state: str, row: Mapping[str, object], overviews: Mapping[str, str], federal: StateRule | None) -> StateRule:
    """Read a row; where the federal hours are narrower, they hold."""
    if not row and federal:
        return replace(federal, state=state)
    where = state or "federal"
    try:
        if unknown := set(row) - _KNOWN:
            raise ValueError(f"{', '.join(sorted(unknown))} is unknown")
        days = [window_of(str(row["hours"]))] * len(DAYS)
        for name, day in _OWN_DAYS.items():
            if name in row:
                days[day] = window_of(str(row[name]))
        week = Week(tuple(days), bool(row.get("holidays", True)))
        cap, read = row.get("cap", 0), row["read"]
        if not isinstance(cap, int) or cap < 0 or not isinstance(read, date) or not row["source"]:
            raise ValueError("cap, read or source is not as it should be")
        named = row.get("overviews", [])
        if not isinstance(named, list):
            raise ValueError("overviews is no list")
        return StateRule(
            state,
            week.meet(federal.week) if federal else week,
            cap,
            federal is not None,
            str(row["source"]),
            str(row.get("url", "")),
            read,
            Confidence(str(row["confidence"])),
            tuple(overviews[name] for name in named),
            str(row.get("note", "")),
        )
    except (KeyError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error
