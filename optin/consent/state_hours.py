"""The hours and the cap of a number by the US states that it may be of, and by that of its owner's address: of several
states the strictest of each.

They hold beside the installation's own sending hours and cap. Over the table that comes with Optin lies what admins
chose; of a row that changed since, a choice holds only where it is the stricter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from optin.consent import state_rules
from optin.consent.state_rules import StateRule
from optin.consent.week import Week, Window, every_day
from optin.phone import area_code_states, us_states
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
_NO_STATE = frozenset({""})


@dataclass(frozen=True)
class Place:
    """Numbers that begin so (None: any of North America), of people whose address is in one of the states ("": of none
    that is known; None: whatever it is)."""

    prefixes: Prefixes | None = None
    states: frozenset[str] | None = None

    def has(self, number: str, us_state: str) -> bool:
        """Tell whether a number (E.164) of somebody with an address in a state is there."""
        is_there = us_states.is_beside(number) if self.prefixes is None else number[:5] in self.prefixes
        return is_there and (self.states is None or us_state in self.states)


@lru_cache(maxsize=32)
def in_force(choices: Choices) -> dict[str, StateInForce]:
    """Return what holds in each state under some choices, by its code."""
    chosen = dict(choices)
    return {state: _in_force(rule, chosen.get(state)) for state, rule in state_rules.table().states.items()}


def states_of(policy: Policy, number: str, us_state: str = "") -> tuple[str, ...]:
    """Return the states that bind a number (E.164) of somebody whose address is in a state, "" for none known.

    None while the policy does not go by them. It is the state of the address and those of the number together, since a
    number may have been ported, unless an admin chose the address alone.
    """
    of_number = area_code_states.states(number) if policy.state_rules else ()
    if of_number and policy.state_strictest:
        of_number = tuple(area_code_states.NAMES)
    if not policy.state_rules or us_state not in area_code_states.NAMES or not us_states.is_beside(number):
        return of_number
    if policy.state_by_address:
        return (us_state,)
    return tuple(state for state in area_code_states.NAMES if state == us_state or state in of_number)


def bound(policy: Policy, number: str, us_state: str = "") -> Bound:
    """Return what binds a number (E.164) of somebody whose address is in a state, "" for none known."""
    return _bound(policy, states_of(policy, number, us_state))


@lru_cache(maxsize=8)
def by_hours(policy: Policy) -> tuple[tuple[Week, Place], ...]:
    """Return all hours that bind by states, with the installation's own, and where: it is closed where any is."""
    by_number, by_address = _hours_by_number(policy), _hours_by_address(policy)
    of_number = [(week, Place(prefixes, _states_beside(policy))) for week, prefixes in by_number.items()]
    return (*of_number, *((week, Place(states=states)) for week, states in by_address.items()))


class BothHours(NamedTuple):
    """What is left of the hours of a number and those of an address together, and where."""

    left: Week
    of_number: Week
    of_address: Week
    place: Place


@lru_cache(maxsize=8)
def by_both(policy: Policy) -> Sequence[BothHours]:
    """Return where the hours of numbers and addresses together leave less than either; nowhere by the address alone.

    It is closed as `by_hours` says, but may open later than by either: what one leaves, the other may take.
    """
    if policy.state_by_address:
        return ()
    by_number, by_address = _hours_by_number(policy), _hours_by_address(policy)
    both = [
        BothHours(mine.meet(other), mine, other, Place(prefixes, states))
        for mine, prefixes in by_number.items()
        for other, states in by_address.items()
    ]
    return [each for each in both if each.left not in (each.of_number, each.of_address)]


@lru_cache(maxsize=8)
def by_cap(policy: Policy) -> tuple[tuple[int, Place], ...]:
    """Return the caps of a day that states set lower than the installation does, and where."""
    found: dict[int, set[str]] = {}
    for states, prefixes in _prefixes(policy).items():
        found.setdefault(_bound(policy, states).day_cap, set()).update(prefixes)
    by_address: dict[int, set[str]] = {}
    for state in area_code_states.NAMES if found else ():
        by_address.setdefault(_bound(policy, (state,)).day_cap, set()).add(state)
    places = [(cap, Place(frozenset(prefixes), _states_beside(policy))) for cap, prefixes in found.items()]
    places += [(cap, Place(states=frozenset(states))) for cap, states in by_address.items()]
    return tuple((cap, place) for cap, place in places if cap != policy.cap_per_day)


def _states_beside(policy: Policy) -> frozenset[str] | None:
    """Return with which states of an address a number's own states count."""
    return _NO_STATE if policy.state_by_address else None


def _hours_by_number(policy: Policy) -> dict[Week, Prefixes]:
    found: dict[Week, Prefixes] = {}
    for states, prefixes in _prefixes(policy).items():
        hours = _bound(policy, states).hours
        if isinstance(hours, Week):
            found[hours] = found.get(hours, frozenset()) | prefixes
    return found


def _hours_by_address(policy: Policy) -> dict[Week, frozenset[str]]:
    found: dict[Week, frozenset[str]] = {}
    for state in area_code_states.NAMES if policy.state_rules else ():
        hours = _bound(policy, (state,)).hours
        if isinstance(hours, Week):
            found[hours] = found.get(hours, frozenset()) | {state}
    return found


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
