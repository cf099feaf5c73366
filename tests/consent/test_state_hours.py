"""What binds a number by its states: the strictest of several, what admins chose, and which state is named."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from optin import phone
from optin.consent import hours, state_hours, state_rules, state_wording
from optin.consent.week import Week, every_day
from optin.phone import area_code_states
from optin.phone.area_code_states import AREA_CODES, NAMES
from optin.policy import labels, policy
from optin.policy.policy import Policy
from optin.policy.state_choices import StateChoice

LONDON = "+447700900123"
TEXAS, FLORIDA, OHIO, TOLL_FREE, TORONTO = (
    "+15125550134",
    "+18505550134",
    "+16145550134",
    "+18005550134",
    "+14165550134",
)
ON = Policy(state_rules=True)
TABLE = state_rules.table()
NINE_TO_FIVE = ("09:00-17:00",) * 7


def week(of: Policy, number: str, us_state: str = "") -> Week:
    found = state_hours.bound(of, number, us_state).hours
    assert isinstance(found, Week)
    return found


def test_off_only_the_installations_own_hours_and_cap_hold() -> None:
    given = Policy(cap_per_day=5)
    assert state_hours.bound(given, TEXAS) == state_hours.Bound(given.window, 5)
    assert (state_hours.by_hours(given), state_hours.by_cap(given)) == ((), ())


def test_both_hold_the_states_hours_and_ones_own() -> None:
    assert week(ON, TEXAS).days == ((time(9), time(20)),) * 6 + ((time(12), time(20)),)
    late = Policy(state_rules=True, sending_from="06:00", sending_to="23:00", cap_per_day=5)
    assert week(late, TEXAS) == TABLE.states["TX"].week
    assert week(late, OHIO) == TABLE.federal.week
    assert state_hours.bound(late, TORONTO) == state_hours.Bound(late.window, 5)
    assert [state_hours.bound(late, number).day_cap for number in (TEXAS, FLORIDA, TOLL_FREE)] == [5, 3, 3]
    assert state_hours.bound(Policy(state_rules=True, cap_per_day=2), FLORIDA).day_cap == 2
    assert week(Policy(state_rules=True, sending_hours=False), TEXAS) == TABLE.states["TX"].week


def test_of_a_number_that_tells_no_state_the_strictest_of_all_hold() -> None:
    found = week(Policy(state_rules=True, sending_hours=False), TOLL_FREE)
    assert all(found.lies_within(rule.week) for rule in TABLE.states.values())
    assert hours.next_open(["America/Chicago"], datetime(2026, 8, 1, tzinfo=ZoneInfo("UTC")), found) is not None
    strictest = Policy(state_rules=True, state_strictest=True)
    assert state_hours.bound(strictest, OHIO) == state_hours.bound(ON, TOLL_FREE)
    assert state_hours.bound(strictest, TORONTO) == state_hours.bound(ON, TORONTO)


def test_several_states_bind_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_code_states, "states", lambda _number: ("FL", "TX"))
    found = state_hours.bound(Policy(state_rules=True, sending_hours=False), "+18505550134")
    assert isinstance(found.hours, Week)
    assert found.hours.days[6] == (time(12), time(20))
    assert found.day_cap == 3


def test_the_state_of_an_address_binds_beside_the_area_code() -> None:
    open_ = Policy(state_rules=True, sending_hours=False)
    texas, florida = TABLE.states["TX"], TABLE.states["FL"]
    assert week(open_, TEXAS, "FL") == texas.week.meet(florida.week)
    assert state_hours.bound(open_, TEXAS, "FL").day_cap == 3
    assert week(open_, TEXAS, "TX") == texas.week
    assert week(open_, TOLL_FREE, "TX") == week(open_, TOLL_FREE)
    assert week(open_, TORONTO, "TX") == texas.week
    strictest = replace(open_, state_strictest=True)
    assert week(strictest, OHIO, "TX") == week(open_, TOLL_FREE)
    for number, state in ((LONDON, "TX"), (TORONTO, ""), (TORONTO, "ON")):
        assert state_hours.bound(open_, number, state) == state_hours.Bound(None, 0)
    assert state_hours.bound(Policy(), TEXAS, "FL") == state_hours.bound(Policy(), TEXAS)


def test_an_admin_may_choose_the_address_alone() -> None:
    given = Policy(state_rules=True, state_by_address=True, sending_hours=False)
    for number in (TEXAS, TOLL_FREE, TORONTO):
        assert week(given, number, "FL") == TABLE.states["FL"].week
        assert state_hours.bound(given, number) == state_hours.bound(replace(given, state_by_address=False), number)
    assert week(replace(given, state_strictest=True), TEXAS, "FL") == TABLE.states["FL"].week
    assert state_hours.bound(given, LONDON, "FL") == state_hours.Bound(None, 0)


POLICIES = [
    replace(given, state_by_address=alone)
    for given in (ON, Policy(state_rules=True, state_strictest=True, sending_hours=False, cap_per_day=4))
    for alone in (False, True)
]


@pytest.mark.parametrize("given", POLICIES)
def test_places_say_what_each_number_and_address_says(given: Policy) -> None:
    moments = [datetime(2026, 11, 26, tzinfo=UTC) + timedelta(hours=7 * turn) for turn in range(24)]
    for code in range(200, 1000):
        number = f"+1{code}5550134"
        for state in ("", *list(NAMES)[code % 3 :: 3]):
            bound = state_hours.bound(given, number, state)
            parts = [each for each, place in state_hours.by_hours(given) if place.has(number, state)]
            both = [each for each in state_hours.by_both(given) if each.place.has(number, state)]
            assert len(parts) <= 2
            if not parts:
                assert not isinstance(bound.hours, Week), (number, state)
            elif both:
                assert ([both[0].left], {*parts}) == ([bound.hours], {both[0].of_number, both[0].of_address})
            else:
                assert bound.hours in parts, (number, state)
            caps = [cap for cap, place in state_hours.by_cap(given) if place.has(number, state)]
            assert state_hours.strictest_cap([given.cap_per_day, *caps]) == bound.day_cap, (number, state)
            for moment in moments if code % 40 == 0 and isinstance(bound.hours, Week) else ():
                is_open = all(hours.is_open(["America/Chicago"], moment, each) for each in parts)
                assert is_open == hours.is_open(["America/Chicago"], moment, bound.hours)


def test_a_choice_holds_until_the_table_changes_and_then_only_where_it_is_stricter(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = TABLE.states["TX"].read.isoformat()
    looser = StateChoice(now, ("08:00-21:00",) * 7, cap=0, reason="Our lawyer says so.")
    policy.choose_states(
        session, None, [("TX", looser), ("FL", StateChoice(now)), ("OH", StateChoice(now, NINE_TO_FIVE))]
    )
    given = policy.load(session)
    texas, florida, ohio = (state_hours.in_force(given.state_choices)[state] for state in ("TX", "FL", "OH"))
    assert (texas.week, texas.is_confirmed, texas.is_changed) == (every_day((time(8), time(21))), True, True)
    assert (florida.week, florida.cap, florida.is_confirmed, florida.is_changed) == (
        TABLE.states["FL"].week,
        3,
        True,
        False,
    )
    assert (ohio.week, ohio.is_changed) == (every_day((time(9), time(17))), True)
    policy.choose_states(
        session, None, [(state, StateChoice("2026-01-01", ("08:00-19:00",) * 7)) for state in ("TX", "FL")]
    )
    given = policy.load(session)
    texas, florida = (state_hours.in_force(given.state_choices)[state] for state in ("TX", "FL"))
    assert (texas.week.days[0], texas.week.days[6], texas.is_confirmed) == (
        (time(9), time(19)),
        (time(12), time(19)),
        False,
    )
    assert florida.cap == 3


def test_labels_say_what_was_chosen() -> None:
    name = "state_rule_TX"
    assert labels.OF_STATES[name] == "Hours and limit of Texas"
    assert labels.value(name, "") == "not confirmed"
    assert labels.value(name, StateChoice("2026-11-28").stored) == "confirmed as of 2026-11-28"
    said = labels.value(name, StateChoice("2026-11-28", (*NINE_TO_FIVE[1:], ""), False, 3, "Our lawyer").stored)
    assert said.endswith("09:00-17:00, none (Monday to Sunday), not on holidays; 3 in 24 hours: Our lawyer")


@pytest.mark.parametrize(
    ("number", "moment", "said"),
    [
        (TEXAS, "2026-11-29 11:59", "Texas (by the area code): Sunday from 12:00"),
        (TEXAS, "2026-11-29 12:00", ""),
        (TEXAS, "2026-11-28 21:00", "Texas (by the area code): Saturday until 21:00"),
        ("+14015550134", "2026-11-29 12:00", "Rhode Island (by the area code): not on Sundays"),
        ("+14015550134", "2026-12-25 12:00", "Rhode Island (by the area code): not on federal holidays"),
        (TOLL_FREE, "2026-11-29 12:00", "Perhaps Alabama: not on Sundays"),
        (TORONTO, "2026-11-29 03:00", ""),
    ],
)
def test_the_state_that_keeps_it_back_is_named(number: str, moment: str, said: str) -> None:
    zone = "America/Chicago"
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone))
    assert state_wording.why_closed(ON, number, [zone], at) == said
    assert state_wording.why_closed(Policy(), number, [zone], at) == ""


def test_the_state_whose_limit_is_reached_is_named() -> None:
    assert state_wording.why_capped(ON, FLORIDA, 3) == "Florida (by the area code): 3 in 24 hours reached"
    assert state_wording.why_capped(ON, FLORIDA, 2) == ""
    assert state_wording.why_capped(ON, TEXAS, 9) == ""
    assert state_wording.why_capped(ON, TOLL_FREE, 3) == "Perhaps Florida: 3 in 24 hours reached"
    assert state_wording.why_capped(ON, TEXAS, 3, "FL") == "Florida (by the address): 3 in 24 hours reached"


@pytest.mark.parametrize(
    ("number", "us_state", "said"),
    [
        (TEXAS, "TX", "Texas (by the address and the area code): Sunday from 12:00"),
        (OHIO, "TX", "Texas (by the address): Sunday from 12:00"),
        (TEXAS, "OH", "Texas (by the area code): Sunday from 12:00"),
        (TOLL_FREE, "TX", "Texas (by the address): Sunday from 12:00"),
        (OHIO, "OH", ""),
    ],
)
def test_it_says_whence_the_state_is_known(number: str, us_state: str, said: str) -> None:
    at = datetime(2026, 11, 29, 11, 59, tzinfo=ZoneInfo("America/Chicago"))
    assert state_wording.why_closed(ON, number, ["America/Chicago"], at, us_state) == said
    alone = replace(ON, state_by_address=True)
    expected = said if us_state == "TX" else ""
    assert state_wording.why_closed(alone, number, ["America/Chicago"], at, us_state) == expected


def test_hours_in_words() -> None:
    all_ = state_hours.in_force(())
    assert state_wording.week_words(all_["FL"]) == ["Every day 08:00 to 20:00"]
    assert state_wording.week_words(all_["TX"]) == ["Monday to Saturday 09:00 to 21:00", "Sunday 12:00 to 21:00"]
    assert state_wording.week_words(all_["ME"]) == ["Monday to Friday 09:00 to 17:00", "Saturday and Sunday none"]
    assert state_wording.week_words(all_["AL"]) == [
        "Monday to Saturday 08:00 to 20:00", "Sunday none", "Federal holidays none",
    ]  # fmt: skip


@pytest.mark.parametrize("area", ["850", "270", "219", "308"])
def test_areas_in_two_zones_are_bound_by_their_state_in_both(area: str) -> None:
    number = f"+1{area}5550134"
    zones = phone.zones(number)
    assert len(zones) == 2
    found = week(Policy(state_rules=True, sending_hours=False), number)
    (state,) = (state for state, codes in AREA_CODES.items() if area in codes.split())
    assert found == TABLE.states[state].week.meet(TABLE.federal.week)
    assert NAMES[state]
    window = found.days[2]
    assert window is not None
    for east_first in (zones, zones[::-1]):
        for zone in zones:
            at = datetime(2026, 8, 5, window[0].hour, tzinfo=ZoneInfo(zone))
            expected = all(window[0] <= at.astimezone(ZoneInfo(each)).time() < window[1] for each in zones)
            assert hours.is_open(east_first, at, found) is expected
