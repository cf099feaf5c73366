"""What only PostgreSQL needs: finding dead connections, short waits for locks, statistics of a growing table."""

import select
from typing import Any

import psycopg
from sqlalchemy import event, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, Pool


@event.listens_for(Pool, "checkout")
def _refuse_the_dead(connection: Any, _record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Refuse a connection on which something came in while nobody asked: it was closed, and so were those beside it.

    The kernel knows that without a question to the server, which every transaction would wait for.
    """
    if isinstance(connection, psycopg.Connection):
        came = select.poll()
        came.register(connection.fileno(), select.POLLIN)
        if came.poll(0):
            raise InvalidatePoolError("the connection was closed while it lay in the pool")


def analyse(session: Session, table: type[DeclarativeBase]) -> None:
    """Have PostgreSQL look anew at how a table's rows are spread, our own uncommitted ones too; nothing on SQLite.

    By itself it looks once a minute and plans by what it saw. It knows of no rows with a new value then, so that it
    goes through all of them for each look-up.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f'ANALYZE "{table.__tablename__}"'))


def wait_briefly(session: Session) -> None:
    """Let the transaction wait half a second at most for what somebody else has locked; nothing on SQLite."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL lock_timeout = '500ms'"))
