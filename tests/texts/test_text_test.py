"""The test of two texts: who is in it, which text wins, and what forbids it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.enums import Variant, WinsBy
from optin.texts import text_test, text_test_form
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

    def faults(body: str, until: datetime | None = None, *, canary: bool = False, recurs: bool = False) -> list[str]:
        return text_test.faults(test, body, NOW, until, canary=canary, recurs=recurs)

    assert faults("One") == []
    assert faults("One", NOW + timedelta(hours=5)) == []
    assert faults("Two") == [text_test.SAME]
    assert faults("One", canary=True) == [text_test.TWO_FIRSTS]
    assert faults("One", recurs=True) == [text_test.NOT_AGAIN]
    assert "before its end" in faults("One", NOW + timedelta(hours=4))[0]
    assert text_test.faults(None, "One", NOW, None, canary=True, recurs=True) == []
    assert text_test.too_few(101) == ""
    assert text_test.too_few(100).startswith("100 people can receive it, and a test needs more than 100")


def test_each_of_two_texts_says_which_it_is() -> None:
    assert text_test.texts("One", None) == ["One"]
    assert text_test.texts("One", TextTest("Two")) == ["One", "Two"]
    assert text_test.of_each([["too long"]]) == ["too long"]
    assert text_test.of_each([["empty"], ["too long", "odd"]]) == ["Text A: empty", "Text B: too long", "Text B: odd"]


@pytest.mark.parametrize("test", [TextTest("Two"), TextTest("Two", 40, WinsBy.OPT_OUTS, 12, goes_on=False)])
def test_a_form_carries_on_what_was_chosen(test: TextTest) -> None:
    assert text_test_form.of_form(test.hidden, str.strip) == test


def test_a_form_without_a_second_text_tests_nothing_and_what_cannot_be_chosen_is_as_suggested() -> None:
    assert text_test_form.of_form({"other_body": "  ", "test_percent": "40"}, str.strip) is None
    assert text_test_form.of_form({}, str.strip) is None
    odd = {"other_body": " Two ", "test_percent": "41", "wins_by": "luck", "test_hours": "x", "test_then": ""}
    assert text_test_form.of_form(odd, str.strip) == TextTest("Two")


def test_the_choice_is_said_in_words() -> None:
    assert TextTest("Two", 40, WinsBy.OPT_OUTS, 1).words == (
        "40 % of the people get one text or the other. After 1 hour the one with the fewest opt-outs goes to the "
        "others by itself."
    )
    assert "After 4 hours a user sees which has the most answers, and decides" in TextTest("Two", goes_on=False).words
