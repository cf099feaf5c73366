"""What counts as an answer to a broadcast: a text of their own, and not a word that asks for something."""

import pytest
from sqlalchemy.orm import Session

from optin.features.broadcasts import queries
from tests.conftest import Clock
from tests.support import outbox
from tests.support.world import MAYA, TOM, keyword, question, text


@pytest.fixture(autouse=True)
def keywords(session: Session) -> None:
    keyword(session)
    keyword(session, "donate", double_opt_in=True, question="Reply YES")


@pytest.mark.parametrize(
    ("body", "replies"),
    [
        ("START", 0), ("unstop", 0), ("volunteer", 0), ("donate", 0), ("HELP", 0), ("info", 0), ("STOP", 0),
        ("STOP volunteer", 0), ("take me off your list", 0),
        ("See you on Saturday", 1), ("Yes", 1), ("y", 1), ("No", 1), ("volunteer please", 1), ("👍", 1), ("", 1),
    ],
)  # fmt: skip
def test_what_counts_as_an_answer(session: Session, clock: Clock, body: str, replies: int) -> None:
    broadcast = outbox.reached(session, MAYA, TOM)
    clock.forward(minutes=5)
    text(session, body)
    found = queries.answers(session, broadcast)
    assert found is not None
    assert found.replies == replies


@pytest.mark.parametrize("body", ["YES", "yep", "No"])
def test_an_answer_to_our_own_question_is_none(session: Session, clock: Clock, body: str) -> None:
    broadcast = outbox.reached(session, MAYA)
    clock.forward(minutes=5)
    text(session, "donate")
    question(session)
    text(session, body)
    found = queries.answers(session, broadcast)
    assert found is not None
    assert found.replies == 0


def test_a_word_and_a_text_of_their_own_count_once(session: Session, clock: Clock) -> None:
    broadcast = outbox.reached(session, MAYA)
    clock.forward(minutes=5)
    for body in ("volunteer", "See you", "And my sister comes too"):
        text(session, body)
    found = queries.answers(session, broadcast)
    assert found is not None
    assert found.replies == 1
