"""Twilio may post the same texts several times at once, to several web processes: each is stored and acted on once."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.support.faults import replay
from tests.support.faults.twilio import SMS, web
from tests.support.provider import serve_provider
from tests.support.twilio_requests import text_form
from tests.webhooks.test_sms import EMPTY


@pytest.mark.parametrize("processes", [1, 2])
def test_one_text_a_hundred_times_at_once(
    app: Flask, engine: Engine, shared_folder: Path, tmp_path: Path, processes: int
) -> None:
    texts = [text_form(app, "volunteer", number=f"+1415555{index:04d}") for index in range(3)]
    with serve_provider() as provider, web(app, tmp_path, provider, processes) as twilio:
        for form in texts:
            twilio.deliver_all(SMS, [[form]] * 100)
    assert set(twilio.statuses) <= {200, 503}
    assert twilio.statuses[200] == len(texts) * 100
    assert {answer for _, answer in twilio.answered} == {EMPTY}
    wanted = replay.replayed(shared_folder, tmp_path / "replay", replay.flat(SMS, [texts]))
    assert replay.differences(replay.state(engine), wanted) == {}


def test_conversations_over_two_processes_each_text_three_times(
    app: Flask, engine: Engine, shared_folder: Path, tmp_path: Path
) -> None:
    """Who texts several times gets what they asked for in this order, wherever each text comes in."""
    lanes = replay.conversations(app, people=40, seed=1)
    with serve_provider() as provider, web(app, tmp_path, provider, 2) as twilio:
        for turn in range(max(map(len, lanes))):
            twilio.deliver_all(SMS, [[lane[turn]] for lane in lanes if turn < len(lane)] * 3)
    assert set(twilio.statuses) <= {200, 503}
    wanted = replay.replayed(shared_folder, tmp_path / "replay", replay.flat(SMS, lanes))
    assert replay.differences(replay.state(engine), wanted) == {}
