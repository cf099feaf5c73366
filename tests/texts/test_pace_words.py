"""How long a broadcast takes, in words."""

import pytest

from optin.texts.pace_words import about, pace_words


@pytest.mark.parametrize(
    ("segments", "rate", "spread", "said"),
    [
        (1000, None, 0, "As fast as Twilio takes them"),
        (1200, 1.0, 0, "1 segment a second: about 20 minutes"),
        (10, 3.0, 0, "3 segments a second: less than a minute"),
        (1000, 0.5, 0, "0.5 segments a second: about 33 minutes"),
        (1000, None, 60, "Spread over 1 hour"),
        (1000, 100.0, 60, "Spread over 1 hour"),
        (3600, 1.0, 60, "Spread over 1 hour"),
        (7200, 1.0, 60, "Spread over 1 hour, but at 1 segment a second it takes about 2 hours"),
    ],
)
def test_it_says_how_long_it_takes(segments: int, rate: float | None, spread: int, said: str) -> None:
    assert pace_words(segments, rate, spread) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a minute"),
        (44, "less than a minute"),
        (45, "about a minute"),
        (89, "about a minute"),
        (90, "about 2 minutes"),
        (44 * 60, "about 44 minutes"),
        (45 * 60, "about an hour"),
        (90 * 60, "about 2 hours"),
        (17 * 3600, "about 17 hours"),
        (18 * 3600, "about a day"),
        (200 * 3600, "about 8 days"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert about(seconds) == said
