"""When a text of a series is due, and what becomes of a turn: the rules as tables of plain values."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.consent import hours
from optin.enums import OptInStatus
from optin.sending.series_turns import DAY, HOUR, Decided, Standing, Turn, Wait, decide

NEW_YORK, DENVER, BERLIN = "America/New_York", "America/Denver", "Europe/Berlin"
NOON = datetime(2027, 3, 10, 12, 0, tzinfo=UTC)
ACTIVE, PENDING, INACTIVE = OptInStatus.ACTIVE, OptInStatus.PENDING, OptInStatus.INACTIVE


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("wait", "zones", "begins", "due"),
    [
        (Wait(HOUR), [NEW_YORK], "2027-03-10T12:00", "2027-03-10T13:00"),
        (Wait(2 * DAY), [NEW_YORK], "2027-03-13T12:00", "2027-03-15T12:00"),  # 48 hours, whatever the clocks do
        (Wait(DAY, 10 * HOUR), [NEW_YORK], "2027-03-10T12:00", "2027-03-11T15:00"),
        (Wait(DAY, 10 * HOUR), [NEW_YORK], "2027-03-10T15:00", "2027-03-11T15:00"),  # to the minute: the same day
        (Wait(DAY, 10 * HOUR), [NEW_YORK], "2027-03-10T15:00:01", "2027-03-12T15:00"),
        (Wait(DAY, 10 * HOUR), [NEW_YORK], "2027-03-13T12:00", "2027-03-14T14:00"),  # the clocks went forward
        (Wait(HOUR, 150), [NEW_YORK], "2027-03-14T05:00", "2027-03-14T07:00"),  # 02:30 is skipped: 03:00
        (Wait(HOUR, 90), [NEW_YORK], "2027-11-07T03:00", "2027-11-07T05:30"),  # 01:30 comes twice: the first
        (Wait(HOUR, 90), [NEW_YORK], "2027-11-07T05:00", "2027-11-08T06:30"),  # and was over
        (Wait(HOUR, 0), [BERLIN], "2027-03-10T22:00", "2027-03-10T23:00"),
        (Wait(HOUR, 10 * HOUR), [NEW_YORK, DENVER], "2027-03-10T13:30", "2027-03-10T17:00"),  # ten in Denver
        (Wait(HOUR, 10 * HOUR), [DENVER, NEW_YORK], "2027-03-10T13:30", "2027-03-10T17:00"),
        (Wait(HOUR, 10 * HOUR), ["Mars/Olympus", BERLIN], "2027-03-10T06:00", "2027-03-10T09:00"),
        (Wait(HOUR, 10 * HOUR), [], "2027-03-10T06:00", "2027-03-10T10:00"),
        (Wait(HOUR, 10 * HOUR), [""], "2027-03-10T06:00", "2027-03-10T10:00"),
    ],
)
def test_a_wait_is_over(wait: Wait, zones: Sequence[str], begins: str, due: str) -> None:
    assert wait.after(utc(begins), zones) == utc(due)


@given(
    st.integers(HOUR, 90 * DAY),
    st.none() | st.integers(0, DAY - 1),
    st.integers(0, 2 * 365 * DAY),
    st.lists(st.sampled_from((NEW_YORK, DENVER, BERLIN, "Asia/Kolkata", "Pacific/Apia")), unique=True),
)
def test_a_wait_is_never_shorter_and_at_most_some_25_hours_longer(
    minutes: int, at: int | None, begins_after: int, zones: list[str]
) -> None:
    begins = NOON + timedelta(minutes=begins_after)
    more = Wait(minutes, at).after(begins, zones) - begins - timedelta(minutes=minutes)
    assert timedelta() <= more <= timedelta(hours=25)
    if at is not None and zones:
        shown = [each.at for each in hours.local_times(zones, begins + timedelta(minutes=minutes) + more, None)]
        # a time that the clocks skip is the next that there is
        assert any((each.hour * HOUR + each.minute - at) % DAY in (0, *range(1, HOUR + 1)) for each in shown)


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (Wait(HOUR), "1 hour after text 1"),
        (Wait(36 * HOUR), "36 hours after text 1"),
        (Wait(DAY), "1 day after text 1"),
        (Wait(3 * DAY, 9 * HOUR + 5), "3 days after text 1, then at 09:05 where they are"),
    ],
)
def test_a_wait_is_said_in_words(wait: Wait, words: str) -> None:
    assert wait.words("text 1") == words


FIRST = Standing(ACTIVE, began_at=NOON, ended_at=None, started_at=NOON - timedelta(days=9))
SECOND = replace(FIRST, turn_at=NOON, sent_at=NOON)


def hours_later(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("standing", "now", "turn", "at"),
    [
        # of an opt-in at noon, with a wait of two hours
        (FIRST, 1, Turn.WAITS, 2),
        (FIRST, 2, Turn.GOES, 2),
        (FIRST, 25.9, Turn.GOES, 2),
        (FIRST, 26, Turn.LATE, 2),
        # the start of the series counts for who was in before it
        (replace(FIRST, started_at=hours_later(5)), 6, Turn.WAITS, 7),
        # who waits to be asked whether they mean it
        (replace(FIRST, status=PENDING, began_at=None), 3, Turn.WAITS, 5),
        # who has left may be back by a correction for ten days
        (replace(FIRST, status=INACTIVE, ended_at=hours_later(1)), 3, Turn.WAITS, 27),
        (replace(FIRST, status=INACTIVE, ended_at=hours_later(1)), 241, Turn.LEFT, 265),
        (replace(FIRST, status=OptInStatus.EXPIRED), 3, Turn.LEFT, 27),
        # after a text the wait begins as it was sent, whatever had kept it back
        (SECOND, 1, Turn.WAITS, 2),
        (replace(SECOND, sent_at=hours_later(3)), 4, Turn.WAITS, 5),
        (replace(SECOND, sent_at=hours_later(3)), 5, Turn.GOES, 5),
        (replace(SECOND, under_way=True, sent_at=None), 4, Turn.WAITS, 6),
        (replace(SECOND, under_way=True, sent_at=hours_later(9)), 4, Turn.WAITS, 11),
        (replace(SECOND, under_way=True, sent_at=hours_later(3)), 4, Turn.WAITS, 6),
        # of one who had left out a text, as it was decided
        (replace(SECOND, turn_at=hours_later(3), sent_at=None), 4, Turn.WAITS, 5),
        # a new opt-in begins the wait anew
        (replace(SECOND, began_at=hours_later(7)), 8, Turn.WAITS, 9),
        (replace(SECOND, began_at=hours_later(7)), 9, Turn.GOES, 9),
        # what was due before the database was restored may have been sent then
        (replace(FIRST, passed_to=hours_later(2)), 2.1, Turn.MAY_HAVE_GONE, 2),
        (replace(FIRST, passed_to=hours_later(1.9)), 2.1, Turn.GOES, 2),
        (replace(FIRST, passed_to=hours_later(90)), 99, Turn.MAY_HAVE_GONE, 2),
    ],
)
def test_a_turn_is_decided(standing: Standing, now: float, turn: Turn, at: float) -> None:
    assert decide(standing, Wait(2 * HOUR), hours_later(now)) == Decided(turn, hours_later(at))


@given(
    st.integers(HOUR, 5 * DAY),
    st.integers(0, 20 * DAY),
    st.none() | st.integers(0, 20 * DAY),
    st.none() | st.integers(0, 20 * DAY),
    st.booleans(),
)
def test_a_text_never_goes_before_the_wait_after_what_was_before_it(
    minutes: int, now: int, turn_at: int | None, sent_at: int | None, under_way: bool
) -> None:
    def moment(minute: int | None) -> datetime | None:
        return None if minute is None else NOON + timedelta(minutes=minute)

    standing = replace(FIRST, turn_at=moment(turn_at), sent_at=moment(sent_at), under_way=under_way)
    present = NOON + timedelta(minutes=now)
    decided = decide(standing, Wait(minutes), present)
    before = max(filter(None, (NOON, standing.turn_at, standing.sent_at)))
    if decided.turn is Turn.GOES:
        assert not under_way
        assert present >= before + timedelta(minutes=minutes)
    elif decided.turn is Turn.WAITS:
        assert decided.at > present
