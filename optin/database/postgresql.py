"""PostgreSQL connections: one that has died in the pool is detected before it is used."""

import select
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
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
