"""Answers to the question of a double opt-in, and short refusals of a broadcast."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.reading.answers import Answer, answer, short_refusal

YES = [
    "yes", "Y", "YES!", "Yes please", "yes, thank you", "Yep", "yup!", "yeah", "Yes yes", "sure", "ok yes",
    "Ok, sure", "👍", "👍🏽", "✅", "yes 👍", "si", "Sí", "Sí, gracias", "oui", "Oui merci", "Ja", "sim", "да", "是的",
    "YES\nSent from my iPhone", "Yes\n\nSent from Yahoo Mail on Android", "Yep\n--\nMary Jones\nBroker",
    "yes I confirm", "Yes, I do.", "yes that's me", "Of course", "absolutely", "“Yes”", "*yes*",
    "Yes.Sent from my T-Mobile 5G Device", "Yeah sure thanks",
]  # fmt: skip
NO = [
    "no", "N", "No.", "nope", "Nah", "no thanks", "No, thank you!", "no thx", "👎", "👎🏿", "❌", "non", "Non merci",
    "not me", "That's not me", "nein", "não", "нет", "No\nSent from my iPad", "No gracias", "not interested",
    "I don't", "it wasn't me", "No I didn't",
]  # fmt: skip
UNCLEAR = [
    "yess", "yesss", "ye", "ya", "ok", "OK!", "Okay thanks", "k", "I guess", "I guess so", "maybe", "Maybe yes",
    "yes but who is this", "Yes?", "yes if it is free", "Fine", "alright", "👌", "🙏", "👍👎", "yes 👎",
    "yes but", "sure but", "Yes, sorry but", "Yes\nNever Mind", "Yes\nNot Maria", "Yes\nJust Kidding", "Yes\nNot Today",
    "Yes\nWho Dis", "Yes\nHang On", "Sure\nIf You Pay", "Yes\nWrong Person", "Y\nTomorrow Maybe", "Yes\nI Moved",
    "Yep\nMaria Died", "Yes\nThis Is Maria", "Yes\nCancel That", "yes\n- Not Really", "Sí\nNo Gracias",
    "Sí\nPero Luego",
    "Yes\nYou Wish", "Yes\nAs If", "Yes\nWhat For", "Yes\nIsn’t Mine", "Yes\nHaha", "Yes\nTry Again Later",
    "ok but not too many", "yes stop", "no yes", "Sure, what is this?", "confirm", "vale", "probably",
]  # fmt: skip
NOTHING = [
    "", " ", "hello", "who is this?", "volunteer", "I can come on Saturday", "what does this confirm", "!!!", "🛑",
    "7pm works", "Liked “Reply YES to confirm”", "yesterday I was ill", "the shift was fine", "number", "note",
    "see you there",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        *((text, Answer.YES) for text in YES),
        *((text, Answer.NO) for text in NO),
        *((text, Answer.UNCLEAR) for text in UNCLEAR),
        *((text, None) for text in NOTHING),
    ],
)
def test_what_a_text_answers(text: str, wanted: Answer | None) -> None:
    assert answer(text) is wanted


REFUSALS = [
    "no", "No!", "n", "nope", "nah", "exit", "EXIT", "out", "leave", "s", "S", "x", "end me", "done", "I'm done",
    "pass", "hard pass", "not me", "enough", "block", "mute", "no thanks", "No, thank you", "cease", "please leave",
    "Out please", "no\nSent from my iPhone", "no no no", "No gracias", "non merci", "“exit”",
]  # fmt: skip
NO_REFUSALS = [
    "", "no?", "leave?", "what", "no problem", "leave at 5", "I'm out of town", "yes", "done with my shift now",
    "no you rock", "pass it on", "the way out", "ok", "👍", "no worries", "not me but Tom", "s" * 500,
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSALS)
def test_a_short_refusal(text: str) -> None:
    assert short_refusal(text)


@pytest.mark.parametrize("text", NO_REFUSALS)
def test_what_is_no_short_refusal(text: str) -> None:
    assert not short_refusal(text)


@given(st.text(max_size=300))
def test_any_text_may_come_as_an_answer(text: str) -> None:
    assert answer(text) in (*Answer, None)
    assert short_refusal(text) in (True, False)


@given(st.text(alphabet=st.sampled_from("abdfgjklmqtvwxz .!"), max_size=100))
def test_no_yes_is_made_of_other_letters(text: str) -> None:
    assert answer(text) is not Answer.YES or "ja" in text.lower()


@pytest.mark.parametrize("piece", ["yes ", "no ", "please ", "ok yes ", "i ", "y", "e", "\n--\n", "sent from my "])
def test_a_hostile_text_is_answered_at_once(piece: str) -> None:
    text = piece * (2000 // len(piece))
    began = time.perf_counter()
    for size in (60, 200, 800, 2000):
        answer(text[:size] + "§")
        short_refusal(text[:size] + "§")
    assert time.perf_counter() - began < 0.2


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("YES\nMaya Chen", Answer.YES),
        ("Y\n- Maya", Answer.YES),
        ("yes please\n\nJ. O’Brien-Ortiz", Answer.YES),
        ("No\nMaya Chen", Answer.NO),
        ("ok\nMaya", Answer.UNCLEAR),
        ("Sure\nJosé Ortiz", Answer.YES),
        ("yes\n— Priya N.", Answer.YES),
        ("Yes\nSent from my iPhone", Answer.YES),
        ("YES\nMaybe", Answer.UNCLEAR),
        ("YES\nNever", Answer.UNCLEAR),
        ("YES\nbut not on Sundays", Answer.UNCLEAR),
        ("YES\nWho Are You?", Answer.UNCLEAR),
        ("YES\nMAYA", Answer.UNCLEAR),
        ("Hello\nMaya Chen", None),
        ("Maya Chen", None),
    ],
)
def test_a_name_below_an_answer_is_a_signature(text: str, wanted: Answer | None) -> None:
    assert answer(text) is wanted
