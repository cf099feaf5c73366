"""Log lines: readable in the simulator, JSON where machines read them. Never secrets, never a person's number."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from optin.config import Config

SECRET = re.compile("password|token|secret|authorization|cookie|signature", re.IGNORECASE)
NUMBER = re.compile(r"(?:\+|%2[Bb])\d{4,}(\d{2})\b")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
ROWS = re.compile(r"^DETAIL:.*$", re.MULTILINE)
"""What PostgreSQL adds to an error: the values of the row, names and texts of people among them."""


def configure(config: Config) -> None:
    """Send structlog's lines and those of Python's own logging to standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_what_is_private,
    ]
    shown = structlog.dev.ConsoleRenderer() if config.is_simulator else structlog.processors.JSONRenderer()
    handler = _StandardError()
    handler.name = "optin"
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, shown]
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if other.name != handler.name] + [handler]
    root.setLevel(logging.INFO)
    for talkative in ("alembic", "flask-limiter"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the time of the line, which tests exchange."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def hide_what_is_private(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank secrets, email addresses and rows of the database; shorten phone numbers to their last two digits."""
    for name, value in line.items():
        if SECRET.search(name):
            line[name] = "…"
        elif isinstance(value, str):
            line[name] = ROWS.sub("DETAIL: …", EMAIL.sub("…@…", NUMBER.sub(r"+…\1", value)))
    return line
