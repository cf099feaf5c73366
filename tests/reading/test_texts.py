"""The labelled texts in tests/reading/texts: what people and machines wrote, and how it must be read."""

import pytest

from optin.enums import HoldCause, Meaning
from optin.reading.words import Reading
from tests.reading.confusion import TEXTS, labelled, main, outcome, reading_of

GIVEN = ("given.tsv", "blind.tsv")
"""Written by others: a label is the least that must come of the text."""
AT_LEAST = {
    "optout": {"optout", "stop one"},
    "hold": {"hold", "optout", "stop one"},
    "near": {"near"},
    "ordinary": {"ordinary", "near", "hold"},
    "optin": {"optin"},
    "help": {"help"},
    "start": {"start", "yes"},
}
OWN_FILES = [file for file in sorted(TEXTS.glob("*.tsv")) if file.name not in GIVEN]
GIVEN_ROWS = [
    pytest.param(label, text, id=f"{label}-{text[:60]}")
    for label, text in labelled(*(TEXTS / name for name in GIVEN))
    if label != "debatable"
]
ROWS = [pytest.param(label, text, id=f"{label}-{text[:60]}") for label, text in labelled(*OWN_FILES)]
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


@pytest.mark.parametrize(("label", "text"), GIVEN_ROWS)
def test_each_text_that_others_labelled(label: str, text: str) -> None:
    reading = reading_of(text)
    assert outcome(reading) in AT_LEAST[label.partition(":")[0]]
    assert reading.keyword in (None, "volunteer", "vol")


@pytest.mark.parametrize(("label", "text"), ROWS + GIVEN_ROWS)
def test_what_is_shown_as_the_reason_stands_in_the_text(label: str, text: str) -> None:
    reading = reading_of(text)
    if outcome(reading) in ("optout", "hold"):
        assert reading.trigger
        assert reading.trigger in text


@pytest.mark.parametrize("file", ["innocent.tsv", "robots.tsv", "later.tsv", "around.tsv", *GIVEN])
def test_few_ordinary_texts_are_held(file: str) -> None:
    read = [outcome(reading_of(text)) for label, text in labelled(TEXTS / file) if label == "ordinary"]
    assert len(read) > 50
    assert read.count("hold") <= INNOCENT_HELD * len(read)


@pytest.mark.parametrize("text", CHANGED_HANDS)
def test_a_number_that_changed_hands_is_held_for_that_reason(text: str) -> None:
    reading = reading_of(text)
    assert (reading.meaning, reading.hold) == (Meaning.ORDINARY, HoldCause.NOT_THEIRS)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Reacted 🛑 to “Training moved. Reply STOP to end”", "🛑"),
        ("Reaccionó con ⛔️ a “Nos vemos”", "⛔️"),
        ("A réagi avec 🚫 à « À demain »", "🚫"),
        ("✋🏽 to “See you at ten”", "✋🏽"),
        ("Reacted 🛑 to “See you at ten", "🛑"),
    ],
)
def test_a_tap_with_a_stop_sign_is_held_as_a_sign(text: str, sign: str) -> None:
    assert reading_of(text) == Reading(Meaning.ORDINARY, hold=HoldCause.SIGN, trigger=sign)


@pytest.mark.parametrize("sign", ["👍", "😂", "👎", "🚌"])
def test_a_tap_with_another_sign_is_not_held(sign: str) -> None:
    assert reading_of(f"Reacted {sign} to “Bus 🛑 at ten. Reply STOP to end”") == Reading(Meaning.ORDINARY)


@pytest.mark.parametrize("joined", [" Sent from my iPhone", ". Sent from my Galaxy", " Sent via Outlook for iOS"])
def test_only_leaving_is_heard_before_a_signature_on_the_same_line(joined: str) -> None:
    assert reading_of(f"volunteer{joined}").meaning is Meaning.ORDINARY
    assert reading_of(f"START{joined}").meaning is Meaning.ORDINARY
    assert reading_of(f"start please{joined}").meaning is Meaning.ORDINARY
    assert reading_of(f"Yes{joined}").meaning is Meaning.ORDINARY
    assert reading_of(f"STOP{joined}").meaning is Meaning.OPT_OUT
    assert reading_of(f"remove me{joined}").meaning is Meaning.OPT_OUT
    assert reading_of(f"help{joined}").meaning is Meaning.HELP


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
