"""Workers of their own: the web process only puts jobs into the queue; what a dead worker left another takes over."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus
from optin.jobs import engine
from tests.support import outbox
from tests.support.faults.processes import WORKER, arrange_broadcast, let_leases_end, messages, running, state, until
from tests.support.jobs import end_jobs
from tests.support.provider import Provider, gateway_to, serve_provider


@pytest.fixture
def outbox_engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def test_a_web_process_has_its_messages_sent_by_a_worker(
    database: str, app: Flask, outbox_engine: Engine, tmp_path: Path
) -> None:
    app.testing = False  # else a nudge does nothing
    with serve_provider() as provider, running(WORKER, database, tmp_path / "worker", provider) as worker:
        until(lambda: b"Ctrl-C" in (tmp_path / "worker" / "log").read_bytes())
        for text in ("first", "second"):
            with Session(outbox_engine) as session:
                outbox.one_to_one(session, body=text)
                session.commit()
            with app.app_context():
                engine.nudge()
            until(lambda text=text: (outbox.MAYA, text) in provider.texts)
        end_jobs()
        worker.terminate()
        assert worker.wait(30) == 0
    assert [message.status for message in messages(outbox_engine)] == [MessageStatus.SENT] * 2


def test_another_process_takes_over_what_a_dead_worker_left(
    database: str,
    make_app: Callable[..., Flask],
    outbox_engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broadcast_id = arrange_broadcast(outbox_engine, 200)
    with serve_provider() as provider:
        provider.seconds = 0.2
        with running(WORKER, database, tmp_path / "worker", provider):
            until(lambda: len(provider.accepted) > 60)
        let_leases_end(outbox_engine)
        provider.seconds = 0
        other = make_app()
        other.extensions["gateway"] = gateway_to(provider.url)
        engine.launch(other)
        try:
            until(lambda: state(outbox_engine, broadcast_id) == BroadcastState.SENT)
        finally:
            end_jobs()
    assert set(Counter(number for number, _ in provider.texts).values()) == {1}


def test_a_worker_that_is_told_to_stop_finishes_what_it_started(
    database: str, outbox_engine: Engine, tmp_path: Path
) -> None:
    arrange_broadcast(outbox_engine, 300)
    with serve_provider() as provider, running(WORKER, database, tmp_path / "worker", provider) as worker:
        provider.seconds = 0.2
        until(lambda: len(provider.accepted) > 60)
        worker.terminate()
        assert worker.wait(30) == 0
        _nothing_is_open(outbox_engine, provider)


@pytest.mark.parametrize("how", ["main", "exit", "child"])
def test_a_process_whose_main_thread_ends_records_what_it_started(
    database: str, outbox_engine: Engine, tmp_path: Path, how: str
) -> None:
    """Whoever serves the app need not know of the engine: requests under way end and are recorded, none is begun."""
    arrange_broadcast(outbox_engine, 300)
    folder = tmp_path / "ends"
    with (
        serve_provider() as provider,
        running(("-m", "tests.support.faults.ends", how), database, folder, provider) as process,
    ):
        provider.seconds = 0.2
        until(lambda: len(provider.accepted) > 60)
        (folder / "end").touch()
        assert process.wait(30) == 0
        _nothing_is_open(outbox_engine, provider)
    assert b"Traceback" not in (folder / "log").read_bytes()


def _nothing_is_open(outbox_engine: Engine, provider: Provider) -> None:
    """See that each message was either sent, or waits for the next worker."""
    states = Counter(message.status for message in messages(outbox_engine))
    assert states == {
        MessageStatus.SENT: len(provider.accepted),
        MessageStatus.QUEUED: 300 - len(provider.accepted),
    }
