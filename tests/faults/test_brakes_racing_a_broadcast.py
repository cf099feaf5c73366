"""Each brake is used while two processes send a broadcast: once it has taken hold nothing more is started.

The brakes are Stop all sending, a pause, and a broadcast that stops itself because carriers filter it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.transactions import writing
from optin.enums import BroadcastState, MessageStatus, ReplyKind, Role
from optin.models import Broadcast, Message, User
from optin.sending import canary, stop_all
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


MANY = pytest.mark.parametrize("people", [400, pytest.param(10_000, marks=pytest.mark.soak)])


@MANY
def test_nothing_starts_once_the_press_was_answered(
    database: str, app: Flask, engine: Engine, tmp_path: Path, people: int
) -> None:
    broadcast_id = arrange_broadcast(engine, people)
    user, agent = _agent(app, engine)
    with serve_provider() as provider:
        provider.seconds = 0.2
        with (
            running(WORKER, database, tmp_path / "one", provider) as first,
            running(WORKER, database, tmp_path / "two", provider),
        ):
            until(lambda: provider.requests >= people // 8)
            assert agent.post("/stop-sending").status_code == 303
            answered = clock.now()
            _wait_for_answers(engine)
            first.kill()  # a process that begins anew reads the stop as well
            with running(WORKER, database, tmp_path / "three", provider):
                reply_id = _somebody_leaves(engine)
                until(lambda: _status(engine, reply_id) == MessageStatus.SENT)
            _see_that_nothing_started_after(answered, engine, broadcast_id, provider.accepted_at[:-1])
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


@MANY
def test_nothing_starts_once_a_pause_was_answered(
    database: str, app: Flask, engine: Engine, tmp_path: Path, people: int
) -> None:
    broadcast_id = arrange_broadcast(engine, people)
    _, agent = _agent(app, engine)
    with _two_workers(database, tmp_path) as provider:
        until(lambda: provider.requests >= people // 8)
        page = f"/broadcasts/{broadcast_id}/state"
        assert agent.post(page, data={"state": BroadcastState.PAUSED}).status_code == 303
        answered = clock.now()
        _wait_for_answers(engine)
        _see_that_nothing_started_after(answered, engine, broadcast_id, provider.accepted_at)
        assert state(engine, broadcast_id) == BroadcastState.PAUSED
        assert agent.post(page, data={"state": BroadcastState.SENDING}).status_code == 303
        until(lambda: state(engine, broadcast_id) == BroadcastState.SENT, 600)
    assert Counter(number for number, _ in provider.texts) == dict.fromkeys(outbox.numbers(people), 1)


@pytest.mark.parametrize("people", [1000, pytest.param(10_000, marks=pytest.mark.soak)])
def test_nothing_starts_once_it_has_stopped_itself(database: str, engine: Engine, tmp_path: Path, people: int) -> None:
    broadcast_id = arrange_broadcast(engine, people)
    with _two_workers(database, tmp_path) as provider:
        until(lambda: provider.requests >= people // 8)
        _filter_some(engine, broadcast_id)
        until(lambda: state(engine, broadcast_id) == BroadcastState.PAUSED)
        seen = clock.now()
        _wait_for_answers(engine)
        _see_that_nothing_started_after(seen, engine, broadcast_id, provider.accepted_at)
        assert state(engine, broadcast_id) == BroadcastState.PAUSED
        with Session(engine) as session:
            assert "filtered" in (session.get_one(Broadcast, broadcast_id).paused_because or "")
    assert max(Counter(number for number, _ in provider.texts).values()) == 1


@contextmanager
def _two_workers(database: str, folder: Path) -> Iterator[Provider]:
    with serve_provider() as provider:
        provider.seconds = 0.2
        with running(WORKER, database, folder / "one", provider), running(WORKER, database, folder / "two", provider):
            yield provider


def _agent(app: Flask, engine: Engine) -> tuple[User, Browser]:
    """Return an agent, and their browser in which they are signed in."""
    with Session(engine, expire_on_commit=False) as session:
        user = add_user(session, Role.AGENT)
    browser = app.test_client()
    assert isinstance(browser, Browser)
    browser.sign_in(user)
    return user, browser


def _filter_some(engine: Engine, broadcast_id: int) -> None:
    """Have carriers have filtered what was sent up to now, as status callbacks say."""
    sent = (Message.broadcast_id == broadcast_id, Message.status == MessageStatus.SENT)
    with writing(engine) as session:
        session.execute(
            update(Message).where(*sent).values(status=MessageStatus.UNDELIVERED, error_code=canary.FILTERED)
        )


def _see_that_nothing_started_after(
    moment: datetime, engine: Engine, broadcast_id: int, accepted_at: Sequence[datetime]
) -> None:
    rows = [row for row in messages(engine) if row.broadcast_id == broadcast_id]
    started = [row.started_at for row in rows if row.started_at is not None]
    assert 0 < len(started) < len(rows), "too quick or too slow for a race"
    assert max(started) <= moment
    assert max(accepted_at) <= moment + REQUEST


def _wait_for_answers(engine: Engine) -> None:
    """Wait until no request is under way any more: each answer is written down."""
    until(lambda: all(row.status != MessageStatus.SENDING for row in messages(engine)))


def _somebody_leaves(engine: Engine) -> int:
    with Session(engine) as session:
        outbox.reply(session, ReplyKind.CONFIRMATION)
        confirmation = outbox.reply(session, ReplyKind.OPT_OUT)
        session.commit()
        return confirmation.id


def _status(engine: Engine, message_id: int) -> str:
    with Session(engine) as session:
        return session.get_one(Message, message_id).status
