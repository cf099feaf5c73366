"""Which state's hours or limit keep a message back, in words: "Texas (by the address): Sunday from 12:00"."""

from collections.abc import Sequence
from datetime import datetime

from optin.consent import hours, state_hours
from optin.consent.state_hours import StateInForce
from optin.consent.state_rules import DAYS
from optin.consent.week import Window, is_holiday
from optin.phone import area_code_states
from optin.policy.policy import Policy


def why_closed(policy: Policy, number: str, zones: Sequence[str], moment: datetime, us_state: str = "") -> str:
    """Say which state's hours forbid a broadcast message to a number (E.164) in these zones at a moment.

    "" where none does. `us_state` is that of its owner's address, which is named first. Of several states that the
    number may be of it is the first by name, with a word that it is one of several.
    """
    for state, said in _named(policy, number, us_state):
        found = state_hours.in_force(policy.state_choices)[state]
        for clock in hours.local_times(zones, moment, found.week):
            if not clock.is_open:
                return f"{said}: {_when(found, clock.at)}"
    return ""


def why_capped(policy: Policy, number: str, got: int, us_state: str = "") -> str:
    """Say which state's limit is reached by so many messages in 24 hours to a number (E.164), "" for none."""
    for state, said in _named(policy, number, us_state):
        found = state_hours.in_force(policy.state_choices)[state]
        if found.cap and got >= found.cap:
            return f"{said}: {found.cap} in 24 hours reached"
    return ""


def _named(policy: Policy, number: str, us_state: str) -> list[tuple[str, str]]:
    """Return the states that bind a number, that of the address first, each with its name and whence it is known."""
    of_number = area_code_states.states(number)
    states = sorted(state_hours.states_of(policy, number, us_state), key=lambda state: state != us_state)
    return [(state, _whence(state, of_number, us_state)) for state in states]


def _whence(state: str, of_number: Sequence[str], us_state: str) -> str:
    name, is_of_number = area_code_states.NAMES[state], tuple(of_number) == (state,)
    if state == us_state:
        return f"{name} (by the address{' and the area code' if is_of_number else ''})"
    return f"{name} (by the area code)" if is_of_number else f"Perhaps {name}"


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
