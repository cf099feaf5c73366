"""The engine inside this process: what waits is sent, urgent messages first, with and without being told."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus, OptInStatus
from optin.jobs import engine
from optin.jobs.queue_database import open_queue
from optin.jobs.worker import BROADCAST_THREADS
from optin.models import Broadcast, OptIn
from tests.support import outbox
from tests.support.faults.processes import arrange_broadcast, messages, state, until
from tests.support.jobs import end_jobs
from tests.support.provider import Provider, gateway_to, serve_provider

pytestmark = pytest.mark.slow


@pytest.fixture
def provider(app: Flask) -> Iterator[Provider]:
    with serve_provider() as provider:
        app.extensions["gateway"] = gateway_to(provider.url)
        yield provider


@pytest.fixture
def outbox_engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def launched(app: Flask, provider: Provider) -> Iterator[Provider]:
    """The engine runs; gives the provider to which it sends."""
    engine.launch(app)
    yield provider
    provider.slow.clear()
    provider.seconds = 0
    end_jobs()


def test_without_engine_a_nudge_does_nothing(app: Flask) -> None:
    before = threading.active_count()
    engine.nudge()
    with app.test_request_context():
        engine.nudge()
    assert threading.active_count() == before
    engine.shutdown()


def test_it_runs_once_and_ends_without_a_trace(app: Flask, launched: Provider) -> None:
    with pytest.raises(RuntimeError):
        engine.launch(app)
    engine.shutdown()
    left = {thread.name for thread in threading.enumerate() if thread.name.startswith(("optin", "queue-worker"))}
    assert left == set()
    engine.launch(app)  # and again


def test_urgent_messages_do_not_wait_for_a_broadcast(outbox_engine: Engine, launched: Provider) -> None:
    people = BROADCAST_THREADS * 3
    launched.slow.update(outbox.numbers(people))  # every thread of the broadcast hangs
    arrange_broadcast(outbox_engine, people)
    engine.nudge()
    until(lambda: len(launched.accepted) == BROADCAST_THREADS)
    _write(outbox_engine, "Are you there?")
    engine.nudge()
    until(lambda: (outbox.MAYA, "Are you there?") in launched.texts)
    assert len(launched.accepted) == BROADCAST_THREADS + 1


def test_what_nobody_told_of_is_found(outbox_engine: Engine, launched: Provider) -> None:
    broadcast_id = arrange_broadcast(outbox_engine, 5)
    _write(outbox_engine, "Nobody nudged")
    until(lambda: len(launched.accepted) == 6)
    until(lambda: state(outbox_engine, broadcast_id) == BroadcastState.SENT)


def test_a_broadcast_without_anybody_is_finished(outbox_engine: Engine, launched: Provider) -> None:
    broadcast_id = arrange_broadcast(outbox_engine, 0)
    until(lambda: state(outbox_engine, broadcast_id) == BroadcastState.SENT)


def test_a_pause_acts_within_a_second(outbox_engine: Engine, launched: Provider) -> None:
    launched.seconds = 0.1
    broadcast_id = arrange_broadcast(outbox_engine, 1000)
    engine.nudge()
    until(lambda: len(launched.accepted) > BROADCAST_THREADS)
    _change(outbox_engine, broadcast_id, BroadcastState.PAUSED)
    time.sleep(1)
    then = launched.requests
    time.sleep(1)
    assert launched.requests == then < 1000
    _change(outbox_engine, broadcast_id, BroadcastState.SENDING)
    launched.seconds = 0
    engine.nudge()
    until(lambda: state(outbox_engine, broadcast_id) == BroadcastState.SENT)
    assert set(Counter(number for number, _ in launched.texts).values()) == {1}
    assert {message.status for message in messages(outbox_engine)} == {MessageStatus.SENT}


def test_what_twilio_could_not_take_is_sent_later(outbox_engine: Engine, launched: Provider) -> None:
    launched.answers = [(429, 20429)] * 5
    broadcast_id = arrange_broadcast(outbox_engine, 20)
    engine.nudge()
    until(lambda: state(outbox_engine, broadcast_id) == BroadcastState.SENT)
    assert Counter(number for number, _ in launched.texts) == Counter(outbox.numbers(20))
    assert launched.requests == 25


def test_unanswered_questions_expire_by_themselves(outbox_engine: Engine, app: Flask, provider: Provider) -> None:
    with Session(outbox_engine) as session:
        with clock.at(clock.now() - timedelta(days=2)):
            outbox.opted_in(session, outbox.MAYA, outbox.keyword(session, double_opt_in=True))
        session.commit()
    engine.launch(app)
    try:
        until(lambda: _opt_in_status(outbox_engine) == OptInStatus.EXPIRED)
    finally:
        end_jobs()


def test_finished_jobs_are_forgotten(
    app: Flask, outbox_engine: Engine, launched: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(outbox_engine, "Hello")
    engine.nudge()
    until(lambda: _jobs(app, "SUCCESS") > 0)
    engine._forget_finished_jobs()
    assert _jobs(app, "SUCCESS") > 0
    monkeypatch.setattr(engine, "FINISHED_JOBS_KEPT", timedelta(seconds=-1))

    def forgotten() -> bool:
        engine._forget_finished_jobs()  # again: a job that still ran may end in between
        return _jobs(app, "SUCCESS") == 0

    until(forgotten)


def _jobs(app: Flask, status: str) -> int:
    """Count the engine's jobs in a state."""
    queue = open_queue(app.config["OPTIN"].queue_url)
    schema = "dbos." if queue.dialect.name == "postgresql" else ""
    with queue.connect() as connection:
        found = connection.scalar(text(f"SELECT count(*) FROM {schema}workflow_status WHERE status = '{status}'"))
    queue.dispose()
    return int(found or 0)


def _opt_in_status(outbox_engine: Engine) -> str:
    with Session(outbox_engine) as session:
        return session.scalars(select(OptIn.status)).one()


def _write(outbox_engine: Engine, body: str) -> None:
    with Session(outbox_engine) as session:
        outbox.one_to_one(session, body=body)
        session.commit()


def _change(outbox_engine: Engine, broadcast_id: int, state: BroadcastState) -> None:
    with Session(outbox_engine) as session:
        session.get_one(Broadcast, broadcast_id).state = state
        session.commit()
