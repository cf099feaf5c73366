"""When a broadcast is to go: local times, clocks that change, what is no time or has passed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from optin.texts import send_time
from optin.texts.send_time import SendTime

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
LOS_ANGELES = ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize(
    ("typed", "zone", "moment"),
    [
        ("2026-11-27T10:00", "America/Los_Angeles", "2026-11-27T18:00+00:00"),
        ("2026-11-27T10:00:30", "UTC", "2026-11-27T10:00:30+00:00"),
        ("2026-11-27 10:00", "Asia/Kathmandu", "2026-11-27T04:15+00:00"),
        ("2027-03-28T03:00", "Europe/Berlin", "2027-03-28T01:00+00:00"),  # the first minute after the gap
        ("2027-10-31T02:30", "Europe/Berlin", "2027-10-31T00:30+00:00"),  # comes twice: the first
    ],
)
def test_a_local_time_is_a_moment(typed: str, zone: str, moment: str) -> None:
    plan = SendTime(ZoneInfo(zone), later=True, typed=typed)
    assert plan.fault(NOW) == ""
    assert plan.starts_at == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Choose the day and time"),
        ("tomorrow", "Choose the day and time"),
        ("2026-11-27", "Choose the day and time"),
        ("2026-02-30T10:00", "Choose the day and time"),
        ("2026-11-27T10:00+01:00", "Choose the day and time"),
        ("9999-12-31T23:00", "Choose the day and time"),
        ("0001-01-01T00:00", "That time has passed."),
        ("2026-11-25T01:00", "That time has passed."),  # this very minute in Los Angeles
        ("2026-11-24T23:00", "That time has passed."),
        ("2027-03-14T02:30", "02:30 does not exist there"),
        ("2027-11-27T10:00", "within the next 12 months"),
    ],
)
def test_what_is_no_time_to_send_at(typed: str, sentence: str) -> None:
    assert sentence in SendTime(LOS_ANGELES, later=True, typed=typed).fault(NOW)


def test_now_needs_no_time() -> None:
    plan = SendTime(LOS_ANGELES, typed="nonsense")
    assert (plan.starts_at, plan.fault(NOW)) == (None, "")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc", "America", "\0"])
def test_a_zone_that_is_none_is_the_users(zone: str) -> None:
    plan = send_time.of_form({"when": "later", "at": " 2026-11-27T10:00\0", "zone": zone}, LOS_ANGELES)
    assert plan == SendTime(LOS_ANGELES, True, "2026-11-27T10:00")


def test_the_form_keeps_the_zone_in_which_it_was_typed() -> None:
    plan = send_time.of_form({"when": "later", "at": "2026-11-27T10:00", "zone": "Europe/Berlin"}, LOS_ANGELES)
    assert plan.starts_at == datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


def test_tomorrow_at_ten_is_suggested() -> None:
    late = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)  # still the 24th in Los Angeles
    suggested = SendTime(LOS_ANGELES, typed="2026-11-25T10:00", until="2026-11-25T20:00")  # 23:00: the evening is over
    assert send_time.suggested(LOS_ANGELES, late) == suggested
    assert send_time.suggested(ZoneInfo("UTC"), late).until == "2026-11-25T20:00"


def test_a_last_time_is_a_moment_and_none_unless_it_is_chosen() -> None:
    form = {"last": "by", "until": " 2027-10-31T02:30\0", "zone": "Europe/Berlin"}
    plan = send_time.of_form(form, LOS_ANGELES)
    assert plan.not_after == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)  # comes twice: the first
    assert plan.starts_at is None
    for other in ({**form, "last": ""}, {**form, "last": "nonsense"}, {"until": form["until"]}):
        plan = send_time.of_form(other, LOS_ANGELES)
        assert (plan.not_after, plan.faults(NOW)) == (None, [])


@pytest.mark.parametrize(
    ("until", "at", "sentence"),
    [
        ("", "", "Choose the day and time to stop"),
        ("tonight", "", "Choose the day and time to stop"),
        ("2026-11-26", "", "Choose the day and time to stop"),
        ("9999-12-31T23:00", "", "Choose the day and time to stop"),
        ("2026-11-25T01:00", "", "“Send until” has passed."),  # this very minute in Los Angeles
        ("2027-03-14T02:30", "", "02:30 does not exist there"),
        ("2028-01-01T10:00", "", "Choose an end within the next 12 months."),
        ("2026-11-27T10:00", "2026-11-27T10:00", "before the broadcast starts"),
        ("2026-11-27T09:59", "2026-11-27T10:00", "before the broadcast starts"),
        ("2026-11-27T10:01", "2026-11-27T10:00", ""),
        ("2026-11-25T01:01", "", ""),
    ],
)
def test_what_is_no_last_time(until: str, at: str, sentence: str) -> None:
    plan = SendTime(LOS_ANGELES, later=bool(at), typed=at, ends=True, until=until)
    assert plan.fault(NOW) == ""
    assert sentence in plan.end_fault(NOW)
    assert plan.faults(NOW) == ([plan.end_fault(NOW)] if sentence else [])


def test_both_times_are_told_of() -> None:
    plan = SendTime(LOS_ANGELES, later=True, typed="x", ends=True, until="y")
    assert len(plan.faults(NOW)) == 2


@pytest.mark.parametrize(
    ("typed", "minutes"), [("60", 60), ("480", 480), ("", 0), ("0", 0), ("61", 0), ("-60", 0), ("x", 0), ("060", 0)]
)
def test_a_form_says_over_what_time_it_is_spread(typed: str, minutes: int) -> None:
    assert send_time.of_form({"spread": typed}, LOS_ANGELES).spread == minutes


@pytest.mark.parametrize(
    ("spread", "hours_left", "is_fault"),
    [(60, 2, False), (120, 2, False), (240, 2, True), (0, 2, False), (240, 0, False)],
)
def test_what_is_spread_must_be_over_before_the_last_time(spread: int, hours_left: int, is_fault: bool) -> None:
    until = (NOW + timedelta(hours=hours_left)).astimezone(LOS_ANGELES).strftime("%Y-%m-%dT%H:%M:%S")
    plan = SendTime(LOS_ANGELES, ends=bool(hours_left), until=until, spread=spread)
    assert bool(plan.spread_fault(NOW)) is is_fault
    assert (plan.spread_fault(NOW) in plan.faults(NOW)) is is_fault


def test_spreads_in_words() -> None:
    said = [send_time.spread_words(minutes) for minutes in send_time.SPREADS]
    assert said == ["15 minutes", "30 minutes", "1 hour", "2 hours", "4 hours", "8 hours"]
