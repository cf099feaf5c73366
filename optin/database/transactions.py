"""The two kinds of transaction: one that only reads, and one that may write.

On SQLite one that only reads takes no lock and waits for nobody; one that may write takes the write lock as it begins,
in the order of asking (optin/database/sqlite.py). PostgreSQL knows no difference, and waits as long for a lock.

A session of its own is opened by `reading` or `writing`. `db.session` is the request's: its transactions may write
unless the request said by `only_read` that it only reads.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from optin.database import sqlite

_ONLY_READS = "only_reads"
_READER = "reader"


class RequestSession(FlaskSession):
    """The session of a request, which may say that it only reads."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Return the engine, as it was given to `only_read` while the request only reads."""
        reader: Engine | None = self.info.get(_READER)
        return reader or super().get_bind(*args, **kwargs)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Open a session that only reads, in a transaction that ends with the block."""
    with Session(_for_reading(engine)) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """Open a session that may write; what it did is committed at the end of the block, or undone if that raises.

    It is beside a request's transaction. To give up without raising, roll back; a commit inside begins anew.
    """
    with Session(_for_writing(engine)) as session:
        yield session
        session.commit()


def only_read(session: Session, *, yes: bool = True) -> None:
    """Say that the transactions of a request's session only read, from the next one on; or that they may write."""
    session.info.pop(_READER, None)
    if yes:
        session.info[_READER] = _for_reading(session.get_bind().engine)


def only_reads(session: Session) -> bool:
    return bool(session.get_bind().get_execution_options().get(_ONLY_READS))


def _for_reading(engine: Engine) -> Engine:
    return engine.execution_options(**{_ONLY_READS: True})


def _for_writing(engine: Engine) -> Engine:
    is_reader = engine.get_execution_options().get(_ONLY_READS)
    return engine.execution_options(**{_ONLY_READS: False}) if is_reader else engine


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Begin as SQLite needs it; the job engine's connections (optin/jobs/queue_database.py) begin by themselves."""
    options = connection.get_execution_options()
    if connection.dialect.name == "sqlite" and not options.get("begins_itself"):
        sqlite.begin(connection, reading=bool(options.get(_ONLY_READS)))
