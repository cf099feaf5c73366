"""The dates of what goes out again and again: its days, its end, and clocks that change, in six zones and more."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.enums import Every
from optin.texts.recurrence import Occurrence, Recurrence, existing

BEFORE = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = (
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)


def locals_of(recurrence: Recurrence, count: int) -> list[str]:
    found = islice(recurrence.following(0, BEFORE), count)
    return [each.at.astimezone(recurrence.zone).isoformat(timespec="minutes") for each in found]


def typed(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("zone", "local", "goes"),
    [
        # forward: what the clocks skip is the next time that there is
        ("America/New_York", "2027-03-14T02:30", "2027-03-14T03:00-04:00"),
        ("America/St_Johns", "2027-03-14T02:00", "2027-03-14T03:00-02:30"),
        ("America/Santiago", "2027-09-05T00:15", "2027-09-05T01:00-03:00"),
        ("Europe/Berlin", "2027-03-28T02:59", "2027-03-28T03:00+02:00"),
        ("Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-03T02:30+11:00"),
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-31T00:00+14:00"),  # a whole day was left out
        # back: of a time that comes twice it is the first
        ("America/New_York", "2027-11-07T01:30", "2027-11-07T01:30-04:00"),
        ("America/St_Johns", "2027-11-07T01:30", "2027-11-07T01:30-02:30"),
        ("America/Santiago", "2027-04-03T23:30", "2027-04-03T23:30-03:00"),
        ("Europe/Berlin", "2027-10-31T02:30", "2027-10-31T02:30+02:00"),
        ("Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-04T01:45+11:00"),
        ("Pacific/Apia", "2021-04-04T03:30", "2021-04-04T03:30+14:00"),
    ],
)
def test_a_time_on_the_day_of_a_clock_change(zone: str, local: str, goes: str) -> None:
    assert existing(typed(local), ZoneInfo(zone)).astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") == goes


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [time(0, 15), time(1, 45), time(2, 30), time(3, 0), time(10, 0), time(23, 45)])
@pytest.mark.parametrize("every", list(Every))
def test_over_years_each_date_is_there_once_and_shows_its_time_or_the_next(zone: str, at: time, every: Every) -> None:
    """Looked for minute by minute from the day's begin, not by arithmetic with offsets."""
    first = datetime.combine(date(2026, 1, 31), at)
    rule = Recurrence(every, first, ZoneInfo(zone), days=1)
    found = list(islice(rule.following(0, BEFORE), 800 if every is Every.DAYS else 40))
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    assert all(earlier.at < later.at for earlier, later in pairwise(found))
    for each in found:
        shown = each.at.astimezone(rule.zone).replace(tzinfo=None)
        assert shown.date() == each.local.date()
        assert shown == (_next_shown(each.local, rule.zone) if _is_skipped(each.local, rule.zone) else each.local)


def _shows(local: datetime, zone: ZoneInfo) -> bool:
    """Tell whether a clock on the wall shows it in any minute of three days."""
    noon = local.replace(tzinfo=UTC)
    return any((noon + timedelta(hours=hours)).astimezone(zone).replace(tzinfo=None) == local for hours in OFFSETS)


OFFSETS = [each / 4 for each in range(-60, 61)]


def _is_skipped(local: datetime, zone: ZoneInfo) -> bool:
    return not _shows(local, zone)


def _next_shown(local: datetime, zone: ZoneInfo) -> datetime:
    while not _shows(local, zone):
        local += timedelta(minutes=1)
    return local


def test_every_week_it_is_the_same_weekday_and_hour() -> None:
    rule = Recurrence(Every.WEEK, typed("2027-03-16T10:00"), ZoneInfo("Europe/Berlin"))
    assert rule.words == "Every week on Tuesday at 10:00 (Europe/Berlin)"
    assert locals_of(rule, 3) == ["2027-03-16T10:00+01:00", "2027-03-23T10:00+01:00", "2027-03-30T10:00+02:00"]


def test_a_month_that_is_too_short_has_it_on_its_last_day() -> None:
    rule = Recurrence(Every.MONTH, typed("2027-12-31T09:00"), ZoneInfo("UTC"))
    assert rule.words == "Every month on the 31st at 09:00 (UTC)"
    days = [each[:10] for each in locals_of(rule, 5)]
    assert days == ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]


@pytest.mark.parametrize(
    ("day", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (13, "13th"), (22, "22nd")]
)
def test_the_day_of_the_month_in_words(day: int, said: str) -> None:
    rule = Recurrence(Every.MONTH, typed(f"2027-01-{day:02}T09:00"), ZoneInfo("America/New_York"), times=12)
    assert rule.words == f"Every month on the {said} at 09:00 (America/New York), 12 times"


def test_it_ends_with_a_day_or_after_a_number_of_times() -> None:
    first = typed("2027-01-01T10:00")
    until = Recurrence(Every.DAYS, first, ZoneInfo("UTC"), days=3, until=date(2027, 1, 7))
    assert until.words == "Every 3 days at 10:00 (UTC), until 7 January 2027"
    assert [each[:10] for each in locals_of(until, 9)] == ["2027-01-01", "2027-01-04", "2027-01-07"]
    assert len(locals_of(Recurrence(Every.DAYS, first, ZoneInfo("UTC"), days=1, times=2), 9)) == 2
    assert locals_of(Recurrence(Every.MONTH, typed("9999-11-30T10:00"), ZoneInfo("UTC")), 9)[1:] == [
        "9999-12-30T10:00+00:00"
    ], "the calendar ends"


@given(
    st.sampled_from(list(Every)),
    st.datetimes(typed("2020-01-01"), typed("2030-01-01")),
    st.integers(1, 60),
    st.integers(0, 40),
    st.datetimes(typed("2019-01-01"), typed("2032-01-01")),
)
def test_what_follows_are_the_dates_after_a_number_and_a_moment(
    every: Every, first: datetime, days: int, number: int, moment: datetime
) -> None:
    rule = Recurrence(every, first, ZoneInfo("America/New_York"), days, times=45)
    after = moment.replace(tzinfo=UTC)
    dates: list[Occurrence | None] = [rule.occurrence(each) for each in range(number + 1, 46)]
    assert list(rule.following(number, after)) == [each for each in dates if each and each.at > after]
