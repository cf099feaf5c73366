"""Processes that fault tests start, kill and start again, and what they look for in between."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import ROOT
from optin.database.transactions import reading
from optin.models import Broadcast, Message
from tests.support import outbox
from tests.support.provider import Provider

SERVER = ("-m", "tests.support.faults.serve")
WEB = ("-m", "granian", "--interface", "wsgi", "--log-level", "error", "tests.support.faults.web:app")
START = ("-m", "flask", "--app", "tests.support.faults.made", "start")
WORKER = ("-m", "flask", "--app", "tests.support.faults.made", "worker")


@contextmanager
def running(
    command: tuple[str, ...], database: str, folder: Path, provider: Provider, **further: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python process on the database that sends to `provider`; it is killed at the end of the block.

    `further` are variables of its environment. What it starts ends with it: it leads a group of processes.
    """
    folder.mkdir(exist_ok=True)
    environ = {
        **os.environ,
        "FOLDER": str(folder),
        "OPTIN_DATABASE_URL": database,
        "OPTIN_SAMPLE_DATA": "0",
        "TWILIO_API_URL": provider.url,
        "PORT": str(free_port()),
        **further,
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that `running` began, and what it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def arrange_broadcast(engine: Engine, people: int) -> int:
    """Have a broadcast to so many people wait in the outbox; return its id."""
    with Session(engine) as session:
        outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
        broadcast = outbox.broadcast(session)
        outbox.add_people(session, broadcast, outbox.numbers(people))
        session.commit()
        return broadcast.id


def until(true: Callable[[], bool], seconds: float = 60, every: float = 0.02) -> None:
    """Wait until something is true, which is asked again and again."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it did not become true in time"
        time.sleep(every)


def state(engine: Engine, broadcast_id: int) -> str:
    """Return the state of a broadcast."""
    with Session(engine) as session:
        return session.scalars(select(Broadcast.state).where(Broadcast.id == broadcast_id)).one()


def messages(engine: Engine) -> list[Message]:
    """Return the outbox, oldest first; a process that was killed may hold SQLite's write lock."""
    with reading(engine) as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def let_leases_end(engine: Engine) -> None:
    """Make it so long ago that the process was killed that its leases have ended; no other may run."""
    with Session(engine) as session:
        for message in session.scalars(select(Message).where(Message.lease_until.is_not(None))):
            assert message.lease_until is not None
            message.lease_until -= timedelta(minutes=5)
        session.commit()
