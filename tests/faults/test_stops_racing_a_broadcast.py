"""STOPs race a broadcast: once a STOP is answered nothing to its number is started, and nobody gets a text twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from flask import Flask
from sqlalchemy import Engine

from optin import clock
from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus, Reason
from optin.models import Message
from tests.support import outbox
from tests.support.faults.processes import WORKER, arrange_broadcast, messages, running, state, until
from tests.support.faults.twilio import AT_ONCE, SMS, Twilio, web
from tests.support.provider import Provider, serve_provider
from tests.support.twilio_requests import text_form

REQUEST = timedelta(seconds=5)
"""What may pass between a start and its request, on a machine that is busy with other tests."""


class Stopping(Twilio):
    """Keeps in mind when each number's STOP was answered."""

    def post(self, path: str, form: dict[str, str]) -> int:
        status = super().post(path, form)
        if status == 200:
            self.stopped[form["From"]] = clock.now()
        return status

    stopped: dict[str, datetime]


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
        twilio = Stopping(app, *twilio.urls)
        twilio.stopped = {}
        with running(WORKER, database, tmp_path / "worker", provider):
            with ThreadPoolExecutor(AT_ONCE) as threads:
                list(threads.map(lambda index: _stop_near(index, numbers, twilio, provider), who))
            until(lambda: state(engine, broadcast_id) == BroadcastState.SENT, 600)
    assert set(twilio.statuses) <= {200, 503}
    rows = {row.number: row for row in messages(engine) if row.broadcast_id == broadcast_id}
    assert len(rows) == people
    _obeyed(rows, twilio.stopped, provider)
    reached = Counter(number for number, _ in provider.texts)
    assert set(reached.values()) == {1}
    assert reached.keys() == {number for number, row in rows.items() if row.status == MessageStatus.SENT}


def _stop_near(index: int, numbers: list[str], twilio: Twilio, provider: Provider) -> None:
    """Post the STOP of a number at about the time when its turn comes."""
    near = numbers[index + Random(index).randint(-100, 40)]
    until(lambda: any(number >= near for number, _ in provider.texts[-AT_ONCE:]), 600)
    twilio.deliver(SMS, [text_form(twilio.app, "STOP", number=numbers[index])])


def _obeyed(rows: dict[str, Message], stopped: dict[str, datetime], provider: Provider) -> None:
    """See that what was started to who stopped was so before the answer, and that there was a race to win or lose."""
    arrived = {form["To"]: at for form, at in zip(provider.accepted, provider.accepted_at, strict=True)}
    for number, answered in stopped.items():
        row = rows[number]
        if row.started_at is None:
            assert row.status in (MessageStatus.CANCELLED, MessageStatus.SKIPPED)
            assert row.reason == Reason.OPTED_OUT
            assert number not in arrived
        else:
            assert row.started_at <= answered
            assert arrived[number] <= answered + REQUEST
    lost = sum(number in arrived for number in stopped)
    assert 0 < lost < len(stopped), "all were too quick or too slow for a race"
