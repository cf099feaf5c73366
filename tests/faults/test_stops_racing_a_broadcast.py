"""STOPs race a broadcast: once a STOP is answered nothing to its number is started, and nobody gets a text twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from flask import Flask
from sqlalchemy import Engine

from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus
from tests.support import outbox
from tests.support.faults.processes import WORKER, arrange_broadcast, messages, running, state, until
from tests.support.faults.stops import AnsweredStops, see_that_stops_were_obeyed, stop_near
from tests.support.faults.twilio import AT_ONCE, web
from tests.support.provider import serve_provider


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.mark.parametrize(("people", "stops"), [(500, 150), pytest.param(10_000, 1_000, marks=pytest.mark.soak)])
def test_nothing_starts_after_its_stop_was_answered(
    database: str, app: Flask, engine: Engine, tmp_path: Path, people: int, stops: int
) -> None:
    broadcast_id = arrange_broadcast(engine, people)
    numbers = outbox.numbers(people)
    who = sorted(Random(1).sample(range(100, people - 50), stops))
    with serve_provider() as provider, web(app, tmp_path, provider) as twilio:
        provider.seconds = 0.2
        twilio = AnsweredStops(app, *twilio.urls)
        with running(WORKER, database, tmp_path / "worker", provider):
            with ThreadPoolExecutor(AT_ONCE) as threads:
                list(threads.map(lambda index: stop_near(index, numbers, twilio, provider), who))
            until(lambda: state(engine, broadcast_id) == BroadcastState.SENT, 600)
    assert set(twilio.statuses) <= {200, 503}
    rows = {row.number: row for row in messages(engine) if row.broadcast_id == broadcast_id}
    assert len(rows) == people
    see_that_stops_were_obeyed(rows, twilio.stopped, provider)
    reached = Counter(number for number, _ in provider.texts)
    assert set(reached.values()) == {1}
    assert reached.keys() == {number for number, row in rows.items() if row.status == MessageStatus.SENT}
