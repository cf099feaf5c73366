"""Sending hours: windows, several zones, unknown zones, and the nights when the clocks change."""

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.consent.hours import HORIZON, closed_zone_groups, is_open, next_open, window_refusal

DAY = (time(8), time(20))
ALWAYS = (time(0), time(0))
NEW_YORK = "America/New_York"
LOS_ANGELES = "America/Los_Angeles"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(text: str) -> tuple[time, time]:
    start, end = text.split("-")
    return time.fromisoformat(start), time.fromisoformat(end)


# New York is 4 hours behind UTC in July, Los Angeles 7.
@pytest.mark.parametrize(
    ("zones", "moment", "hours", "expected"),
    [
        ([NEW_YORK], "2026-07-01 11:59:59.999999", "08:00-20:00", False),
        ([NEW_YORK], "2026-07-01 12:00", "08:00-20:00", True),
        ([NEW_YORK], "2026-07-01 23:59:59.999999", "08:00-20:00", True),
        ([NEW_YORK], "2026-07-02 00:00", "08:00-20:00", False),
        ([NEW_YORK], "2026-01-15 12:00", "08:00-20:00", False),  # winter: 07:00 there
        ([LOS_ANGELES], "2026-07-01 14:59", "08:00-20:00", False),
        ([LOS_ANGELES, NEW_YORK], "2026-07-01 12:00", "08:00-20:00", False),
        ([LOS_ANGELES, NEW_YORK], "2026-07-01 15:00", "08:00-20:00", True),
        ([LOS_ANGELES, NEW_YORK], "2026-07-02 00:00", "08:00-20:00", False),  # 17:00 and 20:00
        (["Asia/Kathmandu"], "2026-07-01 02:14", "08:00-20:00", False),  # 5:45 ahead
        (["Asia/Kathmandu"], "2026-07-01 02:15", "08:00-20:00", True),
        (["Asia/Calcutta"], "2026-07-01 02:30", "08:00-20:00", True),  # old spelling
        (["UTC"], "2026-07-01 23:59:59", "08:00-00:00", True),
        (["UTC"], "2026-07-01 00:00", "08:00-00:00", False),
        (["UTC"], "2026-07-01 03:00", "00:00-00:00", True),
    ],
)
def test_is_open(zones, moment, hours, expected):
    assert is_open(zones, utc(moment), window(hours)) is expected


def test_is_open_takes_any_zone_of_the_moment():
    assert is_open([NEW_YORK], datetime(2026, 7, 1, 17, tzinfo=timezone(timedelta(hours=5))), DAY)


UNKNOWN = [[], [""], ["Etc/Unknown"], ["America"], ["../etc/passwd"], ["/etc/localtime"], ["\0"]]


@pytest.mark.parametrize("zones", UNKNOWN)
def test_unknown_zones_fall_back_and_are_closed_without_fallback(zones):
    noon = utc("2026-07-01 16:00")
    assert is_open(zones, noon, DAY, fallback=[NEW_YORK])
    assert not is_open(zones, noon, DAY, fallback=[NEW_YORK, "Asia/Tokyo"])
    assert not is_open(zones, noon, DAY)
    assert not is_open(zones, noon, ALWAYS)
    assert next_open(zones, noon, DAY) is None
    assert next_open(zones, utc("2026-07-01 03:00"), DAY, fallback=[NEW_YORK]) == utc("2026-07-01 12:00")


def test_an_unknown_zone_beside_a_known_one_is_passed_over():
    assert is_open([NEW_YORK, "Etc/Unknown"], utc("2026-07-01 16:00"), DAY, fallback=["Asia/Tokyo"])


@pytest.mark.parametrize(
    ("hours", "refused"),
    [
        ("08:00-20:00", False),
        ("00:00-00:00", False),
        ("00:00-23:59", False),
        ("08:00-00:00", False),
        ("20:00-08:00", True),
        ("09:00-09:00", True),
        ("08:00:30-20:00", True),
        ("08:00-23:59:59", True),
        ("08:00+00:00-20:00+00:00", True),
    ],
)
def test_windows(hours, refused):
    asked = window(hours)
    found = window_refusal(asked)
    if not refused:
        assert found is None
        return
    assert found is not None
    assert found.sentence.startswith("Sending hours")
    for question in (is_open, next_open):
        with pytest.raises(ValueError, match="Sending hours"):
            question([NEW_YORK], utc("2026-07-01 16:00"), asked)
    with pytest.raises(ValueError, match="Sending hours"):
        closed_zone_groups([NEW_YORK], utc("2026-07-01 16:00"), asked)


def test_a_naive_moment_is_refused():
    naive = datetime(2026, 7, 1, 16)  # noqa: DTZ001
    for question in (is_open, next_open):
        with pytest.raises(ValueError, match="time zone"):
            question([NEW_YORK], naive, DAY)


@pytest.mark.parametrize(
    ("zones", "moment", "hours", "expected"),
    [
        ([NEW_YORK], "2026-07-01 16:00:12.5", "08:00-20:00", "2026-07-01 16:00:12.5"),  # open now
        ([NEW_YORK], "2026-07-02 00:00", "08:00-20:00", "2026-07-02 12:00"),
        ([NEW_YORK], "2026-07-02 11:59:59.5", "08:00-20:00", "2026-07-02 12:00"),
        ([LOS_ANGELES, NEW_YORK], "2026-07-01 12:00", "08:00-20:00", "2026-07-01 15:00"),
        ([LOS_ANGELES, NEW_YORK], "2026-07-02 01:00", "08:00-20:00", "2026-07-02 15:00"),
        (["Asia/Kathmandu"], "2026-07-01 00:00:01", "08:00-20:00", "2026-07-01 02:15"),
        # All of North America with its islands: 11:30 there at the earliest, still before 20:00 in Newfoundland.
        (
            ["Pacific/Pago_Pago", "Pacific/Guam", "America/St_Johns"],
            "2026-07-01 00:00",
            "08:00-20:00",
            "2026-07-01 22:00",
        ),
        ([NEW_YORK, "Asia/Tokyo"], "2026-07-01 00:00", "08:00-20:00", "2026-07-01 23:00"),
        ([NEW_YORK, "Asia/Tokyo"], "2026-07-01 00:00", "09:00-17:00", None),
        # Twelve hours apart until the clocks change: no use in waiting for two months.
        ([NEW_YORK, "Asia/Bangkok"], "2026-01-15 00:00", "08:00-20:00", None),
        ([NEW_YORK, "Asia/Bangkok"], "2026-03-05 00:00", "08:00-20:00", "2026-03-08 12:00"),
        # Spring: 02:00 becomes 03:00 in New York at 07:00 UTC.
        ([NEW_YORK], "2026-03-08 05:00", "08:00-20:00", "2026-03-08 12:00"),
        ([NEW_YORK], "2026-03-08 05:00", "02:30-20:00", "2026-03-08 07:00"),
        ([NEW_YORK], "2026-03-08 05:00", "03:00-20:00", "2026-03-08 07:00"),
        ([NEW_YORK], "2026-03-08 05:00", "02:10-02:50", "2026-03-09 06:10"),  # skipped altogether that night
        # Autumn: 02:00 becomes 01:00 again at 06:00 UTC.
        ([NEW_YORK], "2026-11-01 03:00", "08:00-20:00", "2026-11-01 13:00"),
        ([NEW_YORK], "2026-11-01 03:00", "01:30-20:00", "2026-11-01 05:30"),
        ([NEW_YORK], "2026-11-01 06:00", "01:30-20:00", "2026-11-01 06:30"),  # closed again for half an hour
        ([NEW_YORK], "2026-11-01 05:50", "01:30-01:40", "2026-11-01 06:30"),  # the second time that night
        # Lord Howe changes by half an hour: 02:00 becomes 02:30 at 15:30 UTC.
        (["Australia/Lord_Howe"], "2026-10-03 14:00", "02:15-20:00", "2026-10-03 15:30"),
    ],
)
def test_next_open(zones, moment, hours, expected):
    found = next_open(zones, utc(moment), window(hours))
    assert found == (expected and utc(expected))
    assert found is None or found.tzinfo is UTC


def test_closed_zone_groups():
    groups = [NEW_YORK, LOS_ANGELES, f"{NEW_YORK}|America/Detroit", f"{NEW_YORK}|{LOS_ANGELES}", "", "Europe/Paris"]
    # 20:30 in Paris, 14:30 in New York and Detroit, 11:30 in Los Angeles
    assert closed_zone_groups(groups, utc("2026-07-01 18:30"), DAY) == ["", "Europe/Paris"]
    assert closed_zone_groups(groups, utc("2026-07-01 18:30"), DAY, fallback=[NEW_YORK]) == ["Europe/Paris"]
    # 15:30, 09:30, 06:30
    expected = [LOS_ANGELES, f"{NEW_YORK}|{LOS_ANGELES}", ""]
    assert closed_zone_groups(groups, utc("2026-07-01 13:30"), DAY) == expected
    assert closed_zone_groups([], utc("2026-07-01 13:30"), DAY) == []


ZONES = st.lists(
    st.sampled_from(
        f"{NEW_YORK} {LOS_ANGELES} America/St_Johns America/Santiago Europe/Paris Africa/Casablanca Asia/Tehran "
        "Asia/Kathmandu Asia/Tokyo Australia/Lord_Howe Pacific/Chatham Pacific/Apia".split()
    ),
    min_size=1,
    max_size=3,
)
NEAR_CHANGES = st.sampled_from(["2026-03-08", "2026-03-29", "2026-10-04", "2026-11-01", "2026-04-05", "2020-06-15"])
MOMENTS = st.one_of(
    st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.tuples(NEAR_CHANGES, st.integers(-36 * 60, 36 * 60)).map(lambda t: utc(t[0]) + timedelta(minutes=t[1])),
)
MINUTES = st.integers(0, 24 * 60 - 1)
WINDOWS = (
    st.tuples(MINUTES, MINUTES)
    .filter(lambda bounds: bounds[0] < bounds[1] or bounds[1] == 0)
    .map(lambda bounds: (time(bounds[0] // 60, bounds[0] % 60), time(bounds[1] // 60, bounds[1] % 60)))
)


@given(ZONES, MOMENTS, WINDOWS)
def test_is_open_says_what_the_clocks_on_the_wall_say(zones, moment, hours):
    start, end = hours
    walls = [moment.astimezone(ZoneInfo(zone)).time() for zone in zones]
    assert is_open(zones, moment, hours) == all(wall >= start and (wall < end or end == time(0)) for wall in walls)


@given(ZONES, MOMENTS, WINDOWS)
def test_next_open_is_open_and_nothing_before_it_is(zones, moment, hours):
    found = next_open(zones, moment, hours)
    step = timedelta(minutes=1 if found else 15)
    first = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    before = min(found or moment + HORIZON, moment + HORIZON)
    assert found is None or (found >= moment and is_open(zones, found, hours))
    closed = range(int((before - first) / step)) if before > first else range(0)
    assert not any(is_open(zones, first + step * n, hours) for n in closed)
    assert found == moment or not is_open(zones, moment, hours)
