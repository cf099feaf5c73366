"""Where states bind, as SQL: by the beginning of a number, and by the state of its owner's address."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, func, true

from optin.consent import hours, state_hours
from optin.consent.state_hours import Place
from optin.consent.week import Week
from optin.phone import us_states
from optin.policy.policy import Policy

AREA_CODE_ENDS, COUNTRY_ENDS = 5, 3
"""So many characters of "+15125550134" are the country and its area code, or the country and one digit."""


@dataclass(frozen=True)
class PlaceGroup:
    """Numbers of a place in one of the time-zone groups."""

    place: Place
    zones: Collection[str]

    def has(
        self,
        number: SQLColumnExpression[str | None],
        zones: SQLColumnExpression[str],
        us_state: SQLColumnExpression[str] | str,
    ) -> ColumnElement[bool]:
        """The condition that a number with its time zones and the state of an address is one of them."""
        return within(zones, self.zones) & is_in(self.place, number, us_state)


def closed(policy: Policy, groups: Collection[str], now: datetime, besides: Collection[str]) -> list[PlaceGroup]:
    """Return where it is outside the hours of states at a moment, without the groups for which it is so everywhere."""
    found = ((place, hours.closed_zone_groups(groups, now, week)) for week, place in state_hours.by_hours(policy))
    return _without(found, besides)


def late(
    policy: Policy, groups: Collection[str], now: datetime, until: datetime, besides: Collection[str]
) -> list[PlaceGroup]:
    """Return where it is so until a last time, without the groups for which it is so everywhere."""

    @cache
    def late_in(week: Week) -> Collection[str]:
        return frozenset(hours.groups_closed_until(groups, now, until, week))

    found = [(place, late_in(week)) for week, place in state_hours.by_hours(policy)]
    for each in state_hours.by_both(policy):
        by_either = {*late_in(each.of_number), *late_in(each.of_address)}
        found.append((each.place, [group for group in late_in(each.left) if group not in by_either]))
    return _without(found, besides)


def _without(found: Iterable[tuple[Place, Collection[str]]], besides: Collection[str]) -> list[PlaceGroup]:
    kept = (PlaceGroup(place, sorted(set(groups).difference(besides))) for place, groups in found)
    return [each for each in kept if each.zones]


def within(zones: SQLColumnExpression[str], groups: Collection[str]) -> ColumnElement[bool]:
    """The time zones are one of the groups, which come from consent/hours.py."""
    return zones.in_(list(groups)) if groups else false()


def is_in(
    place: Place, number: SQLColumnExpression[str | None], us_state: SQLColumnExpression[str] | str
) -> ColumnElement[bool]:
    """The condition that a number of somebody with an address in a state is in a place, Place.has as SQL."""
    if place.prefixes is None:
        is_there = _begins_with(number, us_states.beginnings(), COUNTRY_ENDS)
    else:
        is_there = _begins_with(number, place.prefixes, AREA_CODE_ENDS)
    if place.states is None:
        return is_there
    if isinstance(us_state, str):
        return and_(is_there, true() if us_state in place.states else false())
    return and_(us_state.in_(sorted(place.states)), is_there)


def _begins_with(
    number: SQLColumnExpression[str | None], prefixes: Collection[str], length: int
) -> ColumnElement[bool]:
    """NULL begins with nothing."""
    return func.coalesce(func.substr(number, 1, length).in_(sorted(prefixes)), false())
