"""A short refusal on the review page: the card shows the broadcast that it answers, whatever was said around it."""

from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import HoldCause
from optin.models import Hold, Message
from tests.conftest import Clock
from tests.support import outbox
from tests.support.clients import Browser
from tests.support.world import INES, MAYA, TOM, keyword, text


def test_the_card_shows_the_broadcast_and_leads_to_it(agent: Browser, session: Session, clock: Clock) -> None:
    first = outbox.reached(session, MAYA, body="Clean-up on Saturday, who is in?")
    clock.forward(minutes=10)
    outbox.reached(session, TOM, body="Another one, to Tom")
    text(session, "help", to="40404")
    for message in session.scalars(select(Message).where(Message.reply_kind == "help")):
        outbox.went(message)
    session.commit()
    text(session, "no")
    assert session.scalars(select(Hold.cause)).one() == HoldCause.SHORT_REFUSAL
    page = unescape(agent.get("/review").text)
    for shown in (
        "<mark>no</mark>",
        "a short refusal in answer to a broadcast",
        f'<a href="/broadcasts/{first.id}">the broadcast</a> “Clean-up on Saturday, who is in?”',
    ):
        assert shown in page
    assert "· answers" not in page  # the cause says so already
    assert "Another one" not in page


@pytest.mark.parametrize("body", ["we have to stop this bill", "stpo"])
def test_another_doubt_shows_what_was_said_last(agent: Browser, session: Session, clock: Clock, body: str) -> None:
    keyword(session)
    outbox.reached(session, MAYA)
    clock.forward(minutes=1)
    outbox.went(outbox.one_to_one(session, MAYA, "Are you coming?"))
    session.commit()
    clock.forward(minutes=1)
    text(session, body)
    page = agent.get("/review").text
    assert "· answers “Are you coming?”" in page
    assert "the broadcast" not in page


def test_a_hold_that_answers_nothing_says_so_by_silence(agent: Browser, session: Session) -> None:
    text(session, "stpo", INES)
    assert "answers" not in agent.get("/review").text
