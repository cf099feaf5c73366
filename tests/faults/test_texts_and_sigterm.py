"""A web process is told to stop while texts come in: it ends in its time, and all that it answered is stored."""

import signal
import time
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine

from tests.support.faults import replay
from tests.support.faults.processes import START, free_port, running, until
from tests.support.faults.twilio import NO_ANSWER, SMS, answers, environ, web
from tests.support.provider import serve_provider

IN_TIME = 20.0
"""Seconds: the server waits for ten, and the machine may be busy with other tests."""


def test_what_was_answered_is_stored_and_the_process_ends(
    database: str, app: Flask, engine: Engine, shared_folder: Path, tmp_path: Path
) -> None:
    lanes = replay.conversations(app, 150, seed=4)
    port = free_port()
    with (
        serve_provider() as provider,
        running(START, database, tmp_path / "stops", provider, **environ(app, port)) as stops,
        web(app, tmp_path, provider) as twilio,
    ):
        goes_on, url = twilio.urls[0], f"http://127.0.0.1:{port}"
        until(lambda: answers(url))
        twilio.urls = [url]
        with twilio.delivering(SMS, lanes):
            until(lambda: len(twilio.answered) >= 100)
            began = time.monotonic()
            stops.send_signal(signal.SIGTERM)
            assert stops.wait(60) == 0
            took = time.monotonic() - began
            answered = {form["MessageSid"] for form, _ in twilio.answered}
            assert answered <= replay.stored_sids(replay.state(engine))
            twilio.urls = [goes_on]
    assert took < IN_TIME
    assert set(twilio.statuses) <= {200, 503, NO_ANSWER}
    assert twilio.statuses[NO_ANSWER], "it was stopped too late to show anything"
    wanted = replay.replayed(shared_folder, tmp_path / "replay", replay.flat(SMS, lanes))
    assert replay.differences(replay.state(engine), wanted) == {}
