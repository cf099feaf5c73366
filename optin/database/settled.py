"""Up to which row a table is complete: no row with a smaller id can appear any more.

PostgreSQL gives out ids before rows are committed, so that a smaller one may appear after a larger one. An INSERT locks
its table before it asks for an id and keeps the lock until the transaction ends. So once those that held such a lock
have ended, whatever they wrote below a known id can be seen. On SQLite there is one writer at a time.
"""

import time
from collections.abc import Callable

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import DeclarativeBase

from optin.database.statements import POSTGRESQL, table
from optin.database.transactions import reading

PATIENCE = 2.0
PAUSE = 0.02
_WRITERS = text("""
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted AND relation = CAST(:table AS regclass)
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


def complete_up_to(
    engine: Engine, model: type[DeclarativeBase], goes_on: Callable[[], bool] = lambda: True
) -> int | None:
    """Return an id up to which no row is missing that will ever be there: the largest of now.

    None where a transaction that writes into the table does not end within seconds, or it may not go on. The table's
    ids come from its sequence, in the order of asking. Whoever asks must not write into it in a transaction of its own.
    """
    wanted = table(model)
    with reading(engine) as session:
        largest = session.scalar(select(func.max(wanted.c.id))) or 0
    if engine.dialect.name != POSTGRESQL:
        return largest
    writers, until = _writers(engine, wanted.name), time.monotonic() + PATIENCE
    while writers:
        if time.monotonic() > until or not goes_on():
            return None
        time.sleep(PAUSE)
        writers &= _writers(engine, wanted.name)
    return largest


def _writers(engine: Engine, name: str) -> set[str]:
    """Return the transactions that write into a table at this moment, or may have done so."""
    with reading(engine) as session:
        return set(session.scalars(_WRITERS, {"table": name}))
