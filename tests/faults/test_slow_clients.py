"""Requests that stay half sent, or whose sender is gone before the answer, hold up no other text and lose none."""

import socket
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from flask import Flask
from sqlalchemy import Engine

from tests.support.faults import replay
from tests.support.faults.twilio import SMS, THREADS, Form, web
from tests.support.provider import serve_provider
from tests.support.twilio_requests import signature

IN_TIME = 15.0
"""Seconds that Twilio waits for an answer."""


def test_half_requests_hold_up_no_other_text(app: Flask, engine: Engine, shared_folder: Path, tmp_path: Path) -> None:
    lanes = replay.conversations(app, 50, seed=5, texts=2)
    half, whole = lanes[: THREADS - 4], lanes[THREADS - 4 :]
    with serve_provider() as provider, web(app, tmp_path, provider) as twilio, ExitStack() as connections:
        for lane in half:
            connection = connections.enter_context(_connect(twilio.urls[0]))
            connection.sendall(_request(app, lane[0])[:-20])
        began = time.monotonic()
        twilio.deliver_all(SMS, whole)
        assert time.monotonic() - began < IN_TIME
        connections.close()
        assert replay.stored_sids(replay.state(engine)) == {form["MessageSid"] for lane in whole for form in lane}
        twilio.deliver_all(SMS, half)
    assert set(twilio.statuses) == {200}
    wanted = replay.replayed(shared_folder, tmp_path / "replay", replay.flat(SMS, lanes))
    assert replay.differences(replay.state(engine), wanted) == {}


def test_who_is_gone_before_the_answer_may_ask_again(
    app: Flask, engine: Engine, shared_folder: Path, tmp_path: Path
) -> None:
    lanes = replay.conversations(app, 60, seed=6)
    with serve_provider() as provider, web(app, tmp_path, provider) as twilio:
        for turn in range(max(map(len, lanes))):
            some = [lane[turn] for lane in lanes if turn < len(lane)]
            for form in some:
                with _connect(twilio.urls[0]) as connection:
                    connection.sendall(_request(app, form))
            twilio.deliver_all(SMS, [[form] for form in some])
    assert set(twilio.statuses) == {200}
    wanted = replay.replayed(shared_folder, tmp_path / "replay", replay.flat(SMS, lanes))
    assert replay.differences(replay.state(engine), wanted) == {}


def _connect(url: str) -> socket.socket:
    place = urlsplit(url)
    return socket.create_connection((str(place.hostname), place.port or 80))


def _request(app: Flask, form: Form) -> bytes:
    """Return a whole signed request as it goes over the line."""
    body = urlencode(form).encode()
    lines = [
        f"POST {SMS} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"X-Twilio-Signature: {signature(app, SMS, form)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
