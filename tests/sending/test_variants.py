"""The test of two texts: each person gets one, the rest waits for the decision, which is made once and as was said."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock as optin_clock
from optin.consent import ledger
from optin.database.session import db
from optin.enums import BroadcastState, Direction, Meaning, MessageStatus, TextTestState, Variant, WinsBy
from optin.models import AuditEntry, Broadcast, Message, VariantMessage
from optin.policy import policy
from optin.refused import Refused
from optin.sending import canary, delivery, variant_figures, variants
from optin.texts.text_test import TextTest
from tests.conftest import Clock
from tests.support import outbox
from tests.support.clients import Browser
from tests.support.provider import Provider, gateway_to, serve_provider

CALLBACK = "http://127.0.0.1:9/webhooks/twilio/status"
FIRST, SECOND = "One {{ first_name | you }}", "Two {{ first_name | you }}"


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


def two_texts(session: Session, people: int = 130, **chosen: object) -> Broadcast:
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    made = outbox.broadcast(session, body=FIRST)
    outbox.add_people(session, made, outbox.numbers(people))
    for name, value in variants.columns(TextTest(SECOND, **chosen)).items():  # type: ignore[arg-type]
        setattr(made, name, value)
    session.commit()
    return made


@pytest.fixture
def job(session: Session, engine: Engine, provider: Provider) -> Callable[[Broadcast], None]:
    """Do what a job does with a broadcast."""

    def do(broadcast: Broadcast) -> None:
        broadcast_id = broadcast.id
        session.commit()
        variants.choose(engine, broadcast_id)
        while claimed := delivery.claim(engine, broadcast_id=broadcast_id):
            for one in claimed:
                delivery.deliver(engine, gateway_to(provider.url), one, CALLBACK)
        variants.measure(engine, broadcast_id)
        delivery.finish(engine, broadcast_id)
        session.expire_all()

    return do


def drawn(session: Session) -> dict[str, str]:
    found = select(Message.number, VariantMessage.variant).join(Message, Message.id == VariantMessage.message_id)
    return dict(session.execute(found).all())


def bodies(session: Session, broadcast: Broadcast) -> dict[str, str]:
    mine = select(Message).where(Message.broadcast_id == broadcast.id, Message.started_at.is_not(None))
    return {message.number: message.body for message in session.scalars(mine)}


def answers(session: Session, variant: Variant, count: int, meaning: Meaning = Meaning.ORDINARY) -> None:
    """Let so many of those who got a text write back now."""
    mine = select(Message).join(VariantMessage, VariantMessage.message_id == Message.id)
    for message in session.scalars(mine.where(VariantMessage.variant == variant).limit(count)).all():
        now = optin_clock.now()
        session.add(
            Message(
                direction=Direction.INBOUND, number=message.number, sender_id=message.sender_id, body="Count me in",
                conversation_id=message.conversation_id, status=MessageStatus.RECEIVED, meaning=meaning,
                created_at=now, updated_at=now,
            )
        )  # fmt: skip
    session.commit()


def test_each_in_the_test_gets_one_text_and_nobody_else_any(
    session: Session, engine: Engine, job: Callable[[Broadcast], None], provider: Provider
) -> None:
    broadcast = two_texts(session)
    assert delivery.claim(engine, broadcast_id=broadcast.id) == []
    job(broadcast)
    assert (broadcast.state, broadcast.test_state) == (BroadcastState.SENDING, TextTestState.MEASURING)
    assert Counter(drawn(session).values()) == {"a": 50, "b": 50}
    assert {number: body.split()[0] for number, body in bodies(session, broadcast).items()} == {
        number: "One" if variant == "a" else "Two" for number, variant in drawn(session).items()
    }
    job(broadcast)
    assert len(provider.texts) == 100
    assert broadcast.id not in delivery.waiting_broadcasts(engine)


def test_what_tests_nothing_is_looked_for_as_always(session: Session, engine: Engine) -> None:
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    plain = outbox.broadcast(session)
    outbox.add_people(session, plain, outbox.numbers(1))
    session.commit()
    assert delivery.waiting_broadcasts(engine) == [plain.id]


def test_those_in_it_are_drawn_once(session: Session, engine: Engine) -> None:
    broadcast = two_texts(session)
    variants.choose(engine, broadcast.id)
    before = drawn(session)
    variants.choose(engine, broadcast.id)
    session.expire_all()
    assert drawn(session) == before


@pytest.mark.parametrize(
    ("by", "a", "b", "wins"),
    [(WinsBy.ANSWERS, 2, 9, Variant.B), (WinsBy.ANSWERS, 4, 4, Variant.A), (WinsBy.OPT_OUTS, 0, 5, Variant.A)],
)
def test_the_winner_goes_to_the_rest_when_the_hours_are_over(
    session: Session, engine: Engine, job: Callable[[Broadcast], None], clock: Clock,
    by: WinsBy, a: int, b: int, wins: Variant,
) -> None:  # fmt: skip
    broadcast = two_texts(session, wins_by=by, hours=2)
    job(broadcast)
    clock.forward(minutes=30)
    answers(session, Variant.A, a)
    answers(session, Variant.B, b)
    answers(session, Variant.A, 30, Meaning.START)
    clock.forward(minutes=89)
    variants.look(engine)
    job(broadcast)
    assert (broadcast.test_state, len(bodies(session, broadcast))) == (TextTestState.MEASURING, 100)
    clock.forward(minutes=2)
    answers(session, Variant.A, 40)  # too late to count
    variants.look(engine)
    job(broadcast)
    assert (broadcast.state, broadcast.winner) == (BroadcastState.SENT, wins)
    test = drawn(session)
    rest = {body.split()[0] for number, body in bodies(session, broadcast).items() if number not in test}
    assert rest == {"Two" if wins is Variant.B else "One"}
    assert len(bodies(session, broadcast)) == 130
    found = variant_figures.figures(session, broadcast)
    assert [(one.started, one.answers) for one in found] == [(50, a), (50, b)]


def test_it_waits_for_a_click_where_that_was_chosen(
    session: Session, engine: Engine, job: Callable[[Broadcast], None], clock: Clock, agent: Browser
) -> None:
    broadcast, user = two_texts(session, goes_on=False), agent.user.id
    job(broadcast)
    assert variants.pick(session, broadcast.id, Variant.B, user) == Refused(variants.PICKED)
    answers(session, Variant.A, 2)
    clock.forward(hours=5)
    for _ in range(2):
        variants.look(engine)
        job(broadcast)
        assert (broadcast.test_state, broadcast.winner) == (TextTestState.WAITING, None)
    assert (broadcast.state, len(bodies(session, broadcast))) == (BroadcastState.SENDING, 100)
    assert broadcast.id not in delivery.waiting_broadcasts(engine)
    assert variants.pick(session, broadcast.id, Variant.B, user) is None
    assert variants.pick(session, broadcast.id, Variant.A, user) == Refused(variants.PICKED)
    job(broadcast)
    assert (broadcast.state, broadcast.winner, len(bodies(session, broadcast))) == (BroadcastState.SENT, "b", 130)
    assert (broadcast.winner_because or "").endswith("although Text A got the most answers.")
    trail = select(AuditEntry.field, AuditEntry.user_id).where(AuditEntry.action == "decided")
    assert session.execute(trail).all() == [("Text for the others", user), ("Why", user)]


def test_who_paused_it_is_not_overruled_by_the_decision(
    session: Session, engine: Engine, job: Callable[[Broadcast], None], clock: Clock
) -> None:
    broadcast = two_texts(session)
    job(broadcast)
    broadcast.state = BroadcastState.PAUSED
    session.commit()
    clock.forward(hours=5)
    variants.look(engine)
    job(broadcast)
    assert (broadcast.state, broadcast.test_state) == (BroadcastState.PAUSED, TextTestState.DECIDED)
    assert len(bodies(session, broadcast)) == 100


def test_nothing_is_decided_of_what_was_cancelled(
    session: Session, engine: Engine, job: Callable[[Broadcast], None], clock: Clock
) -> None:
    broadcast = two_texts(session)
    job(broadcast)
    broadcast.state = BroadcastState.CANCELLED
    session.commit()
    clock.forward(hours=5)
    variants.look(engine)
    assert not variants.decide(engine, broadcast.id)


def test_the_limits_stop_it_during_the_test_and_at_its_end(
    session: Session, engine: Engine, job: Callable[[Broadcast], None], clock: Clock
) -> None:
    broadcast = two_texts(session)
    job(broadcast)
    for message in session.scalars(select(Message).where(Message.started_at.is_not(None)).limit(10)):
        message.status, message.error_code = MessageStatus.UNDELIVERED, 30003
    session.commit()
    clock.forward(hours=5)
    variants.look(engine)
    job(broadcast)
    assert (broadcast.state, broadcast.test_state) == (BroadcastState.PAUSED, TextTestState.DECIDED)
    assert "10 of 100 messages failed" in (broadcast.paused_because or "")
    assert len(bodies(session, broadcast)) == 100
    other = two_texts(session, people=0)
    other.state = BroadcastState.CANCELLED
    broadcast.state, broadcast.paused_because, broadcast.test_state = BroadcastState.SENDING, None, "measuring"
    session.commit()
    canary.look(engine)
    session.expire_all()
    assert broadcast.state == BroadcastState.PAUSED


def test_too_few_people_get_the_first_text(session: Session, job: Callable[[Broadcast], None]) -> None:
    broadcast = two_texts(session, people=100)
    job(broadcast)
    assert (broadcast.state, broadcast.winner, broadcast.winner_because) == (BroadcastState.SENT, "a", variants.FEW)
    assert {body.split()[0] for body in bodies(session, broadcast).values()} == {"One"}


def test_a_goodbye_before_the_rest_starts_holds(
    session: Session, engine: Engine, job: Callable[[Broadcast], None], clock: Clock
) -> None:
    broadcast = two_texts(session)
    job(broadcast)
    late = next(number for number in outbox.numbers(130) if number not in drawn(session))
    ledger.opt_out(session, late, outbox.act("STOP"))
    session.commit()
    clock.forward(hours=5)
    variants.look(engine)
    job(broadcast)
    assert late not in bodies(session, broadcast)
    assert len(bodies(session, broadcast)) == 129


def test_opt_outs_count_from_the_own_message_on(
    session: Session, engine: Engine, job: Callable[[Broadcast], None], clock: Clock
) -> None:
    broadcast = two_texts(session, wins_by=WinsBy.OPT_OUTS)
    job(broadcast)
    clock.forward(minutes=5)
    gone = [number for number, variant in drawn(session).items() if variant == "a"][:3]
    for number in gone:
        ledger.opt_out(session, number, outbox.act("STOP"))
    session.commit()
    clock.forward(hours=5)
    policy.change(session, None, limit_opt_outs=100)
    session.commit()
    variants.look(engine)
    session.expire_all()
    assert [one.opt_outs for one in variant_figures.figures(session, broadcast)] == [3, 0]
    assert broadcast.winner == "b"
    assert broadcast.test_ends_at is not None
    assert broadcast.test_ends_at - optin_clock.now() < timedelta(0)
