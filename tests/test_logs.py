"""Log lines carry no secrets and no person's number, in both forms."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from optin import logs
from optin.config import Config

TWILIO = {"OPTIN_MODE": "twilio", "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16, "TWILIO_AUTH_TOKEN": "f" * 32}


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


def test_lines_are_json_where_machines_read_them(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().warning("webhook refused", reason="signature")
    line = capsys.readouterr().err
    if config.is_simulator:
        assert "webhook refused" in line
    else:
        assert json.loads(line)["event"] == "webhook refused"
        assert json.loads(line)["level"] == "warning"
