"""Which state's hours or limit keep a message back, in words: "Texas: Sunday from 12:00"."""

from collections.abc import Sequence
from datetime import datetime

from optin.consent import hours, state_hours
from optin.consent.state_hours import StateInForce
from optin.consent.state_rules import DAYS
from optin.consent.week import Window, is_holiday
from optin.policy.policy import Policy


def why_closed(policy: Policy, number: str, zones: Sequence[str], moment: datetime) -> str:
    """Say which state's hours forbid a broadcast message to a number (E.164) in these zones at a moment.

    "" where none does. Of several states it is the first by name, with a word that it is one of several.
    """
    states = state_hours.states_of(policy, number)
    for state in states:
        found = state_hours.in_force(policy.state_choices)[state]
        for clock in hours.local_times(zones, moment, found.week):
            if not clock.is_open:
                return f"{_of_several(states)}{found.rule.name}: {_when(found, clock.at)}"
    return ""


def why_capped(policy: Policy, number: str, got: int) -> str:
    """Say which state's limit is reached by so many messages in 24 hours to a number (E.164), "" for none."""
    states = state_hours.states_of(policy, number)
    for state in states:
        found = state_hours.in_force(policy.state_choices)[state]
        if found.cap and got >= found.cap:
            return f"{_of_several(states)}{found.rule.name}: {found.cap} in 24 hours reached"
    return ""


def day_words(window: Window | None) -> str:
    """Say the hours of a day: "09:00 to 21:00"."""
    return f"{window[0]:%H:%M} to {window[1]:%H:%M}" if window else "none"


def week_words(found: StateInForce) -> list[str]:
    """Say the hours of a week, days that are alike together: ["Monday to Saturday 09:00 to 21:00", ...]."""
    days, said, first = found.week.days, [], 0
    for day in range(1, len(days) + 1):
        if day == len(days) or days[day] != days[first]:
            said.append(f"{_days_words(first, day - 1)} {day_words(days[first])}")
            first = day
    return said if found.week.holidays else [*said, "Federal holidays none"]


def _days_words(first: int, last: int) -> str:
    if first == last:
        return DAYS[first]
    if last - first == len(DAYS) - 1:
        return "Every day"
    return f"{DAYS[first]} {'and' if last == first + 1 else 'to'} {DAYS[last]}"


def _when(found: StateInForce, local: datetime) -> str:
    if not found.week.holidays and is_holiday(local.date()):
        return "not on federal holidays"
    day = DAYS[local.weekday()]
    window = found.week.on(local.date())
    if window is None:
        return f"not on {day}s"
    start, end = window
    return f"{day} from {start:%H:%M}" if local.time() < start else f"{day} until {end:%H:%M}"


def _of_several(states: Sequence[str]) -> str:
    return "Perhaps " if len(states) > 1 else ""
