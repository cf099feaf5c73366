"""The hours and the cap of a number by the US states that it may be of: of several states the strictest of each.

They hold beside the installation's own sending hours and cap. Over the table that comes with Optin lies what admins
chose; of a row that changed since, a choice holds only where it is the stricter.
"""

from dataclasses import dataclass
from functools import lru_cache

from optin.consent import state_rules
from optin.consent.state_rules import StateRule
from optin.consent.week import Week, Window, every_day
from optin.phone import area_code_states
from optin.policy.policy import Policy
from optin.policy.state_choices import Choices, StateChoice

ALWAYS = every_day(state_rules.window_of("00:00-00:00"))
NO_CAP = 2**31 - 1
"""So many messages nobody gets: what stands for no cap where there must be a number."""


@dataclass(frozen=True)
class StateInForce:
    """What holds in a state: its hours and cap (0 for none), the row of the table, and what an admin chose."""

    rule: StateRule
    week: Week
    cap: int
    choice: StateChoice | None = None

    @property
    def is_confirmed(self) -> bool:
        """Tell whether an admin has confirmed the row as it is now, or chosen something instead."""
        return self.choice is not None and self.choice.read == self.rule.read.isoformat()

    @property
    def is_changed(self) -> bool:
        """Tell whether something else holds than the table has."""
        return (self.week, self.cap) != (self.rule.week, self.rule.cap)


@dataclass(frozen=True)
class Bound:
    """What binds a number: hours (None: any), and the cap in 24 hours (0: none), with the installation's own."""

    hours: Week | Window | None
    day_cap: int


Prefixes = frozenset[str]
"""The beginnings of numbers, such as "+1512"."""


@lru_cache(maxsize=32)
def in_force(choices: Choices) -> dict[str, StateInForce]:
    """Return what holds in each state under some choices, by its code."""
    chosen = dict(choices)
    return {state: _in_force(rule, chosen.get(state)) for state, rule in state_rules.table().states.items()}


def states_of(policy: Policy, number: str) -> tuple[str, ...]:
    """Return the states that bind a number (E.164); none while the policy does not go by them."""
    states = area_code_states.states(number) if policy.state_rules else ()
    return tuple(area_code_states.NAMES) if states and policy.state_strictest else states


def bound(policy: Policy, number: str) -> Bound:
    """Return what binds a number (E.164)."""
    return _bound(policy, states_of(policy, number))


@lru_cache(maxsize=8)
def by_hours(policy: Policy) -> tuple[tuple[Week, Prefixes], ...]:
    """Return all hours that bind numbers by their states, with the installation's own, and which numbers those are."""
    found: dict[Week, set[str]] = {}
    for states, prefixes in _prefixes(policy).items():
        hours = _bound(policy, states).hours
        if isinstance(hours, Week):
            found.setdefault(hours, set()).update(prefixes)
    return tuple((hours, frozenset(prefixes)) for hours, prefixes in found.items())


@lru_cache(maxsize=8)
def by_cap(policy: Policy) -> tuple[tuple[int, Prefixes], ...]:
    """Return the caps of a day that states set lower than the installation does, and for which numbers."""
    found: dict[int, set[str]] = {}
    for states, prefixes in _prefixes(policy).items():
        cap = _bound(policy, states).day_cap
        if cap != policy.cap_per_day:
            found.setdefault(cap, set()).update(prefixes)
    return tuple((cap, frozenset(prefixes)) for cap, prefixes in found.items())


def _prefixes(policy: Policy) -> dict[tuple[str, ...], Prefixes]:
    found = area_code_states.prefixes_by_states() if policy.state_rules else {}
    if not policy.state_strictest or not found:
        return found
    return {tuple(area_code_states.NAMES): frozenset().union(*found.values())}


@lru_cache(maxsize=512)
def _bound(policy: Policy, states: tuple[str, ...]) -> Bound:
    if not states:
        return Bound(policy.window, policy.cap_per_day)
    all_ = in_force(policy.state_choices)
    week = ALWAYS if policy.window is None else every_day(policy.window)
    for state in states:
        week = week.meet(all_[state].week)
    return Bound(week, strictest_cap([policy.cap_per_day, *(all_[state].cap for state in states)]))


def strictest_cap(caps: list[int]) -> int:
    """Return the lowest of some caps, of which 0 is none."""
    return min((cap for cap in caps if cap), default=0)


def _in_force(rule: StateRule, choice: StateChoice | None) -> StateInForce:
    if choice is None or choice.days is None:
        return StateInForce(rule, rule.week, rule.cap, choice)
    week, cap = Week(tuple(map(state_rules.window_of, choice.days)), choice.holidays), choice.cap
    if choice.read != rule.read.isoformat():
        week, cap = week.meet(rule.week), strictest_cap([cap, rule.cap])
    return StateInForce(rule, week, cap, choice)
