"""The table of states that comes with Optin: its shape, and that every state answers at every minute of every day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from optin import phone
from optin.consent import hours, state_rules
from optin.consent.state_rules import DAYS, StateRule
from optin.phone.area_code_states import AREA_CODES, NAMES

TABLE = state_rules.table()
MONDAY = date(2026, 8, 3)
"""The Monday of a week without holidays."""
FEDERAL = (time(8), time(21))


def test_every_state_answers_and_says_where_that_is_from() -> None:
    assert list(TABLE.states) == list(NAMES)
    for rule in TABLE.states.values():
        assert rule.source
        assert rule.name == NAMES[rule.state]
        assert rule.read <= TABLE.day
        assert len(rule.week.days) == len(DAYS)
        assert rule.week.lies_within(TABLE.federal.week)
        if not rule.is_own:
            assert (rule.week, rule.cap) == (TABLE.federal.week, 0)
    assert {each.where for each in TABLE.elsewhere} >= {"Canada", "United Kingdom and European Union"}


@pytest.mark.parametrize(
    ("state", "day", "said"),
    [
        ("TX", "Sunday", "12:00-21:00"),
        ("TX", "Saturday", "09:00-21:00"),
        ("FL", "Sunday", "08:00-20:00"),
        ("CT", "Monday", "09:00-20:00"),
        ("RI", "Saturday", "10:00-17:00"),
        ("RI", "Sunday", ""),
        ("OH", "Sunday", "08:00-21:00"),
    ],
)
def test_what_some_states_say(state: str, day: str, said: str) -> None:
    assert state_rules.window_text(TABLE.states[state].week.days[DAYS.index(day)]) == said


def test_three_in_a_day() -> None:
    assert {state for state, rule in TABLE.states.items() if rule.cap} == {"FL", "MD", "NJ", "OK", "OR"}
    assert {rule.cap for rule in TABLE.states.values()} == {0, 3}


@pytest.mark.parametrize("weekday", range(7))
@pytest.mark.parametrize("rule", TABLE.states.values(), ids=list(NAMES))
def test_each_state_on_each_day_before_at_and_after(rule: StateRule, weekday: int) -> None:
    zones = phone.zones(f"+1{AREA_CODES[rule.state].split()[0]}5550134")
    for name in zones:
        midnight = datetime.combine(MONDAY + timedelta(days=weekday), time(), ZoneInfo(name))
        window = rule.week.days[weekday]
        if window is None:
            for hour in range(24):
                assert not hours.is_open([name], midnight + timedelta(hours=hour), rule.week)
            continue
        start, end = (midnight.replace(hour=each.hour, minute=each.minute) for each in window)
        second = timedelta(seconds=1)
        said = [hours.is_open([name], at, rule.week) for at in (start - second, start, end - second, end)]
        assert said == [False, True, True, False]
        before = (start - second).astimezone(UTC)
        assert hours.next_open([name], before, rule.week) == start.astimezone(UTC)


FEDERAL_ROW = (
    'day = 2026-01-01\n[federal]\nhours = "08:00-21:00"\nsource = "x"\nread = 2026-01-01\nconfidence = "high"\n'
)
ROW = '[states.TX]\nhours = "09:00-21:00"\nsource = "x"\nread = 2026-01-01\nconfidence = "low"\n'


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace("TX", "XX"), "XX: no state"),
        (ROW.replace("21:00", "24:00"), "TX: '09:00-24:00' are no hours"),
        (ROW.replace("21:00", "08:00"), "TX: '09:00-08:00' end before they begin"),
        (ROW + "cap = -1\n", "TX: cap, read or source"),
        (ROW.replace('source = "x"\n', ""), "TX: 'source'"),
        (ROW.replace("low", "sure"), "TX: 'sure' is not a valid"),
        (ROW + "mon = ''\n", "TX: mon is unknown"),
        (ROW + 'overviews = ["none"]\n', "TX: 'none'"),
    ],
)
def test_a_table_that_is_wrong_is_not_loaded(row: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        state_rules.parse(FEDERAL_ROW + row)


def test_hours_wider_than_the_federal_ones_end_with_them() -> None:
    rule = state_rules.parse(FEDERAL_ROW + ROW.replace("09:00-21:00", "06:00-23:00")).states["TX"]
    assert set(rule.week.days) == {FEDERAL}
