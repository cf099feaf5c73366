"""The database session, its two kinds of transaction, and how moments are stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, MetaData, event
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

from optin.database import postgresql, sqlite  # noqa: F401  (postgresql looks after the pool)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database; SQLite keeps it as text that sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, hand over UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The parent of all models: naming conventions for constraints, UTC for every datetime."""

    registry = registry(metadata=MetaData(naming_convention=NAMES), type_annotation_map={datetime: UTCDateTime()})


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

_reading: ContextVar[bool] = ContextVar("reading", default=False)


def begin_reading() -> None:
    """Say that the transactions of this request only read: on SQLite they then take no write lock."""
    _reading.set(True)


def end_reading(_error: BaseException | None = None) -> None:
    """Take back `begin_reading`, so that what the thread does next may write again."""
    _reading.set(False)


@contextmanager
def reading() -> Iterator[None]:
    """Let the transactions inside only read, also where no request is under way (a file that is written as it goes)."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def is_reading() -> bool:
    """Tell whether the request only reads."""
    return _reading.get()


@contextmanager
def writing_aside() -> Iterator[None]:
    """Let a session of its own write beside a request that only reads; the request's own transaction goes on."""
    token = _reading.set(False)
    try:
        yield
    finally:
        _reading.reset(token)


@contextmanager
def writing() -> Iterator[None]:
    """Write inside a request that otherwise only reads (a GET that marks a thread as read), in its own transaction."""
    db.session.commit()
    token = _reading.set(False)
    try:
        yield
        db.session.commit()
    finally:
        _reading.reset(token)


def insert(session: Session, table: type[Base]) -> Any:
    """Return an INSERT of the session's database that knows ON CONFLICT and RETURNING."""
    return {"postgresql": postgresql_insert, "sqlite": sqlite_insert}[session.get_bind().dialect.name](table)


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Begin as SQLite needs it; the job engine's connections (optin/jobs/queue_database.py) begin by themselves."""
    if connection.dialect.name == "sqlite" and not connection.get_execution_options().get("begins_itself"):
        sqlite.begin(connection, reading=_reading.get())
