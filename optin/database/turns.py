"""Long work that takes turns with others: in parts, each a transaction of its own.

SQLite has one writer, and PostgreSQL keeps the locks of a transaction until its end: what writes very many rows at once
lets a STOP wait for all of them.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine, Select, select

from optin.database import sqlite

T = TypeVar("T")


def until(moment: float, stopping: threading.Event) -> Callable[[], bool]:
    """Let work go on until a moment of the monotonic clock, unless the process is stopping."""
    return lambda: not stopping.is_set() and time.monotonic() < moment


def take_turns(engine: Engine, part: Callable[[], int], goes_on: Callable[[], bool] = lambda: True) -> int:
    """Do part after part until one has nothing left to do (0) or it may not go on; return the sum of what they did.

    `part` makes its own transaction and commits it, so that others write before the next one.
    """
    done = 0
    while goes_on() and (some := part()):
        done += some
        sqlite.breathe(engine)
    return done


def some_of(rows: Select[T], at_most: int) -> Select[T]:
    """Choose so many of the rows for an UPDATE or DELETE that asks for their ids; locked ones are left for later.

    They are chosen once, before it. Of a mere subquery PostgreSQL may ask again for each row, and get others.
    """
    chosen = rows.limit(at_most).with_for_update(skip_locked=True).cte("chosen", nesting=True)
    return select(chosen.c[0])
