"""The database is disturbed while texts come in: each gets 200 or 503, and what comes again is stored once."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.support.apps import end_app, new_app
from tests.support.faults import outages, replay
from tests.support.faults.outages import Place
from tests.support.faults.processes import until
from tests.support.faults.twilio import SMS, web
from tests.support.provider import serve_provider

SHORT, LONG = 1.0, pytest.param(15.0, marks=pytest.mark.soak)
"""Seconds; SQLite waits for ten, and PostgreSQL for a lock."""


@pytest.fixture(params=[*outages.PLACES, outages.postgresql_that_is_cut], ids=lambda place: place.__name__)
def place(request: pytest.FixtureRequest, shared_folder: Path, tmp_path: Path) -> Iterator[Place]:
    with request.param(shared_folder, tmp_path) as place:
        yield place


@pytest.fixture
def app(place: Place, shared_folder: Path, tmp_path: Path) -> Iterator[Flask]:
    app = new_app(place.url, shared_folder, tmp_path / "instance of a test")
    yield app
    end_app(app)


@pytest.mark.parametrize("seconds", [SHORT, LONG])
def test_each_text_is_stored_once_and_acted_on_once(
    place: Place, app: Flask, engine: Engine, shared_folder: Path, tmp_path: Path, seconds: float
) -> None:
    lanes = replay.conversations(app, people=120, seed=8)
    with serve_provider() as provider, web(app, tmp_path, provider) as twilio, twilio.delivering(SMS, lanes):
        until(lambda: len(twilio.answered) >= 60)
        engine.dispose()
        with place.fails(twilio.processes[0].pid):
            time.sleep(seconds)
    assert set(twilio.statuses) <= {200, 503}
    wanted = replay.replayed(shared_folder, tmp_path / "replay", replay.flat(SMS, lanes))
    assert replay.differences(replay.state(engine), wanted) == {}
