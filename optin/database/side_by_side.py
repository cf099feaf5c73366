"""Pieces of work side by side in one transaction: what they ask of PostgreSQL at the same time goes there together.

Each piece is written as if it were alone. Where it runs a statement it rests, the next piece goes on to its own, and so
forth; then all these statements go in one round trip, and each piece goes on with its result. They take turns in one
thread, so that nothing happens at the same time; they must not depend on one another's rows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from typing import Any, TypeVar, cast

import psycopg
from greenlet import getcurrent, greenlet
from sqlalchemy import Connection

from optin.database.prepared import PreparedStatement, Rows, Values, as_sqlalchemy

Value = TypeVar("Value")
Cursor = psycopg.Cursor[tuple[Any, ...]]


class Lane(greenlet):
    """One piece of work; what it has asked for and not got yet."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(work)
        self.gr_context = copy_context()
        self.asked: list[tuple[PreparedStatement, Values]] = []
        self.rests = True

    def ask(self, statement: PreparedStatement, values: Values) -> Rows:
        """Have a statement run and return its rows; none while the lane does not rest (`in_one_go`)."""
        self.asked.append((statement, values))
        return self.rest() if self.rests else statement.result(())

    @contextmanager
    def in_one_go(self) -> Iterator[None]:
        """Ask for the statements inside without waiting for one another; their results can't be read."""
        self.rests = False
        yield
        self.rests = True
        if self.asked:
            self.rest()

    def rest(self) -> Rows:
        """Let the others go on until everything asked for has been run; return the rows of the last statement."""
        assert self.parent is not None
        return cast("Rows", self.parent.switch())


Group = tuple[PreparedStatement, Sequence[tuple[Lane, Values]]]
"""A statement, and for whom and with which values it is to run."""


def pipeline(connection: Connection) -> AbstractContextManager[object]:
    """Let the driver send statements of PostgreSQL without waiting for their results until the block ends."""
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    return driver.pipeline()


def current_lane() -> Lane | None:
    """Return the lane whose turn it is, None outside."""
    current = getcurrent()
    return current if isinstance(current, Lane) else None


def run_side_by_side(connection: Connection, works: Iterable[Callable[[], Value]]) -> list[Value]:
    """Do the pieces of work and return what each returns. What one raises ends them all: undo the transaction then."""
    lanes = [Lane(work) for work in works]
    results: dict[Lane, Value] = {}
    answers: dict[Lane, Rows | None] = dict.fromkeys(lanes)
    try:
        while answers:
            for lane, rows in answers.items():
                returned = lane.switch() if rows is None else lane.switch(rows)
                if lane.dead:
                    results[lane] = returned
            unfinished = [lane for lane in answers if not lane.dead]
            answers = _exchange(connection, unfinished) if unfinished else {}
    finally:
        for lane in lanes:
            if not lane.dead:
                lane.throw()
    return [results[lane] for lane in lanes]


def _exchange(connection: Connection, lanes: Sequence[Lane]) -> dict[Lane, Rows | None]:
    """Run what the lanes have asked for, each lane's in its order, in one round trip; return their last rows."""
    received: dict[Lane, Rows | None] = {}
    try:
        with pipeline(connection):
            sent = [_send(connection, group) for group in _groups(lanes)]
        for group, cursor in sent:
            received |= _receive(group, cursor)
    except connection.dialect.loaded_dbapi.Error as error:
        raise as_sqlalchemy(connection, error) from error
    for lane in lanes:
        lane.asked.clear()
    return received


def _groups(lanes: Sequence[Lane]) -> Iterator[Group]:
    """Put together who asks for the same statement: what each lane asked for first, then second, and so on."""
    for place in range(max(len(lane.asked) for lane in lanes)):
        groups: dict[PreparedStatement, list[tuple[Lane, Values]]] = {}
        for lane in lanes:
            if place < len(lane.asked):
                statement, values = lane.asked[place]
                groups.setdefault(statement, []).append((lane, values))
        yield from groups.items()


def _send(connection: Connection, group: Group) -> tuple[Group, Cursor]:
    statement, asked = group
    cursor = cast("Cursor", connection.connection.cursor())
    bound = [statement.bind(values) for _, values in asked]
    for each in bound:
        statement.announce(connection, each)
    cursor.executemany(statement.sql, bound, returning=statement.columns is not None)
    return group, cursor


def _receive(group: Group, cursor: Cursor) -> dict[Lane, Rows | None]:
    """Return the rows of each lane; the driver keeps them one after the other, as they were asked for."""
    statement, asked = group
    received: dict[Lane, Rows | None] = {}
    for lane, _ in asked:
        received[lane] = statement.result(cursor.fetchall() if statement.columns is not None else ())
        cursor.nextset()
    cursor.close()
    return received
