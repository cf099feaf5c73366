"""The test of two texts: who is in it, which text wins, and what forbids it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.enums import Variant, WinsBy
from optin.texts import text_test
from optin.texts.text_test import TextTest, VariantFigures

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@given(st.integers(0, 60_000), st.sampled_from(text_test.PERCENTS), st.text(max_size=5))
def test_half_of_the_test_gets_each_text_and_nobody_two(people: int, percent: int, seed: str) -> None:
    size = text_test.test_size(people, percent)
    drawn = text_test.places(people, size, seed)
    assert len(drawn) == size
    assert list(drawn.values()).count(Variant.A) == size // 2
    assert all(0 <= place < people for place in drawn)
    assert drawn == text_test.places(people, size, seed)


@pytest.mark.parametrize(
    ("people", "percent", "size"),
    [(1000, 20, 200), (1001, 20, 200), (100, 20, 0), (101, 20, 100), (300, 50, 150), (1_000_000, 50, 20_000)],
)
def test_how_many_are_in_it(people: int, percent: int, size: int) -> None:
    assert text_test.test_size(people, percent) == size


def test_both_texts_are_spread_alike_over_the_numbers() -> None:
    drawn = text_test.places(1000, 200, "any")
    for begin in range(0, 1000, 100):
        block = [drawn[place] for place in range(begin, begin + 100) if place in drawn]
        assert (block.count(Variant.A), block.count(Variant.B)) == (10, 10)
    assert drawn != text_test.places(1000, 200, "another")
    a_first = sum(drawn[low] is Variant.A for low in sorted(drawn)[::2])
    assert 25 < a_first < 75


@pytest.mark.parametrize(
    ("by", "a", "b", "wins"),
    [
        (WinsBy.ANSWERS, (200, 11, 0), (200, 14, 9), Variant.B),
        (WinsBy.ANSWERS, (200, 14, 9), (200, 11, 0), Variant.A),
        (WinsBy.ANSWERS, (200, 11, 5), (200, 11, 0), Variant.A),
        (WinsBy.OPT_OUTS, (200, 11, 3), (200, 0, 2), Variant.B),
        (WinsBy.OPT_OUTS, (200, 11, 3), (200, 99, 3), Variant.A),
        (WinsBy.ANSWERS, (100, 11, 0), (200, 20, 0), Variant.A),
        (WinsBy.ANSWERS, (0, 0, 0), (200, 20, 0), Variant.A),
        (WinsBy.OPT_OUTS, (200, 3, 9), (0, 0, 0), Variant.A),
    ],
)
def test_what_was_chosen_beforehand_decides(
    by: WinsBy, a: tuple[int, int, int], b: tuple[int, int, int], wins: Variant
) -> None:
    assert text_test.winner(by, (VariantFigures(Variant.A, *a), VariantFigures(Variant.B, *b))) is wins


def test_what_makes_no_sense_is_refused_with_a_sentence() -> None:
    test = TextTest("Two", hours=4)
    assert text_test.faults(test, "One", NOW, None, canary=False) == []
    assert text_test.faults(test, "One", NOW, NOW + timedelta(hours=5), canary=False) == []
    assert text_test.faults(test, "Two", NOW, None, canary=False) == [text_test.SAME]
    assert text_test.faults(test, "One", NOW, None, canary=True) == [text_test.TWO_FIRSTS]
    assert "before its end" in text_test.faults(test, "One", NOW, NOW + timedelta(hours=4), canary=False)[0]
    assert text_test.too_few(101) == ""
    assert text_test.too_few(100).startswith("100 people can receive it, and a test needs more than 100")
