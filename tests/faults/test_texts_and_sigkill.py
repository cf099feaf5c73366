"""Web processes are killed while texts come in: what was answered is stored, each text whole or not at all."""

import random
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.support.faults import replay
from tests.support.faults.processes import kill, until
from tests.support.faults.twilio import NO_ANSWER, SMS, Twilio, web
from tests.support.provider import serve_provider

PEOPLE = 150


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_what_was_answered_is_stored_whole(
    app: Flask, engine: Engine, shared_folder: Path, tmp_path: Path, kills: int
) -> None:
    lanes = replay.conversations(app, PEOPLE * kills, seed=2)
    twilio = Twilio(app)
    with serve_provider() as provider, ExitStack() as deliveries:
        for turn in range(kills):
            with web(app, tmp_path, provider) as running:
                twilio.urls = running.urls
                if not turn:
                    deliveries.enter_context(twilio.delivering(SMS, lanes))
                enough = len(twilio.answered) + random.randint(50, 250)
                until(lambda enough=enough: len(twilio.answered) >= enough, every=0.001)  # killed right after an answer
            answered = {form["MessageSid"] for form, _ in twilio.answered}
            _whole(replay.state(engine), answered, lanes, shared_folder, tmp_path)
        with web(app, tmp_path, provider) as running:  # Twilio delivers the rest, some of which was stored
            twilio.urls = running.urls
            deliveries.close()
    assert set(twilio.statuses) <= {200, 503, NO_ANSWER}
    assert twilio.statuses[NO_ANSWER], "it was killed too late to show anything"
    wanted = replay.replayed(shared_folder, tmp_path / "replay", replay.flat(SMS, lanes))
    assert replay.differences(replay.state(engine), wanted) == {}


def test_one_of_two_processes_is_killed(app: Flask, engine: Engine, shared_folder: Path, tmp_path: Path) -> None:
    """The other takes in at once what the killed one was at."""
    lanes = replay.conversations(app, PEOPLE, seed=3)
    with serve_provider() as provider, web(app, tmp_path, provider, 2) as twilio, twilio.delivering(SMS, lanes):
        until(lambda: len(twilio.answered) >= 100)
        kill(twilio.processes[0])
    assert set(twilio.statuses) <= {200, 503, NO_ANSWER}
    assert twilio.statuses[NO_ANSWER], "it was killed too late to show anything"
    wanted = replay.replayed(shared_folder, tmp_path / "replay", replay.flat(SMS, lanes))
    assert replay.differences(replay.state(engine), wanted) == {}


def _whole(
    found: replay.State, answered: set[str], lanes: list[list[dict[str, str]]], shared: Path, folder: Path
) -> None:
    """See that what was answered is stored, and that all is as if just the stored texts had come."""
    stored = replay.stored_sids(found)
    assert answered <= stored
    came = [form for lane in lanes for form in lane if form["MessageSid"] in stored]
    wanted = replay.replayed(shared, folder / "replay", replay.flat(SMS, [came]))
    assert replay.differences(found, wanted) == {}
