"""The labelled texts in tests/consent/texts: what people and machines wrote, and how it must be read."""

import pytest

from optin.consent.words import Reading
from optin.terms import HoldCause, Meaning
from tests.consent.confusion import TEXTS, labelled, main, outcome, reading_of

ROWS = [pytest.param(label, text, id=f"{label}-{text[:60]}") for label, text in labelled(*sorted(TEXTS.glob("*.tsv")))]
INNOCENT_HELD = 0.15
"""So many of a hundred ordinary texts may be held at most: each costs somebody a broadcast until it is decided."""


CHANGED_HANDS = [text for label, text in labelled(TEXTS / "changed_hands.tsv") if label == "hold"]


@pytest.mark.parametrize(("label", "text"), ROWS)
def test_each_labelled_text(label: str, text: str) -> None:
    reading = reading_of(text)
    found = outcome(reading)
    match label.partition(":")[0]:
        case "ordinary":
            assert found in ("ordinary", "near", "hold")
        case "hold":
            assert found == "hold"
        case "debatable":
            assert found not in ("optin", "start", "help", "stop one")
        case meant:
            assert found == meant
    if reading.meaning is Meaning.KEYWORD:
        assert reading.keyword in (label.partition(":")[2], "vol")


@pytest.mark.parametrize(("label", "text"), ROWS)
def test_what_is_shown_as_the_reason_stands_in_the_text(label: str, text: str) -> None:
    reading = reading_of(text)
    if outcome(reading) in ("optout", "hold"):
        assert reading.trigger
        assert reading.trigger in text


@pytest.mark.parametrize("file", ["innocent.tsv", "robots.tsv", "later.tsv"])
def test_few_ordinary_texts_are_held(file: str) -> None:
    read = [outcome(reading_of(text)) for label, text in labelled(TEXTS / file) if label == "ordinary"]
    assert len(read) > 50
    assert read.count("hold") <= INNOCENT_HELD * len(read)


@pytest.mark.parametrize("text", CHANGED_HANDS)
def test_a_number_that_changed_hands_is_held_for_that_reason(text: str) -> None:
    reading = reading_of(text)
    assert (reading.meaning, reading.hold) == (Meaning.ORDINARY, HoldCause.NOT_THEIRS)


def test_the_texts_are_many_and_more_of_them_innocent_than_not() -> None:
    labels = [label for label, _ in labelled(*TEXTS.glob("*.tsv"))]
    assert labels.count("optout") > 250
    assert labels.count("ordinary") >= labels.count("optout")


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(TEXTS / "answers.tsv"), "-v"])
    shown = capsys.readouterr().out
    assert "| help | " in shown
    assert "| label | texts | " in shown


def test_an_exact_answer_is_told_from_one_with_something_around() -> None:
    assert reading_of("HELP!") == Reading(Meaning.HELP, exact=True)
    assert reading_of("Help please") == Reading(Meaning.HELP)
    assert reading_of("START\nSent from my iPad") == Reading(Meaning.START)
    assert reading_of("Yes\nSent from my iPad") == Reading(Meaning.YES)
    assert reading_of("yes") == Reading(Meaning.YES, exact=True)
