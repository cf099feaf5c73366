"""How many texts people are promised, read from what they are told."""

import pytest

from optin.texts import promised


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("Up to 4 msgs/month", (4, "month")),
        ("2 msgs/mo. Msg & data rates may apply", (2, "month")),
        ("Text RIVER to get up to 4 texts a month.", (4, "month")),
        ("one message per week", (1, "week")),
        ("At most 3 text messages every day", (3, "day")),
        ("10 alerts/wk", (10, "week")),
        ("Msg frequency varies", None),
        ("Join our 2 gardens a month", None),
        ("0 texts a day", None),
        ("Open 4 days a week. Text us", None),
        ("", None),
    ],
)
def test_a_promise_in_words(told: str, read: tuple[int, str] | None) -> None:
    assert promised.read(told) == read
