"""Limits of broadcast messages an hour and a day: no span has more, whoever starts them; what is above waits."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import MessageStatus, ReplyKind
from optin.models import Broadcast, Message, StartedMinute
from optin.policy import policy
from optin.policy.policy import Policy
from optin.sending import delivery, limits
from tests.conftest import Clock
from tests.support import outbox
from tests.support.clients import Browser
from tests.support.clockwork import start

S = MessageStatus
THREADS = 6
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def arrange(session: Session, people: int, **given: int) -> Broadcast:
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False, **given)
    broadcast = outbox.broadcast(session, body="Hello")
    outbox.add_people(session, broadcast, outbox.numbers(people))
    session.commit()
    return broadcast


def begun(session: Session) -> int:
    session.commit()
    return session.scalar(select(func.count()).where(Message.started_at.is_not(None))) or 0


def test_what_is_above_the_limit_of_an_hour_waits_and_goes_on(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(NOON)
    made = arrange(session, 10, most_per_hour=4)
    assert len(start(session, engine, made)) == 4
    assert delivery.waiting_broadcasts(engine) == []
    assert not delivery.finish(engine, made.id)
    clock.set(NOON + timedelta(minutes=60))
    assert start(session, engine, made) == []
    reached = limits.reached(session, policy.load(session), clock.now())
    assert reached == (limits.Limit(4, limits.HOUR), NOON + timedelta(minutes=61))
    clock.set(NOON + timedelta(minutes=61))
    assert delivery.waiting_broadcasts(engine) == [made.id]
    assert len(start(session, engine, made)) == 4
    session.commit()
    assert session.scalars(select(Message.attempts).where(Message.status == S.QUEUED)).all() == [0, 0]


def test_the_limit_of_a_day_holds_beside_it(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(NOON)
    made = arrange(session, 12, most_per_hour=4, most_per_day=6)
    assert len(start(session, engine, made)) == 4
    clock.forward(hours=2)
    assert len(start(session, engine, made)) == 2
    clock.forward(hours=2)
    assert start(session, engine, made) == []
    found = limits.reached(session, policy.load(session), clock.now())
    assert found == (limits.Limit(6, limits.DAY), NOON + timedelta(minutes=24 * 60 + 1))
    clock.forward(hours=21)
    assert len(start(session, engine, made)) == 4


def test_one_to_one_messages_and_replies_neither_count_nor_wait(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(NOON)
    made = arrange(session, 3, most_per_day=1)
    outbox.one_to_one(session)
    outbox.reply(session, ReplyKind.HELP)
    session.commit()
    urgent, held = delivery.start(engine, delivery.claim(engine))
    assert (len(urgent), held) == (2, [])
    assert len(start(session, engine, made)) == 1
    outbox.one_to_one(session)
    session.commit()
    assert delivery.urgent_waiting(engine)
    urgent, held = delivery.start(engine, delivery.claim(engine))
    assert (len(urgent), held) == (1, [])


def test_what_was_claimed_before_the_limit_came_waits_at_its_start(
    session: Session, engine: Engine, clock: Clock
) -> None:
    clock.set(NOON)
    made = arrange(session, 5)
    claimed = delivery.claim(engine, broadcast_id=made.id)
    policy.change(session, None, most_per_hour=2)
    session.commit()
    started, held = delivery.start(engine, claimed)
    assert (len(started), held) == (2, [])
    session.commit()
    states = Counter(session.scalars(select(Message.status)))
    assert states == {S.SENDING: 2, S.QUEUED: 3}


def test_without_a_limit_nothing_is_counted(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(NOON)
    assert len(start(session, engine, arrange(session, 5))) == 5
    assert session.scalars(select(StartedMinute)).all() == []


def test_raised_it_goes_on_at_once(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(NOON)
    made = arrange(session, 5, most_per_day=2)
    start(session, engine, made)
    policy.change(session, None, most_per_day=4)
    session.commit()
    assert delivery.waiting_broadcasts(engine) == [made.id]
    assert len(start(session, engine, made)) == 2
    policy.change(session, None, most_per_day=0)
    assert len(start(session, engine, made)) == 1


@pytest.mark.slow
def test_no_span_has_more_wherever_it_begins(session: Session, engine: Engine, clock: Clock) -> None:
    chance, at = Random(6), NOON
    clock.set(at)
    made = arrange(session, 260, most_per_hour=7, most_per_day=60)
    while at < NOON + timedelta(hours=30):
        clock.set(at)
        if delivery.waiting_broadcasts(engine):
            delivery.start(engine, delivery.claim(engine, broadcast_id=made.id, limit=chance.randrange(1, 9)))
        at += timedelta(seconds=chance.randrange(20, 600))
    session.commit()
    starts = sorted(filter(None, session.scalars(select(Message.started_at))))
    assert len(starts) > 60
    for first in starts:
        assert sum(first <= each <= first + timedelta(hours=1) for each in starts) <= 7
        assert sum(first <= each <= first + timedelta(hours=24) for each in starts) <= 60


@pytest.mark.slow
def test_many_threads_start_no_more_and_no_fewer(session: Session, engine: Engine) -> None:
    made = arrange(session, 120)
    claimed = [delivery.claim(engine, broadcast_id=made.id, limit=20) for _ in range(THREADS)]
    policy.change(session, None, most_per_hour=50)
    session.commit()
    together = Barrier(THREADS)

    def send(held: list[delivery.ClaimedMessage]) -> None:
        together.wait()
        while held:
            _, held = delivery.start(engine, held)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(send, claimed))
    assert begun(session) == 50
    assert sum(session.scalars(select(StartedMinute.started))) == 50
    assert session.scalar(select(func.max(Message.attempts))) == 1
    assert Counter(session.scalars(select(Message.status))) == {S.SENDING: 50, S.QUEUED: 70}


def test_minutes_that_no_longer_count_are_taken_away(session: Session, engine: Engine, clock: Clock) -> None:
    clock.set(NOON)
    made = arrange(session, 3, most_per_day=1)
    start(session, engine, made)
    clock.forward(hours=49)
    start(session, engine, made)
    assert len(session.scalars(select(StartedMinute)).all()) == 1


@pytest.mark.parametrize(
    ("limit", "words"), [(limits.Limit(5000, limits.DAY), "5,000 a day"), (limits.Limit(1, limits.HOUR), "1 an hour")]
)
def test_a_limit_in_words(limit: limits.Limit, words: str) -> None:
    assert limit.words == words
    assert limits.of(Policy()) == []


def test_the_page_of_the_broadcast_says_until_when(agent: Browser, session: Session, engine: Engine) -> None:
    made = arrange(session, 3, most_per_day=2)
    start(session, engine, made)
    session.execute(update(Message).where(Message.status == S.SENDING).values(status=S.SENT))
    session.commit()
    page = agent.get(f"/broadcasts/{made.id}").text
    assert "Waits: 2 a day reached, goes on " in page
    policy.change(session, None, most_per_day=0)
    session.commit()
    assert "Waits: 2 a day reached" not in agent.get(f"/broadcasts/{made.id}").text
