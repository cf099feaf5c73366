"""A broadcast that tests two texts on its page: how far it is, what the figures show, the click, who got what."""

import csv
import html
import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin import clock as optin_clock
from optin.consent import ledger
from optin.database.session import db
from optin.enums import BroadcastState, Direction, Meaning, MessageStatus, TextTestState, Variant
from optin.models import Broadcast, Conversation, Message, VariantMessage
from optin.sending import variants
from optin.texts.text_test import TextTest
from tests.conftest import Clock
from tests.support import outbox
from tests.support.clients import Browser

FIRST, SECOND = "Can you come?", "Join us!"
Measured = Callable[..., Broadcast]


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def measured(session: Session, engine: Engine, clock: Clock) -> Measured:
    """Have a broadcast to 130 people whose test was sent, and so many answers to each text."""

    def make(a: int = 2, b: int = 9, *, goes_on: bool = False) -> Broadcast:
        outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
        made = outbox.broadcast(session, body=FIRST)
        outbox.add_people(session, made, outbox.numbers(130))
        for name, value in variants.columns(TextTest(SECOND, goes_on=goes_on)).items():
            setattr(made, name, value)
        session.commit()
        variants.choose(engine, made.id)
        now = optin_clock.now()
        for message in session.scalars(select(Message).join(VariantMessage)).all():
            conversation = Conversation(number=message.number, created_at=now, last_message_at=now)
            session.add(conversation)
            session.flush()
            outbox.went(message)
            message.conversation_id = conversation.id
        session.commit()
        variants.measure(engine, made.id)
        clock.forward(minutes=5)
        for variant, count in ((Variant.A, a), (Variant.B, b)):
            for number in got(session, variant)[:count]:
                answer(session, number)
        session.commit()
        session.expire_all()
        return made

    return make


def got(session: Session, variant: Variant) -> list[str]:
    """List the numbers that got a text of the test."""
    found = select(Message.number).join(VariantMessage).where(VariantMessage.variant == variant)
    return list(session.scalars(found.order_by(Message.number)))


def answer(session: Session, number: str) -> None:
    now = optin_clock.now()
    mine = session.scalars(select(Message).where(Message.number == number)).one()
    conversation_id, sender_id = mine.conversation_id, mine.sender_id
    session.add(
        Message(
            direction=Direction.INBOUND, number=number, sender_id=sender_id, body="Count me in", updated_at=now,
            conversation_id=conversation_id, status=MessageStatus.RECEIVED, meaning=Meaning.ORDINARY, created_at=now,
        )
    )  # fmt: skip


def over(engine: Engine, clock: Clock) -> None:
    """Let the hours for answers be over, and whoever decides look."""
    clock.forward(hours=5)
    variants.look(engine)


def said(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()).replace(" .", ".")


def page(browser: Browser, broadcast: Broadcast) -> str:
    return said(browser.get(f"/broadcasts/{broadcast.id}").text)


def test_before_anything_is_drawn_it_says_what_will_happen(session: Session, agent: Browser) -> None:
    made = outbox.broadcast(session, body=FIRST)
    for name, value in variants.columns(TextTest(SECOND)).items():
        setattr(made, name, value)
    session.commit()
    shown = page(agent, made)
    assert "Two texts are tested. Who gets which is drawn when all messages are ready." in shown
    assert "20 % of the people get one text or the other. After 4 hours" in shown
    assert f"Text A {FIRST} " in shown
    assert f"Text B {SECOND} " in shown


def test_while_it_is_measured_the_figures_are_honest(measured: Measured, agent: Browser) -> None:
    broadcast = measured()
    shown = page(agent, broadcast)
    assert "Waiting for answers until" in shown
    assert "The figures change until then, and decide nothing before." in shown
    assert "Text A 50 2 4.0 % (probably 1.1 to 13.5 %) 0 0.0 % (probably 0.0 to 7.1 %)" in shown
    assert "Text B 50 9 18.0 % (probably 9.8 to 30.8 %)" in shown
    assert "So far: Text B got 9 answers of 50, Text A got 2 answers of 50: of two texts that are equally good" in shown
    assert "to the others" not in agent.get(f"/broadcasts/{broadcast.id}/progress").text.split("So far")[1]


def test_the_figures_are_read_again_when_they_change(measured: Measured, agent: Browser, session: Session) -> None:
    broadcast = measured()
    address = re.search(r'hx-get="([^"]+/progress[^"]+)"', agent.get(f"/broadcasts/{broadcast.id}").text)
    assert address
    same = html.unescape(address[1])
    assert agent.get(same).status_code == 204
    answer(session, got(session, Variant.A)[-1])
    session.commit()
    assert agent.get(same).status_code == 200


def test_a_user_decides_by_a_click_and_once(
    measured: Measured, agent: Browser, viewer: Browser, engine: Engine, clock: Clock, session: Session
) -> None:
    broadcast = measured()
    address = f"/broadcasts/{broadcast.id}/text"
    assert "it is decided already" in said(agent.get(agent.post(address, data={"variant": "a"}).location).text)
    over(engine, clock)
    shown = agent.get(f"/broadcasts/{broadcast.id}").text
    assert "The test is over: decide which text everybody else gets." in said(shown)
    assert re.search(r'class="btn btn-primary[^"]*"[^>]*>Send Text B to the others', shown)
    assert "Send Text A to the others" not in viewer.get(f"/broadcasts/{broadcast.id}").text
    assert viewer.post(address, data={"variant": "a"}).status_code == 403
    assert agent.post(address, data={"variant": "c"}).status_code == 422
    done = agent.post(address, data={"variant": "a"})
    assert "Decided. The others get Text A." in agent.get(done.location).text
    again = agent.post(address, data={"variant": "b"})
    assert "it is decided already" in said(agent.get(again.location).text)
    session.expire_all()
    assert (broadcast.test_state, broadcast.winner) == (TextTestState.DECIDED, "a")
    shown = page(agent, broadcast)
    assert "Text A goes to everybody else. Text B got 9 answers of 50" in shown
    assert "A user decided that Text A goes to the others, although Text B got the most answers." in shown
    assert f"Text A · goes to everybody else {FIRST}" in shown


def test_by_itself_it_says_why(measured: Measured, agent: Browser, engine: Engine, clock: Clock) -> None:
    broadcast = measured(4, 4, goes_on=True)
    over(engine, clock)
    shown = page(agent, broadcast)
    assert "Text A goes to everybody else. Text A got 4 answers of 50" in shown
    assert "no difference. Then the first text goes to the others, as was said beforehand." in shown
    assert "Send Text" not in shown


def test_one_that_ended_undecided_asks_nobody(
    measured: Measured, agent: Browser, engine: Engine, clock: Clock, session: Session
) -> None:
    broadcast = measured()
    over(engine, clock)
    session.execute(update(Broadcast).values(state=BroadcastState.CANCELLED))
    session.commit()
    assert "The test ended, but nobody decided in time." in page(agent, broadcast)
    assert "Send Text" not in page(agent, broadcast)


def test_lists_and_files_say_who_got_which_text(
    measured: Measured, agent: Browser, engine: Engine, clock: Clock, session: Session
) -> None:
    broadcast = measured(goes_on=True)
    lines = rows(agent, f"/broadcasts/{broadcast.id}/recipients/file")
    texts = {line["Mobile phone"].lstrip("'"): line["Text"] for line in lines}
    drawn = dict.fromkeys(got(session, Variant.A), "Text A")
    drawn |= dict.fromkeys(got(session, Variant.B), "Text B")
    assert texts == {number: drawn.get(number, "") for number in outbox.numbers(130)}
    left = got(session, Variant.A)[0]
    ledger.opt_out(session, left, outbox.act("STOP"))
    session.commit()
    over(engine, clock)
    lines = rows(agent, f"/broadcasts/{broadcast.id}/recipients/file")
    texts = {line["Mobile phone"].lstrip("'"): line["Text"] for line in lines}
    assert texts == {number: drawn.get(number, "Text B") for number in outbox.numbers(130)}
    assert ">Text B</td>" in agent.get(f"/broadcasts/{broadcast.id}").text
    for show, expected in (("replies", {"Text A": 2, "Text B": 9}), ("opt-outs", {"Text A": 1})):
        found = [line["They got"] for line in rows(agent, f"/broadcasts/{broadcast.id}/results/file?show={show}")]
        assert {text: found.count(text) for text in set(found)} == expected
    shown = said(agent.get(f"/broadcasts/{broadcast.id}/results").text)
    assert "They got" in shown
    assert "Text B goes to everybody else." in shown


def test_one_text_has_no_such_column(session: Session, agent: Browser) -> None:
    broadcast = outbox.reached(session, outbox.MAYA)
    assert "Text" not in agent.get(f"/broadcasts/{broadcast.id}/recipients/file").text.splitlines()[0].split(",")
    assert "They got" not in agent.get(f"/broadcasts/{broadcast.id}/results").text
    assert "text-test" not in agent.get(f"/broadcasts/{broadcast.id}").text


def rows(browser: Browser, address: str) -> list[dict[str, str]]:
    """Return the lines of a file."""
    return list(csv.DictReader(io.StringIO(browser.get(address).text.lstrip("\ufeff"))))
