"""Which processes run jobs: a name that a restarted process takes again, and a sign of life in the queue's database.

The engine hands the unfinished jobs of a process back at once to a process of the same name only. So the name is host,
folder and the first number that no living process there holds. What a process left that does not come back is over when
the time of its jobs is, and goes on in others.
"""

import fcntl
import os
import socket
import time
from pathlib import Path

from sqlalchemy import Column, Engine, Float, MetaData, String, Table, delete, func, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from optin.database.statements import insert

SIGN_OF_LIFE = 5.0
DEAD_AFTER = 20.0
MOST = 1000

_TABLE = Table(
    "job_executor", MetaData(), Column("name", String(255), primary_key=True), Column("seen_at", Float, nullable=False)
)


class Name:
    """A name that no other living process holds; it is free again when this one ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the first free name of the processes that share `folder`."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(MOST):
            handle = os.open(folder / f"worker-{number}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            self._handle, self.text = handle, f"{socket.gethostname()}:{folder.resolve()}#{number}"
            return
        raise RuntimeError(f"there are already {MOST} workers")

    def give_back(self) -> None:
        """Let another process have the name."""
        os.close(self._handle)


def create_table(engine: Engine) -> None:
    """Make the table for signs of life beside the engine's own, unless it is there."""
    _TABLE.create(engine, checkfirst=True)


def live(engine: Engine, name: str) -> None:
    """Give a sign of life, and take those off the list who give none any more."""
    with engine.begin() as connection:
        seen = connection.execute(update(_TABLE).where(_TABLE.c.name == name).values(seen_at=time.time()))
        if not seen.rowcount:
            connection.execute(insert(_TABLE).values(name=name, seen_at=time.time()))
        connection.execute(delete(_TABLE).where(_TABLE.c.seen_at < time.time() - DEAD_AFTER))


def last_sign(engine: Engine) -> float | None:
    """Return how many seconds ago a process that runs jobs gave a sign of life; None where none ever did."""
    try:
        with engine.connect() as connection:
            seen = connection.scalar(select(func.max(_TABLE.c.seen_at)))
    except SQLAlchemyError:  # no table: no process has run jobs yet
        return None
    return None if seen is None else max(0.0, time.time() - seen)


def try_writing(engine: Engine) -> None:
    """See whether the queue's database can be read, and written once a process has run jobs; raises what it says."""
    with engine.begin() as connection:
        connection.execute(select(1))
        if inspect(connection).has_table(_TABLE.name):
            connection.execute(update(_TABLE).where(_TABLE.c.name == "").values(seen_at=0.0))


def count(engine: Engine) -> int:
    """Return how many processes run jobs now."""
    with engine.begin() as connection:
        alive = select(func.count()).select_from(_TABLE).where(_TABLE.c.seen_at >= time.time() - DEAD_AFTER)
        return connection.scalar(alive) or 0


def leave(engine: Engine, name: str) -> None:
    """Take the name of a process that ends off the list."""
    with engine.begin() as connection:
        connection.execute(delete(_TABLE).where(_TABLE.c.name == name))
