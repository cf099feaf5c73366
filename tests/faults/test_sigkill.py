"""The whole app is killed in the middle of a broadcast and started again: it goes on, nobody gets a text twice."""

import random
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus
from optin.jobs.sending import soon_free
from optin.jobs.worker import BROADCAST_THREADS
from optin.sending.record import LEFT_OPEN
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
        for kill in range(kills):
            enough = people * (kill + random.uniform(0.3, 0.7)) / kills
            with running(SERVER, database, tmp_path, provider):
                until(lambda enough=enough: len(provider.accepted) >= enough, 120)
            let_leases_end(engine)
        provider.seconds = 0
        with running(SERVER, database, tmp_path, provider):
            until(lambda: state(engine, broadcast_id) == BroadcastState.SENT, 120)
    _check(engine, provider, people, kills)


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
