"""Until when texts are of use that speak of a day or an hour, and texts that only look so."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from optin.texts.meant_day import meant_day

ZONE = ZoneInfo("America/Los_Angeles")
START = datetime(2026, 11, 25, 14, 30, tzinfo=ZONE)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "words", "until"),
    [
        ("See you tonight!", "tonight", "26T00:00"),
        ("TODAY only", "TODAY", "26T00:00"),
        ("this evening at the pier", "this evening", "26T00:00"),
        ("Join us tomorrow at 9", "tomorrow", "26T00:00"),
        ("À ce soir", "ce soir", "26T00:00"),
        ("Nos vemos esta noche", "esta noche", "26T00:00"),
        ("see you today", "today", "26T00:00"),
        ("Hoy!", "Hoy", "26T00:00"),
        ("2nite at 8", "2nite", "26T00:00"),
        ("Clean-up on Saturday at 9", "Saturday", "29T00:00"),
        ("This Wednesday we meet", "Wednesday", "26T00:00"),
        ("Tuesday: gloves", "Tuesday", "02T00:00"),
        ("Doors open at 5.", "at 5", "25T17:00"),
        ("Come by 6:30 pm and bring a friend", "by 6:30 pm", "25T18:30"),
        ("Polls close at 8 p.m.", "at 8 p.m.", "25T20:00"),
        ("We start at 19:45", "at 19:45", "25T19:45"),
    ],
)  # fmt: skip
def test_texts_that_are_of_use_until_then(text: str, words: str, until: str) -> None:
    found = meant_day(text, START)
    assert found is not None
    assert found.words == words
    assert f"{found.until:%dT%H:%M}" == until
    assert found.until.tzinfo is ZONE


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for coming", "Every Saturday at 9", "Saturdays at the pier", "Open daily at 9 am",
        "next Monday at 5", "yesterday", "todays", "this is evening wear", "cehoyo",
        "On 12/03 at 5", "December 3 at 5", "the 3rd at 5", "Meet at 5 Main Street", "at 50% off", "by 2 people",
        "Hi {{ today }}", "The Todays Show", "We met at 9.", "{{ first_name | tonight }}", "at 25",
        "at 13 pm", "Sundays",
        "Each Friday we walk", "at 0", "Until 5 people sign up", "", "Room at 5th Avenue", "Version 2. At 300 members",
    ],
)  # fmt: skip
def test_texts_that_say_nothing_of_it(text: str) -> None:
    assert meant_day(text, START) is None
