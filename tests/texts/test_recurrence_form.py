"""What a form says about sending again: read, carried on, and refused with a sentence."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from optin.enums import Every
from optin.texts import recurrence_form
from optin.texts.recurrence import Recurrence
from optin.texts.recurrence_form import Again
from optin.texts.send_time import SendTime

ZONE = ZoneInfo("Europe/Berlin")
FIRST = datetime.fromisoformat("2027-01-05T10:00")
PLAN = SendTime(ZONE, later=True, typed="2027-01-05T10:00")


@pytest.mark.parametrize(
    ("form", "rule"),
    [
        ({}, None),
        ({"again": ""}, None),
        ({"again": "hourly"}, None),
        ({"again": "week"}, Recurrence(Every.WEEK, FIRST, ZONE)),
        ({"again": "week", "again_days": "x"}, Recurrence(Every.WEEK, FIRST, ZONE)),
        ({"again": "days", "again_days": "10"}, Recurrence(Every.DAYS, FIRST, ZONE, 10)),
        (
            {"again": "month", "again_end": "until", "again_until": "2027-01-05"},
            Recurrence(Every.MONTH, FIRST, ZONE, until=date(2027, 1, 5)),
        ),
        (
            {"again": "month", "again_end": "times", "again_times": "12", "again_until": "x"},
            Recurrence(Every.MONTH, FIRST, ZONE, times=12),
        ),
    ],
)
def test_a_form_asks_for_dates(form: dict[str, str], rule: Recurrence | None) -> None:
    again = recurrence_form.of_form(form)
    assert again.fault(PLAN) == ""
    assert again.recurrence(PLAN) == rule
    assert recurrence_form.of_form(again.hidden) == again
    assert again.recurrence(SendTime(ZONE, typed=PLAN.typed)) is None, "what goes now does not go again"


@pytest.mark.parametrize(
    ("again", "sentence"),
    [
        (Again(Every.DAYS), "every how many days"),
        (Again(Every.DAYS, "0"), "every how many days"),
        (Again(Every.DAYS, "366"), "every how many days"),
        (Again(Every.DAYS, "²"), "every how many days"),
        (Again(Every.WEEK, end="times"), "how many times"),
        (Again(Every.WEEK, end="times", times="1"), "how many times"),
        (Again(Every.WEEK, end="times", times="1001"), "how many times"),
        (Again(Every.WEEK, end="times", times="-3"), "how many times"),
        (Again(Every.WEEK, end="until"), "the last day"),
        (Again(Every.WEEK, end="until", until="2027-02-30"), "the last day"),
        (Again(Every.WEEK, end="until", until="2027-01-04"), "before the first"),
    ],
)
def test_what_is_no_answer_is_refused_with_a_sentence(again: Again, sentence: str) -> None:
    assert sentence in again.fault(PLAN)
    assert again.recurrence(PLAN) is None
    assert again.fault(SendTime(ZONE)) == "", "it is not asked for"
