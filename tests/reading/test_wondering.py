"""A question about what happens is no request: every frame of a question before every kind of request."""

import pytest

from optin.enums import Meaning
from tests.reading.confusion import reading_of

REQUESTS = [
    "stop texting me", "stop getting texts", "stop sending me messages", "quit texting me",
    "unsubscribe from this list", "remove my number",
    "remove me from the list", "delete my number", "take me off the list", "take my number off",
    "drop me from the list", "get off this list", "opt out of these texts", "cancel my subscription",
    "cancel all texts", "end these messages", "leave me alone", "lose my number", "discontinue texts",
    "turn off these texts", "get removed", "be removed from the list", "be taken off the list", "be unsubscribed",
    "no longer get texts", "revoke my consent", "deactivate my texts", "cease texting me", "erase my number",
    "want to be removed", "opt out", "unsubscribe", "stop",
]  # fmt: skip
QUESTIONS = [
    "will i", "would i", "do i", "did i", "should i", "am i going to", "was i supposed to", "do i need to",
    "do i have to", "will we", "do we", "did we", "are we going to", "will my wife", "does my number", "did my son",
    "will they", "did they", "do they", "does he", "did she", "does it", "will it", "is it going to", "will the system",
    "does the system", "did you", "do you", "do you ever", "did you already", "did you guys", "are you going to",
    "were you going to", "have you had to", "why did you", "when did you", "when do i", "when will i", "when do you",
    "how do i", "how would i", "where do i", "why would i", "why should i", "if i", "what if i", "what happens if i",
    "when i", "does anyone", "did anyone", "did somebody", "do people", "can they", "could he", "so will i",
    "hi will i", "and did you", "will i automatically", "would i also", "do i still", "how often do you",
    "at what point do i", "which of us will", "who will", "does this", "do these",
]  # fmt: skip
PLEAS = [
    "can you", "could you", "will you", "would you", "can you please", "could you please", "will you please",
    "would you please", "can u", "could u", "how about you", "why don't you", "please", "I want you to",
    "won't you please", "can't you",
]  # fmt: skip
PLEADED = [
    "stop texting me", "stop sending me messages", "quit texting me", "remove my number", "remove me from the list",
    "delete my number", "take me off the list", "drop me from the list", "leave me alone", "lose my number",
]  # fmt: skip


@pytest.mark.parametrize("frame", QUESTIONS)
def test_a_question_never_opts_out(frame: str) -> None:
    for request in REQUESTS:
        for after in ("?", " if I change phones?", " at the end of the season", ""):
            text = f"{frame.capitalize()} {request}{after}"
            assert reading_of(text).meaning is Meaning.ORDINARY, text


@pytest.mark.parametrize("frame", PLEAS)
def test_a_plea_in_the_form_of_a_question_opts_out(frame: str) -> None:
    for request in PLEADED:
        for after in ("?", "", " please"):
            text = f"{frame.capitalize()} {request}{after}"
            assert reading_of(text).meaning is Meaning.OPT_OUT, text


@pytest.mark.parametrize(
    "before", ["Who is this", "Why are you texting me", "Do I know you", "Are you serious", "What"]
)
def test_a_request_after_a_question_opts_out(before: str) -> None:
    for request in PLEADED:
        for sign in (" ", ", ", "? "):
            text = f"{before}{sign}{request}"
            assert reading_of(text).meaning is Meaning.OPT_OUT, text
