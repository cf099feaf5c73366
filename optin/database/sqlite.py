"""SQLite as a server's database: readers never wait, writers wait their turn, an acknowledged write survives."""

import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from optin.database.fair_lock import FairLock

PATIENCE = 10.0
"""Seconds that a transaction waits to write; PostgreSQL waits as long (`lock_timeout`). Twilio waits for 15."""

MAPPED = 2**31 - 2**16
"""Bytes of the file that are read without copying: counting a million members took a third less time."""

ROOM = 64 * 1024
"""KiB of changed pages that one large statement may keep in memory; by itself SQLite keeps 2 MB."""

BREATH = 0.05
"""Seconds between two long transactions. Another process asks every 100 ms at least whether it may write now."""

_guard = threading.Lock()
_turns: defaultdict[str, FairLock] = defaultdict(FairLock)
_TURN = "optin_turn"


def begin(connection: Connection, *, reading: bool) -> None:
    """Begin a transaction; one that may write takes the write lock first.

    A transaction that reads and then writes would fail at once when another one wrote in between. SQLite lets whoever
    asks at the right moment write, so that under load some ask in vain: inside this process writers queue up instead.
    The turn ends when the connection goes back to its pool.
    """
    if reading:
        connection.exec_driver_sql("BEGIN")
        return
    kept = connection.info
    if _TURN not in kept:
        with _guard:
            turn = _turns[str(connection.engine.url.database)]
        if not turn.acquire(PATIENCE):
            raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
        kept[_TURN] = turn
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def roomy(session: Session) -> Iterator[None]:
    """Give statements that write very many rows room on SQLite, so that no page is written and read again on the way.

    Rows come in the order of one index and lie anywhere in the others. The memory is given back at the end.
    """
    if session.get_bind().dialect.name != "sqlite":
        yield
        return
    before = session.execute(text("PRAGMA cache_size")).scalar_one()
    session.execute(text(f"PRAGMA cache_size={-ROOM}"))
    try:
        yield
    finally:
        session.execute(text(f"PRAGMA cache_size={before}"))


def breathe(engine: Engine) -> None:
    """Let others write between long transactions, also those of other processes; PostgreSQL needs no pause for it."""
    if engine.dialect.name == "sqlite":
        time.sleep(BREATH)


@event.listens_for(Engine, "connect")
def _configure(connection: Any, _record: ConnectionPoolEntry) -> None:
    """WAL so that readers never wait, FULL so that an answered STOP survives a power cut."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={int(PATIENCE * 1000)}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA mmap_size={MAPPED}")
    cursor.close()


@event.listens_for(Pool, "checkin")
@event.listens_for(Pool, "invalidate")
def _end_turn(_connection: Any, record: ConnectionPoolEntry, *_exception: Any) -> None:
    """Let the next one write: this connection's transaction has ended."""
    turn = record.info.pop(_TURN, None)
    if turn is not None:
        turn.release()
