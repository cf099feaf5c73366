"""The rules by which a broadcast stops by itself, as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.sending import brakes
from optin.sending.brakes import Figures, Limits

FILTERED = "2 of 100 messages were filtered by a carrier (30007), above the limit of 1 %"


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [  # Newcombe 1998, table I, and what is worked out by hand
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
        (0, 50, 0.0, 0.0713),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson(count: int, of: int, low: float, high: float) -> None:
    found = brakes.wilson(count, of)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_the_interval_holds_the_share(count: int, more: int) -> None:
    of = count + more
    found = brakes.wilson(count, of)
    assert 0 <= found.low <= count / of <= found.high <= 1


@pytest.mark.parametrize(
    ("people", "least", "percent", "size"),
    [
        (51, 50, 1, 50),
        (50, 50, 1, 0),
        (0, 50, 1, 0),
        (5000, 50, 1, 50),
        (5001, 50, 1, 51),
        (10**6, 50, 1, 10_000),
        (9, 3, 0, 3),
    ],
)
def test_how_many_come_first(people: int, least: int, percent: int, size: int) -> None:
    assert brakes.canary_size(people, least, percent) == size


@pytest.mark.parametrize(
    ("figures", "usual", "said"),
    [
        (Figures(0), None, ""),
        (Figures(100, failed=5), None, ""),
        (Figures(100, failed=6), None, "6 of 100 messages failed, above the limit of 5 %"),
        (Figures(100, failed=1, filtered=1), None, ""),
        (Figures(100, failed=2, filtered=2), None, FILTERED),
        (Figures(100, opt_outs=30), None, ""),  # nobody knows what is usual
        (Figures(50, opt_outs=1), 0.0, ""),
        (Figures(50, opt_outs=4), 0.01, "4 of 50 people opted out, more than 2 times the usual 1.0 %"),
        (Figures(50, opt_outs=4), 0.02, ""),
        (Figures(10_000, opt_outs=130), 0.005, "130 of 10000 people opted out, more than 2 times the usual 0.5 %"),
        (Figures(10_000, opt_outs=110), 0.005, ""),
        (Figures(10_000, opt_outs=90), 0.0001, ""),
    ],
)  # fmt: skip
def test_what_is_above_the_limits(figures: Figures, usual: float | None, said: str) -> None:
    assert brakes.above(figures, Limits(), usual) == said
