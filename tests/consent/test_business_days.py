"""The ten business days of 47 CFR 64.1200(a)(10), by a calendar that a person can check (November 2026)."""

from datetime import date, timedelta

import pytest

from optin.consent.business_days import between, days_left, deadline


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (date(2026, 11, 2), date(2026, 11, 16)),  # Monday -> Monday two weeks later
        (date(2026, 11, 6), date(2026, 11, 20)),  # Friday -> Friday
        (date(2026, 11, 7), date(2026, 11, 20)),  # Saturday: the first day is Monday 9
        (date(2026, 11, 8), date(2026, 11, 20)),  # Sunday: the same
        (date(2026, 12, 24), date(2027, 1, 7)),  # holidays count, so the deadline shown is never late
    ],
)
def test_the_deadline_is_the_tenth_business_day_after_receipt(received: date, last: date) -> None:
    assert deadline(received) == last


@pytest.mark.parametrize(
    ("received", "today", "left"),
    [
        (date(2026, 11, 13), date(2026, 11, 13), 10),  # Friday, the day of receipt
        (date(2026, 11, 13), date(2026, 11, 15), 10),  # Sunday: no business day has passed
        (date(2026, 11, 13), date(2026, 11, 16), 9),  # Monday
        (date(2026, 11, 13), date(2026, 11, 20), 5),
        (date(2026, 11, 13), date(2026, 11, 22), 5),
        (date(2026, 11, 13), date(2026, 11, 26), 1),
        (date(2026, 11, 13), date(2026, 11, 27), 0),  # the last day
        (date(2026, 11, 13), date(2026, 11, 28), 0),  # Saturday after it: no business day more
        (date(2026, 11, 13), date(2026, 11, 30), -1),
        (date(2026, 11, 13), date(2026, 12, 7), -6),
        (date(2026, 11, 14), date(2026, 11, 14), 10),  # received on a Saturday
    ],
)
def test_days_left(received: date, today: date, left: int) -> None:
    assert days_left(received, today) == left


def test_counting_agrees_with_a_walk_through_the_days() -> None:
    start = date(2026, 10, 1)
    for first in range(9):
        for span in range(40):
            begin = start + timedelta(days=first)
            walked = sum((begin + timedelta(days=ahead)).weekday() < 5 for ahead in range(1, span + 1))
            assert between(begin, begin + timedelta(days=span)) == walked
