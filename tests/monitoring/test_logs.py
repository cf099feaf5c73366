"""Log lines carry no secrets and no person's number, in both forms."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from optin import clock
from optin.config import Config
from optin.enums import Role
from optin.models import User
from optin.monitoring import logs
from tests.support.twilio_requests import post, text_form

TWILIO = {"OPTIN_MODE": "twilio", "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16, "TWILIO_AUTH_TOKEN": "f" * 32}
SMS = "/webhooks/twilio/sms"


@pytest.fixture(params=[{}, TWILIO], ids=["simulator", "twilio"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Config]:
    """Logging as it is in each mode."""
    handlers = logging.getLogger().handlers[:]
    config = Config.from_environ(request.param, tmp_path)
    logs.configure(config)
    yield config
    logging.getLogger().handlers = handlers


def test_what_is_private_stays_out(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().warning("sent to +14155550123", auth_token="f" * 32, number="+447700900456", count=2)
    logging.getLogger("a library").warning("no route to %s", "+14155550123")
    try:
        raise ValueError("+14155550123 is wrong")
    except ValueError:
        structlog.get_logger().exception("failed")
    written = capsys.readouterr().err
    for private in ("4155550123", "7700900456", "f" * 32):
        assert private not in written
    assert "…23" in written or "\\u202623" in written
    assert "Traceback" in written


def test_errors_of_the_database_tell_nothing_of_people(
    app: Flask, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(app.config["OPTIN"])
    for _ in range(2):
        session.add(User(email="ana@example.org", name="Ana Ruiz", created_at=clock.now(), role=Role.AGENT))
        try:
            session.commit()
        except IntegrityError:
            session.rollback()
            logging.getLogger("optin").exception("GET /search?q=%2B14155550134 failed for ana@example.org")
    written = capsys.readouterr().err
    assert "IntegrityError" in written
    for private in ("ana@", "Ana Ruiz", "4155550134"):
        assert private not in written


@pytest.mark.parametrize("environ", [{}, TWILIO], ids=["simulator", "twilio"])
def test_what_a_person_texts_is_not_logged(
    make_app: Callable[..., Flask], environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(**environ)
    client = app.test_client()
    form = text_form(app, "please stop this, my name is Maya", ProfileName="Maya C")
    assert post(client, SMS, form).status_code == 200
    assert client.post(SMS, data=form).status_code == 403
    assert post(client, SMS, {**form, "Body": "x" * 100_000, "MessageSid": "nonsense"}).status_code == 400
    written = capsys.readouterr().err
    assert "webhook" in written
    for private in ("4155550134", "Maya", "please stop"):
        assert private not in written


def test_lines_are_json_where_machines_read_them(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().warning("webhook refused", reason="signature")
    line = capsys.readouterr().err
    if config.is_simulator:
        assert "webhook refused" in line
    else:
        assert json.loads(line)["event"] == "webhook refused"
        assert json.loads(line)["level"] == "warning"
