"""What a test of two texts says: the counts, how often chance does that, and why the winner goes to the others."""

import pytest

from optin.enums import Variant, WinsBy
from optin.sending import variant_words
from optin.texts.text_test import VariantFigures


def said(by: WinsBy, a: tuple[int, int, int], b: tuple[int, int, int]) -> str:
    return variant_words.because(by, (VariantFigures(Variant.A, *a), VariantFigures(Variant.B, *b)))


def test_within_chance_it_says_so_and_that_the_rule_decides() -> None:
    assert said(WinsBy.ANSWERS, (200, 11, 0), (200, 14, 0)) == (
        "Text B got 14 answers of 200, Text A got 11 answers of 200: of two texts that are equally good, a difference "
        "like this or a larger one comes by chance in about 7 of 10 tests. That is within chance. Text B goes to the "
        "others for the most answers, as was said beforehand."
    )


@pytest.mark.parametrize("hits", [0, 7])
def test_without_a_difference_the_first_text_goes(hits: int) -> None:
    assert "no difference. Then the first text goes to the others" in said(
        WinsBy.OPT_OUTS, (200, 0, hits), (200, 0, hits)
    )


def test_more_than_chance() -> None:
    found = said(WinsBy.OPT_OUTS, (200, 0, 20), (200, 0, 2))
    assert found.startswith("Text B got 2 opt-outs of 200, Text A got 20 opt-outs of 200")
    assert "fewer than 1 of 1,000 tests. Text B is better by more than chance" in found


def test_a_text_that_went_to_nobody_is_compared_with_nothing() -> None:
    assert "nothing to compare. Text A goes to the others." in said(WinsBy.ANSWERS, (0, 0, 0), (50, 3, 0))


def test_few_people_can_tell_little() -> None:
    assert "If 5 of them answer the one, 15 have to answer the other" in variant_words.can_tell(100)
    assert "These are few" in variant_words.can_tell(50)
    assert "These are few" not in variant_words.can_tell(2000)


@pytest.mark.parametrize(
    ("picked", "answers", "end"),
    [
        (Variant.A, (9, 2), "A user decided that Text A goes to the others."),
        (Variant.B, (9, 2), "A user decided that Text B goes to the others, although Text A got the most answers."),
        (Variant.B, (9, 9), "A user decided that Text B goes to the others."),
    ],
)
def test_what_a_user_picks_is_told_with_the_figures(picked: Variant, answers: tuple[int, int], end: str) -> None:
    found = [VariantFigures(one, 50, count) for one, count in zip(Variant, answers, strict=True)]
    said = variant_words.because_picked(WinsBy.ANSWERS, found, picked)
    assert said.startswith(variant_words.compared(WinsBy.ANSWERS, found))
    assert said.endswith(end)
