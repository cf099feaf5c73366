"""Whatever ends a job or strikes a chore, the rest goes on; a job that the engine lost ends at its deadline."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus
from optin.jobs import engine, tasks, worker_registry
from optin.jobs.queue_database import open_queue
from optin.jobs.schedule import Chore, Schedule, chores, comparisons, counting, sealing, series_of_texts
from optin.jobs.wakeup import Wakeup
from optin.jobs.worker import Worker
from optin.models import Broadcast
from tests.support import outbox
from tests.support.clockwork import NO_OFFERS
from tests.support.faults.processes import arrange_broadcast, messages, state, until
from tests.support.jobs import end_jobs
from tests.support.provider import Provider, gateway_to, serve_provider


def disk_full() -> Exception:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return OperationalError("UPDATE message", None, error)


ERRORS: tuple[Callable[[], BaseException], ...] = (
    disk_full,
    lambda: OperationalError("UPDATE message", None, psycopg.errors.DiskFull("no space left on device")),
    lambda: IntegrityError("UPDATE message", None, psycopg.errors.UniqueViolation("twice")),
    lambda: OSError(5, "Input/output error"),
    MemoryError,
    lambda: RuntimeError("can't start new thread"),
    lambda: ZeroDivisionError("a fault of ours"),
    lambda: SystemExit(1),
)


@pytest.fixture
def outbox_engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def provider(app: Flask) -> Iterator[Provider]:
    with serve_provider() as provider:
        app.extensions["gateway"] = gateway_to(provider.url)
        yield provider
        end_jobs()


@pytest.mark.slow
@pytest.mark.parametrize("error", ERRORS)
def test_a_chore_that_is_struck_is_done_again_and_the_others_meanwhile(
    error: Callable[[], BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optin.jobs.schedule.RETRY", 0.1)
    done: list[str] = []

    def strikes() -> None:
        done.append("struck")
        if done.count("struck") < 3:
            raise error()

    schedule = Schedule([Chore(3600, strikes), Chore(0.05, lambda: done.append("other"))], threading.Event())
    until(lambda: done.count("struck") == 3 and done.count("other") > 3, 5)
    schedule.stop()


def test_every_kind_of_chore_is_done_again_before_long(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list, so that a new kind is looked at: each is read from rows again and needs no word of its former try."""
    worker = Worker(app)
    kinds = chores(worker, NO_OFFERS) + counting(worker) + sealing(worker) + comparisons(worker)
    kinds += series_of_texts(worker)
    assert [chore.seconds for chore in kinds] == [
        15,
        15,
        5,
        2,
        2,
        3,
        3,
        2,
        2,
        5,
        5,
        60,
        60,
        60,
        3600,
        3600,
        3600,
        3600,
        600,
        3600,
        3600,
        5,
        5,
        2,
        5,
        5,
        60,
        3600,
        3600,
        15,
    ]
    monkeypatch.setattr("optin.jobs.schedule.RETRY", 0.2)
    struck: list[object] = []
    for chore in kinds:
        chore.due = 0.0
        chore.do = lambda chore=chore: (struck.append(id(chore)), 1 / 0)  # type: ignore[misc]
    schedule = Schedule(kinds, threading.Event())
    until(lambda: all(struck.count(id(chore)) > 2 for chore in kinds), 10)
    schedule.stop()
    worker.stop(0)


@pytest.mark.parametrize("error", ERRORS)
def test_a_wakeup_survives(error: Callable[[], BaseException]) -> None:
    acts: list[int] = []

    def act() -> bool:
        acts.append(1)
        if len(acts) == 1:
            raise error()
        return True

    wakeup = Wakeup(act)
    wakeup.wake()
    until(lambda: len(acts) == 1, 5)
    wakeup.wake()
    until(lambda: len(acts) == 2, 5)
    wakeup.stop()


@pytest.mark.slow
@pytest.mark.parametrize("error", [ERRORS[0], ERRORS[6], ERRORS[7]])
@pytest.mark.parametrize(
    "where",
    [f"delivery.{each}" for each in ("claim", "start", "record", "release", "finish")]
    + ["start.start_in", "record.store_sent"],
)
def test_a_broadcast_comes_to_its_end_whatever_strikes_its_jobs(
    app: Flask,
    outbox_engine: Engine,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    error: Callable[[], BaseException],
) -> None:
    monkeypatch.setattr("optin.jobs.sending.PATIENCE", 0.5)
    for lease in ("claim.LEASE", "start.UNDER_WAY"):
        monkeypatch.setattr(f"optin.sending.{lease}", timedelta(seconds=3))
    module, name = where.split(".")
    real, calls = getattr(import_module(f"optin.sending.{module}"), name), iter(range(10**6))

    def strikes(*args: object, **kwargs: object) -> object:
        if next(calls) in (1, 2):
            raise error()
        return real(*args, **kwargs)

    monkeypatch.setattr(f"optin.sending.{where}", strikes)
    broadcast_id = arrange_broadcast(outbox_engine, 60)
    provider.seconds = 0.05
    engine.launch(app)
    until(lambda: state(outbox_engine, broadcast_id) == BroadcastState.SENT, 60)
    sent = [number for number, _ in provider.texts]
    assert len(sent) == len(set(sent))
    states = {message.status for message in messages(outbox_engine)}
    assert states <= {MessageStatus.SENT, MessageStatus.UNKNOWN}, states


@pytest.mark.slow
@pytest.mark.parametrize("where", ["here", "elsewhere#0"])
def test_a_job_that_the_engine_takes_for_running_stands_in_the_way_until_its_deadline_only(
    app: Flask, outbox_engine: Engine, provider: Provider, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """As a full disk leaves it: the job ended, its entry says PENDING, and its key refuses a new one.

    `where` it is said to run: in this process, or in one that lives and does nothing.
    """
    monkeypatch.setattr(engine, "DEADLINE", 4.0)
    engine.launch(app)
    broadcast_id = _leave_dead_entries(app, outbox_engine, name=_executor(app) if where == "here" else where)
    queue = open_queue(app.config["OPTIN"].queue_url)
    deadline = time.monotonic() + 30
    while state(outbox_engine, broadcast_id) != BroadcastState.SENT:
        if where != "here":
            worker_registry.live(queue, where)
        assert time.monotonic() < deadline
        time.sleep(0.3)
    queue.dispose()
    assert len(provider.texts) == 5
    until(lambda: _pending(app) == 0, 30)


@pytest.mark.slow
def test_every_job_gets_a_deadline_when_it_begins(app: Flask, outbox_engine: Engine, provider: Provider) -> None:
    """A longer one than a job may take, so that no job in good health is taken for dead."""
    assert engine.DEADLINE > tasks.SECONDS
    engine.launch(app)
    provider.seconds = 1
    arrange_broadcast(outbox_engine, 60)
    until(lambda: _pending(app) > 0, 30)
    queue = open_queue(app.config["OPTIN"].queue_url)
    schema = "dbos." if queue.dialect.name == "postgresql" else ""
    without = "started_at_epoch_ms IS NOT NULL AND workflow_deadline_epoch_ms IS NULL"
    with queue.connect() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {schema}workflow_status WHERE {without}")) == 0
    queue.dispose()


@pytest.mark.slow
def test_a_thread_that_ended_takes_the_sign_of_life_with_it(app: Flask, provider: Provider) -> None:
    engine.launch(app)
    running = engine._running
    assert running is not None
    assert running._ended() == set()
    until(lambda: {thread.name for thread in threading.enumerate()} >= engine.THREADS, 10)
    running._schedules[-1].stop()
    running._ended()
    before = worker_registry.last_sign(running._database)
    time.sleep(0.2)
    running._show_life()
    after = worker_registry.last_sign(running._database)
    assert before is not None
    assert after is not None
    assert after > before


def _leave_dead_entries(app: Flask, outbox_engine: Engine, name: str) -> int:
    """Have a broadcast whose jobs stand in the queue as running in `name`, though they ended."""
    running = engine._running
    assert running is not None
    with Session(outbox_engine) as session:
        paused = outbox.broadcast(session)
        paused.state = BroadcastState.PAUSED
        outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
        outbox.add_people(session, paused, outbox.numbers(5))
        session.commit()
        broadcast_id = paused.id
    for number in range(3):
        key = f"broadcast-{broadcast_id}-{number}"
        assert running.door.queue._put("nobody reads it", tasks.deliver_broadcast.__name__, key, broadcast_id)
    queue = open_queue(app.config["OPTIN"].queue_url)
    schema = "dbos." if queue.dialect.name == "postgresql" else ""
    with queue.begin() as connection:
        connection.execute(
            text(
                f"UPDATE {schema}workflow_status SET status = 'PENDING', queue_name = 'broadcasts', "
                "executor_id = :name, workflow_deadline_epoch_ms = :now + workflow_timeout_ms "
                "WHERE queue_name = 'nobody reads it'"
            ),
            {"name": name, "now": int(time.time() * 1000)},
        )
    queue.dispose()
    with Session(outbox_engine) as session:
        session.get_one(Broadcast, broadcast_id).state = BroadcastState.SENDING
        session.commit()
    assert _pending(app) == 3
    return broadcast_id


def _executor(app: Flask) -> str:
    running = engine._running
    assert running is not None
    return running._name.text


def _pending(app: Flask) -> int:
    queue = open_queue(app.config["OPTIN"].queue_url)
    schema = "dbos." if queue.dialect.name == "postgresql" else ""
    with queue.connect() as connection:
        found = connection.scalar(text(f"SELECT count(*) FROM {schema}workflow_status WHERE status = 'PENDING'"))
    queue.dispose()
    return int(found or 0)
