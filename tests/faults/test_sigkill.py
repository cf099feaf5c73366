"""The whole app is killed in the middle of a broadcast and started again: it goes on, nobody gets a text twice."""

import random
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.database.transactions import reading
from optin.enums import BroadcastState, MessageStatus
from optin.features.broadcasts import sending
from optin.jobs.sending import soon_free
from optin.jobs.worker import BROADCAST_THREADS
from optin.models import Broadcast, Message
from optin.sending.record import LEFT_OPEN
from tests.support import outbox
from tests.support.faults.processes import SERVER, arrange_broadcast, let_leases_end, messages, running, state, until
from tests.support.provider import Provider, serve_provider


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.mark.parametrize(("people", "kills"), [(200, 1), pytest.param(3000, 12, marks=pytest.mark.soak)])
def test_nobody_gets_it_twice(database: str, engine: Engine, tmp_path: Path, people: int, kills: int) -> None:
    broadcast_id = arrange_broadcast(engine, people)
    with serve_provider() as provider:
        provider.seconds = 0.2
        for done in _stages(people, kills):
            with running(SERVER, database, tmp_path, provider):
                until(lambda done=done: len(provider.accepted) >= done, 120)
            let_leases_end(engine)
        provider.seconds = 0
        with running(SERVER, database, tmp_path, provider):
            until(lambda: state(engine, broadcast_id) == BroadcastState.SENT, 120)
    _check(engine, provider, people, kills)


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.soak)])
def test_what_was_being_queued_goes_on_and_everybody_gets_it_once(
    database: str, engine: Engine, tmp_path: Path, kills: int
) -> None:
    people = 1500
    broadcast_id = arrange_broadcast(engine, people)
    _queue_anew(engine, broadcast_id)
    with serve_provider() as provider:
        for done in _stages(people, kills):
            with running(SERVER, database, tmp_path, provider, AT_ONCE="3"):
                until(lambda done=done: len(messages(engine)) >= done, 120)
            assert state(engine, broadcast_id) == BroadcastState.QUEUEING
            assert provider.texts == []
        with running(SERVER, database, tmp_path, provider):
            until(lambda: state(engine, broadcast_id) == BroadcastState.SENT, 120)
    assert set(Counter(number for number, _ in provider.texts).values()) == {1}
    assert sorted(number for number, _ in provider.texts) == sorted(row.number for row in messages(engine))
    assert len(provider.texts) == people


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.soak)])
def test_what_was_being_taken_back_goes_on_and_nobody_gets_it(
    database: str, engine: Engine, tmp_path: Path, kills: int
) -> None:
    people = 1500
    broadcast_id = arrange_broadcast(engine, people)
    with Session(engine) as session:
        assert sending.bring_to(session, broadcast_id, BroadcastState.CANCELLED, outbox.author(session)) is None
        session.commit()

    def marked() -> int:
        with reading(engine) as session:
            cancelled = select(func.count()).where(Message.status == MessageStatus.CANCELLED)
            return session.scalars(cancelled).one()

    with serve_provider() as provider:
        for done in _stages(people, kills):
            with running(SERVER, database, tmp_path, provider, AT_ONCE="5"):
                until(lambda done=done: marked() >= done, 120)
            assert marked() < people
        with running(SERVER, database, tmp_path, provider):
            until(lambda: marked() == people, 120)
    assert provider.texts == []
    assert state(engine, broadcast_id) == BroadcastState.CANCELLED


def _stages(people: int, kills: int) -> list[float]:
    """Return how far a process gets each time before it is killed: somewhere in the middle of its share.

    The process that is not killed has a share too: so much is left that the last kill finds something to interrupt,
    though the look at what is done come late on a busy machine.
    """
    return [people * (kill + random.uniform(0.3, 0.7)) / (kills + 1) for kill in range(kills)]


def _queue_anew(engine: Engine, broadcast_id: int) -> None:
    """Have the broadcast as if it had just begun, with nothing in the outbox."""
    with Session(engine) as session:
        session.execute(delete(Message))
        session.get_one(Broadcast, broadcast_id).state = BroadcastState.QUEUEING
        session.commit()


def _check(engine: Engine, provider: Provider, people: int, kills: int) -> None:
    """See that the outbox says what the provider has got."""
    got = Counter(number for number, _ in provider.texts)
    assert set(got.values()) == {1}
    rows = messages(engine)
    assert len(rows) == people
    sent = [row for row in rows if row.status == MessageStatus.SENT]
    unknown = [row for row in rows if row.status == MessageStatus.UNKNOWN]
    assert len(sent) + len(unknown) == people
    assert all(got[row.number] == 1 and row.sid for row in sent)
    assert {row.error_text for row in unknown} <= {LEFT_OPEN}
    assert 0 < len(unknown) <= kills * (BROADCAST_THREADS + soon_free(BROADCAST_THREADS))
