"""Jobs that an older version had put into the queue are run by this one, and stand in nobody's way."""

import time
from collections.abc import Iterator

import pytest
from dbos import DBOSClient
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState
from optin.jobs import engine
from optin.jobs.queue_database import open_queue
from tests.support import outbox
from tests.support.faults.processes import arrange_broadcast, state, until
from tests.support.jobs import end_jobs
from tests.support.provider import Provider, gateway_to, serve_provider

pytestmark = pytest.mark.slow


@pytest.fixture
def outbox_engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def queue(app: Flask) -> Iterator[Engine]:
    """The queue's database, with the engine's tables as an older version leaves them."""
    engine.launch(app)
    end_jobs()
    queue = open_queue(app.config["OPTIN"].queue_url)
    yield queue
    queue.dispose()


@pytest.fixture
def provider(app: Flask) -> Iterator[Provider]:
    with serve_provider() as provider:
        app.extensions["gateway"] = gateway_to(provider.url)
        yield provider
        end_jobs()


def put(queue: Engine, name: str, task: str, key: str, *arguments: int) -> str:
    """Put a job into the queue as the version of November 2026 did."""
    client = DBOSClient(system_database_engine=queue, application_name="optin", lazy=True)
    return client.enqueue(
        {"queue_name": name, "workflow_name": task, "app_version": "1", "deduplication_id": key}, *arguments
    ).get_workflow_id()


def begun_by(queue: Engine, job: str, name: str) -> None:
    """Have the job as a process left it that was killed and does not come back."""
    schema = "dbos." if queue.dialect.name == "postgresql" else ""
    began = f"UPDATE {schema}workflow_status SET status = 'PENDING', executor_id = :name WHERE workflow_uuid = :job"
    with queue.begin() as connection:
        connection.execute(text(began), {"name": name, "job": job})


@pytest.mark.parametrize("begun", [False, True])
def test_they_run(
    app: Flask, outbox_engine: Engine, queue: Engine, provider: Provider, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    """By themselves: the schedule, which gives a job to all that waits, does nothing here."""
    broadcast_id = arrange_broadcast(outbox_engine, 5)
    with Session(outbox_engine) as session:
        outbox.one_to_one(session, body="Hello")
        session.commit()
    jobs = [
        put(queue, "urgent", "deliver_urgent", str(int(time.time()) // 5)),
        put(queue, "broadcasts", "deliver_broadcast", f"{broadcast_id}-0", broadcast_id),
    ]
    for job in jobs if begun else ():
        begun_by(queue, job, "a container of yesterday:/instance#0")
    monkeypatch.setattr(engine, "chores", lambda *_: [])
    engine.launch(app)
    until(lambda: state(outbox_engine, broadcast_id) == BroadcastState.SENT, 30)
    until(lambda: (outbox.MAYA, "Hello") in provider.texts, 30)
    assert len(provider.texts) == 6


def test_a_newer_job_does_not_wait_for_one_that_never_ended(
    app: Flask, outbox_engine: Engine, queue: Engine, provider: Provider
) -> None:
    broadcast_id = arrange_broadcast(outbox_engine, 5)
    never_ends = put(queue, "nobody reads it", "deliver_broadcast", f"{broadcast_id}-0", broadcast_id)
    engine.launch(app)
    begun_by(queue, never_ends, "elsewhere#0")
    until(lambda: state(outbox_engine, broadcast_id) == BroadcastState.SENT, 20)
