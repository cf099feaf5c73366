"""Hours that differ by the day: meeting, holidays, the next open minute over days and changes of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optin.consent import hours
from optin.consent.week import Week, every_day, is_holiday

EVENING = (time(9), time(21))
TEXAS = Week((EVENING,) * 6 + ((time(12), time(21)),))
NO_SUNDAYS = Week((EVENING,) * 6 + (None,), holidays=False)
CHICAGO = "America/Chicago"
SIX = ("America/New_York", CHICAGO, "America/Denver", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu")


def local(text: str, zone: str = CHICAGO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-28 20:59", "2026-11-28 20:59"),  # Saturday
        ("2026-11-28 21:00", "2026-11-29 12:00"),
        ("2026-11-29 09:30", "2026-11-29 12:00"),
        ("2026-11-29 12:00", "2026-11-29 12:00"),
        ("2026-11-29 21:00", "2026-11-30 09:00"),
        ("2026-03-07 21:00", "2026-03-08 12:00"),  # clocks go forward that night
        ("2026-10-31 21:00", "2026-11-01 12:00"),  # and back
    ],
)
def test_the_next_open_minute_of_a_week(moment: str, opens: str) -> None:
    assert hours.next_open([CHICAGO], local(moment), TEXAS) == local(opens).astimezone(UTC)


def test_days_without_hours_are_passed_over() -> None:
    saturday = local("2026-07-04 10:00")  # a holiday, observed the day before
    assert all(map(is_holiday, (date(2026, 7, 3), date(2026, 7, 4))))
    assert not hours.is_open([CHICAGO], saturday, NO_SUNDAYS)
    assert hours.next_open([CHICAGO], local("2026-07-02 21:00"), NO_SUNDAYS) == local("2026-07-06 09:00")
    assert hours.next_open([CHICAGO], saturday, every_day(None)) is None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-01-01", True), ("2026-01-19", True), ("2026-02-16", True), ("2026-05-25", True), ("2026-06-19", True),
        ("2026-09-07", True), ("2026-10-12", True), ("2026-11-11", True), ("2026-11-26", True), ("2026-12-25", True),
        ("2021-12-31", True),  # New Year's Day of 2022 is a Saturday
        ("2023-01-02", True), ("2026-11-27", False), ("2026-12-31", False), ("2026-05-18", False),
    ],
)  # fmt: skip
def test_holidays(day: str, expected: bool) -> None:
    assert is_holiday(date.fromisoformat(day)) is expected


WINDOWS = st.one_of(
    st.none(),
    st.tuples(st.integers(0, 22), st.integers(1, 24))
    .filter(lambda each: each[0] < each[1])
    .map(lambda each: (time(each[0]), time(each[1] % 24))),
)
WEEKS = st.builds(Week, st.tuples(*[WINDOWS] * 7), st.booleans())
CHANGES = st.sampled_from([datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)])


@settings(deadline=None, max_examples=150)
@given(WEEKS, WEEKS, CHANGES, st.integers(-3 * 24 * 60, 3 * 24 * 60), st.sampled_from(SIX))
def test_what_two_weeks_have_in_common(one: Week, other: Week, change: datetime, minutes: int, zone: str) -> None:
    at = change + timedelta(minutes=minutes)
    both = hours.is_open([zone], at, one) and hours.is_open([zone], at, other)
    assert hours.is_open([zone], at, one.meet(other)) is both
    assert one.meet(other).lies_within(one)


@settings(deadline=None, max_examples=60)
@given(WEEKS, CHANGES, st.integers(-3 * 24 * 60, 3 * 24 * 60), st.lists(st.sampled_from(SIX), min_size=1, max_size=3))
def test_no_open_minute_is_passed_over(week: Week, change: datetime, minutes: int, zones: list[str]) -> None:
    at = change + timedelta(minutes=minutes)
    found = hours.next_open(zones, at, week)
    steps = (at + timedelta(minutes=each) for each in range(0, 7 * 24 * 60, 30))
    assert found is None or hours.is_open(zones, found, week)
    for step in steps:
        if found is not None and step >= found:
            break
        assert not hours.is_open(zones, step, week)
