"""The web process is killed while many texts come in: what was answered is stored whole, the rest not at all."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator

from optin.database.session import db
from optin.models import ConsentEvent, Message, OptIn, Suppression
from tests.support import world
from tests.support.faults.processes import SERVER, free_port, running, until
from tests.support.provider import serve_provider
from tests.support.twilio_requests import text_form

AT_ONCE = 24
Form = dict[str, str]


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_what_was_answered_is_stored_whole(
    database: str, app: Flask, engine: Engine, tmp_path: Path, kills: int
) -> None:
    with Session(engine) as session:
        world.keyword(session)
    bodies = ("volunteer", "STOP", "hello")
    texts = [
        text_form(app, bodies[index % 3], number=f"+1415555{index:04d}", MessageSid=f"SM{index:032x}")
        for index in range(kills * 200)
    ]
    answered: set[str] = set()
    with serve_provider() as provider:
        for kill in range(kills):
            port = free_port()
            with running(SERVER, database, tmp_path, provider, PORT=str(port)) as process:
                url = f"http://127.0.0.1:{port}"
                until(lambda url=url: _answers(url), 60)
                mine = texts[kill * 200 : kill * 200 + 200]
                enough = len(answered) + random.randint(20, 120)
                with ThreadPoolExecutor(AT_ONCE + 1) as threads:
                    asked = [threads.submit(_post, app, url, part, answered) for part in _parts(mine)]
                    until(lambda enough=enough: len(answered) >= enough, 60)
                    process.kill()
                    for each in asked:
                        each.result(60)
        half = _check(engine, texts, answered)
        assert len(answered) < len(texts), "it was killed too late to show anything"
        with running(SERVER, database, tmp_path, provider, PORT=str(port)):  # Twilio delivers them all once more
            until(lambda: _answers(url), 60)
            _post(app, url, texts, again := set())
        assert again == {form["MessageSid"] for form in texts}
        assert half <= _check(engine, texts, again)


def _parts(texts: Sequence[Form]) -> list[Sequence[Form]]:
    return [texts[first::AT_ONCE] for first in range(AT_ONCE)]


def _answers(url: str) -> bool:
    try:
        return urllib3.request("GET", f"{url}/healthz", retries=False, timeout=1).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _post(app: Flask, url: str, texts: Sequence[Form], answered: set[str]) -> None:
    """Post until the server is gone, and note what it answered with 200."""
    path = f"{url}/webhooks/twilio/sms"
    signing = RequestValidator(app.config["OPTIN"].twilio_auth_token)
    with urllib3.PoolManager() as pool:
        for form in texts:
            headers = {"X-Twilio-Signature": signing.compute_signature(path, form)}
            try:
                answer = pool.request(
                    "POST", path, fields=form, encode_multipart=False, headers=headers, retries=False, timeout=30
                )
            except urllib3.exceptions.HTTPError:
                return
            assert answer.status == 200
            answered.add(form["MessageSid"])


def _check(engine: Engine, texts: Sequence[Form], answered: set[str]) -> set[str]:
    """See that each text is stored with all that it does or not at all; return the stored SIDs."""
    with Session(engine) as session:
        stored = list(session.scalars(select(Message.sid).where(Message.direction == "inbound")))
        replied = set(
            session.scalars(
                select(Message.number).where(Message.direction == "outbound", Message.reply_kind.is_not(None))
            )
        )
        joined = set(session.scalars(select(OptIn.message_sid)))
        left = set(session.scalars(select(Suppression.number)))
        told = set(session.scalars(select(ConsentEvent.message_sid)))
    assert len(stored) == len(set(stored))
    assert answered <= set(stored)
    for form in texts:
        sid, number, body, there = form["MessageSid"], form["From"], form["Body"], form["MessageSid"] in stored
        assert (sid in joined) == (there and body == "volunteer"), form
        assert (number in left) == (there and body == "STOP"), form
        assert (sid in told) == (there and body != "hello"), form
        assert (number in replied) == (there and body == "volunteer"), form
    return set(stored)
