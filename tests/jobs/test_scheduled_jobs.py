"""A scheduled broadcast begins by a job that waits in the queue; what the queue lost is found all the same."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, text
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.database.session import db
from optin.enums import BroadcastState
from optin.jobs import engine
from optin.jobs.queue_database import open_queue
from optin.models import Broadcast, Message, SendingGate
from tests.support import outbox
from tests.support.faults.processes import state, until
from tests.support.jobs import end_jobs
from tests.support.provider import Provider, gateway_to, serve_provider

pytestmark = pytest.mark.slow

DUE = timedelta(seconds=2)
SWEEP = 15.0
"""Seconds between two looks for what is due; the first is at the start."""


@pytest.fixture
def outbox_engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def launched(app: Flask) -> Iterator[Provider]:
    """The engine runs, and has looked for what is due; gives the provider to which it sends."""
    with serve_provider() as provider:
        app.extensions["gateway"] = gateway_to(provider.url)
        engine.launch(app)
        time.sleep(0.5)
        yield provider
        end_jobs()


def schedule(outbox_engine: Engine, starts_at: datetime) -> int:
    """Have a broadcast to one person wait for a moment; return its id."""
    with Session(outbox_engine) as session:
        outbox.without_sending_hours(session)
        broadcast = outbox.broadcast(session, to=outbox.keyword(session))
        outbox.add_people(session, broadcast, [outbox.MAYA])
        session.execute(delete(Message).where(Message.broadcast_id == broadcast.id))
        ledger.opt_in(session, outbox.MAYA, outbox.keyword(session), outbox.act("VOLUNTEER"))
        broadcast.state, broadcast.started_at, broadcast.starts_at = BroadcastState.SCHEDULED, None, starts_at
        session.commit()
        return broadcast.id


def test_it_begins_at_its_time(outbox_engine: Engine, launched: Provider) -> None:
    starts_at = clock.now() + DUE
    broadcast_id = schedule(outbox_engine, starts_at)
    engine.begin_at(broadcast_id, starts_at)
    engine.begin_at(broadcast_id, starts_at)
    until(lambda: state(outbox_engine, broadcast_id) == BroadcastState.SENT, 12)
    with Session(outbox_engine) as session:
        began = session.get_one(Broadcast, broadcast_id).started_at
    assert began is not None
    assert timedelta(0) <= began - starts_at < timedelta(seconds=5)
    assert len(launched.texts) == 1


def test_what_the_queue_lost_begins_a_little_later(app: Flask, outbox_engine: Engine, launched: Provider) -> None:
    starts_at = clock.now() + DUE
    broadcast_id = schedule(outbox_engine, starts_at)
    engine.begin_at(broadcast_id, starts_at)
    queue = open_queue(app.config["OPTIN"].queue_url)
    schema = "dbos." if queue.dialect.name == "postgresql" else ""
    with queue.begin() as connection:
        assert connection.execute(text(f"DELETE FROM {schema}workflow_status WHERE status = 'DELAYED'")).rowcount == 1
    queue.dispose()
    until(lambda: state(outbox_engine, broadcast_id) == BroadcastState.SENT, SWEEP + 10)


def test_a_job_that_comes_too_early_or_for_nothing_does_nothing(outbox_engine: Engine, launched: Provider) -> None:
    """As after a change of the clock, or of the time, or a cancel."""
    later, cancelled = (schedule(outbox_engine, clock.now() + timedelta(hours=1)) for _ in range(2))
    with Session(outbox_engine) as session:
        session.get_one(Broadcast, cancelled).state = BroadcastState.CANCELLED
        session.commit()
    for broadcast_id in (later, cancelled, 999):
        engine.begin_at(broadcast_id, clock.now())
    time.sleep(3)
    assert state(outbox_engine, later) == BroadcastState.SCHEDULED
    assert state(outbox_engine, cancelled) == BroadcastState.CANCELLED
    assert launched.texts == []


def test_while_nothing_may_be_sent_the_job_does_not_begin_it(outbox_engine: Engine, launched: Provider) -> None:
    broadcast_id = schedule(outbox_engine, clock.now())
    with Session(outbox_engine) as session:
        gate = session.get_one(SendingGate, 1)
        gate.closed_at = gate.unsure_since = clock.now()
        gate.closure = "away"
        session.commit()
    engine.begin_at(broadcast_id, clock.now())
    time.sleep(3)
    assert state(outbox_engine, broadcast_id) == BroadcastState.SCHEDULED
