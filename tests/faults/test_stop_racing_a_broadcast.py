"""Stop all sending is pressed while two processes send a broadcast: once it was answered nothing more is started."""

import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus, ReplyKind, Role
from optin.models import Message
from optin.sending import stop_all
from tests.conftest import add_user
from tests.support import outbox
from tests.support.clients import Browser
from tests.support.faults.processes import WORKER, arrange_broadcast, messages, running, state, until
from tests.support.provider import Provider, serve_provider

REQUEST = timedelta(seconds=5)
"""What may pass between a start and its request, on a machine that is busy with other tests."""


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.mark.parametrize("people", [400, pytest.param(10_000, marks=pytest.mark.soak)])
def test_nothing_starts_once_the_press_was_answered(
    database: str, app: Flask, engine: Engine, tmp_path: Path, people: int
) -> None:
    broadcast_id = arrange_broadcast(engine, people)
    with Session(engine, expire_on_commit=False) as session:
        user = add_user(session, Role.AGENT)
    agent = app.test_client()
    assert isinstance(agent, Browser)
    agent.sign_in(user)
    with serve_provider() as provider:
        provider.seconds = 0.2
        with (
            running(WORKER, database, tmp_path / "one", provider) as first,
            running(WORKER, database, tmp_path / "two", provider),
        ):
            until(lambda: provider.requests >= people // 8)
            assert agent.post("/stop-sending").status_code == 303
            answered = clock.now()
            _wait_for_requests(provider)
            first.kill()  # a process that begins anew reads the stop as well
            with running(WORKER, database, tmp_path / "three", provider):
                reply_id = _somebody_leaves(engine)
                until(lambda: _status(engine, reply_id) == MessageStatus.SENT)
            rows = [row for row in messages(engine) if row.broadcast_id == broadcast_id]
            started = [row.started_at for row in rows if row.started_at is not None]
            assert 0 < len(started) < people, "too quick or too slow for a race"
            assert max(started) <= answered
            assert max(at for at in provider.accepted_at[:-1]) <= answered + REQUEST
            assert state(engine, broadcast_id) == BroadcastState.SENDING
            with Session(engine) as session:
                found = stop_all.current(session)
                assert found
                assert stop_all.lift(session, user.id, found.at)
                session.commit()
            until(lambda: state(engine, broadcast_id) == BroadcastState.SENT, 600)
    assert Counter(row.status for row in messages(engine) if row.broadcast_id) == {MessageStatus.SENT: people}
    reached = Counter(number for number, _ in provider.texts if number != outbox.MAYA)
    assert reached == dict.fromkeys(outbox.numbers(people), 1)


def _wait_for_requests(provider: Provider) -> None:
    """Wait until no request is under way any more."""
    counts: list[int] = []
    done = threading.Event()
    while not done.wait(0.5):
        counts.append(provider.requests)
        if len(counts) > 2 and counts[-1] == counts[-3]:
            done.set()


def _somebody_leaves(engine: Engine) -> int:
    with Session(engine) as session:
        outbox.reply(session, ReplyKind.CONFIRMATION)
        confirmation = outbox.reply(session, ReplyKind.OPT_OUT)
        session.commit()
        return confirmation.id


def _status(engine: Engine, message_id: int) -> str:
    with Session(engine) as session:
        return session.get_one(Message, message_id).status
