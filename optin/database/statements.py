"""Core statements that are built once and run often: no ORM objects are created, and nothing is compiled twice.

They stand as constants beside the functions that run them, with `bindparam`s for what differs.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    FromClause,
    Insert,
    Select,
    String,
    Table,
    any_,
    bindparam,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, SessionTransaction
from sqlalchemy.sql.dml import UpdateBase

from optin.database.prepared import Rows, Values, as_sqlalchemy, prepared
from optin.database.side_by_side import current_lane, pipeline, run_side_by_side

POSTGRESQL = "postgresql"
MOST_ROWS = 32
"""Rows that one INSERT with a place for each value takes: so many statements at most are kept ready for each."""
MOST_IN_ARRAYS = 500
"""Rows that one INSERT takes from arrays."""
_KNOWN = "statements"
_AWAY = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Known:
    """The one object that these functions keep with a session: the connection of its transaction."""

    transaction: SessionTransaction | None
    connection: Connection


def table(model: type[DeclarativeBase]) -> Table:
    """Return a model's table; `__table__` alone has the type of anything that can be selected from."""
    found = model.__table__
    assert isinstance(found, Table)
    return found


def insert(target: type[DeclarativeBase] | Table) -> postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT and RETURNING, for both databases.

    It is PostgreSQL's. SQLite has its ON CONFLICT from there, and SQLAlchemy writes it the same for both.
    """
    return postgresql.insert(target)


def is_postgresql(session: Session) -> bool:
    """Tell whether the session's database is PostgreSQL."""
    return _connection(session).dialect.name == POSTGRESQL


@contextmanager
def in_one_go(session: Session) -> Iterator[None]:
    """Let the statements inside not wait for one another: one round trip on PostgreSQL. Their results can't be read.

    What one of them does wrong is raised at the end of the block. An INSERT must be `inline()`.
    """
    if not is_postgresql(session):
        yield
        return
    connection, lane = _connection(session), current_lane()
    try:
        with lane.in_one_go() if lane is not None else pipeline(connection):
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise as_sqlalchemy(connection, error) from error


def side_by_side(session: Session, works: Iterable[Callable[[], Value]]) -> list[Value]:
    """Do pieces of work in the session's transaction and return what each returns; none may depend on another's rows.

    On PostgreSQL what they ask for goes there together (optin/database/side_by_side.py). On SQLite, which is in this
    process, they follow one another. What one of them raises ends them all: undo the transaction then.
    """
    if is_postgresql(session):
        return run_side_by_side(_connection(session), works)
    return [work() for work in works]


def run(session: Session, statement: Executable, values: Values | Sequence[Values] = ()) -> Rows:
    """Run a statement of tables in the session's transaction, after what the session has not written yet.

    Objects of the written table that the session holds are read anew when they are next looked at.
    """
    session.flush()
    connection, lane = _connection(session), current_lane()
    several = [values] if isinstance(values, Mapping) else values or [{}]
    ready = prepared(statement, connection.dialect, several[0])
    if ready is None:
        result: Rows = connection.execute(statement, values or None)
    elif lane is not None and len(several) == 1:
        result = lane.ask(ready, several[0])
    else:
        result = ready.run(connection, *several)
    if isinstance(statement, UpdateBase):
        _read_anew(session, statement.table)
    return result


def change_rows(session: Session, statement: UpdateBase) -> int:
    """Run a statement that inserts, changes or deletes rows, and return how many."""
    result = session.execute(statement, execution_options={"preserve_rowcount": True})
    return cast("CursorResult[Any]", result).rowcount


def has_at_most(session: Session, rows: Select[*tuple[Any, ...]], most: int) -> bool:
    """Tell whether a query selects so many rows at most; no more than one beyond that are looked at."""
    counted = select(func.count()).select_from(rows.limit(most + 1).subquery())
    return (session.scalar(counted) or 0) <= most


def listed(session: Session, values: Sequence[str | None]) -> FromClause:
    """Return values of a program as rows to select from, in one column: `value`."""
    if is_postgresql(session):
        return func.unnest(literal(list(values), ARRAY(String()))).table_valued("value").render_derived()
    return func.json_each(json.dumps(values)).table_valued("value")


def among(session: Session, column: InstrumentedAttribute[Value], values: Iterable[Value]) -> ColumnElement[bool]:
    """Return the condition that a column has one of some values: any number of them, none of which is None.

    They go as one value. An IN is written and read anew for each number of values.
    """
    given = sorted(values)  # type: ignore[type-var]
    if is_postgresql(session):
        return column == any_(literal(given, ARRAY(column.type, dimensions=1)))
    return column.in_(select(func.json_each(json.dumps(given)).table_valued("value").c.value))


def insert_rows(session: Session, statement: Insert, rows: Sequence[Values]) -> list[Any]:
    """Run an INSERT for rows of the same columns, in their order, and return what it returns, in any order.

    Many rows in one statement cost SQLite a fraction of as many statements: where a table has triggers, each statement
    first keeps a copy of every page that it changes. PostgreSQL takes each column as one array: its driver would read
    a statement with a placeholder for each value anew every time.
    """
    found: list[Any] = []
    most, insertion = (MOST_IN_ARRAYS, _of_arrays) if is_postgresql(session) else (MOST_ROWS, _of_values)
    for first in range(0, len(rows), most):
        found += run(session, *insertion(statement, rows[first : first + most]))
    return found


def _of_values(statement: Insert, rows: Sequence[Values]) -> tuple[Insert, Values]:
    """Return the INSERT with its values, each of which is named by its column and the index of its row."""
    values = {f"{name}_{index}": value for index, row in enumerate(rows) for name, value in row.items()}
    return _with_values(statement, tuple(rows[0]), len(rows)), values


@cache
def _with_values(statement: Insert, columns: tuple[str, ...], count: int) -> Insert:
    types = {name: statement.table.c[name].type for name in columns}
    return statement.values(
        [
            {name: bindparam(f"{name}_{index}", type_=of_type) for name, of_type in types.items()}
            for index in range(count)
        ]
    )


def _of_arrays(statement: Insert, rows: Sequence[Values]) -> tuple[Insert, Values]:
    """Return the INSERT with its values, an array for each column."""
    columns = tuple(rows[0])
    return _with_arrays(statement, columns), {name: [row[name] for row in rows] for name in columns}


@cache
def _with_arrays(statement: Insert, columns: tuple[str, ...]) -> Insert:
    types = {name: statement.table.c[name].type for name in columns}
    arrays = [bindparam(name, type_=ARRAY(of_type, dimensions=1)) for name, of_type in types.items()]
    given = func.unnest(*arrays).table_valued(*(column(name, of_type) for name, of_type in types.items()), name="given")
    return statement.from_select(columns, select(given.render_derived()), include_defaults=False)


def _connection(session: Session) -> Connection:
    """Return the connection of the session's transaction, which finding out anew takes longer than many a statement."""
    known: _Known | None = session.info.get(_KNOWN)
    if known is not None and known.transaction is session.get_transaction():
        return known.connection
    connection = session.connection()
    session.info[_KNOWN] = _Known(session.get_transaction(), connection)
    return connection


def _read_anew(session: Session, written: object) -> None:
    for loaded in session.identity_map.values():
        if getattr(loaded, "__table__", None) is written:
            session.expire(loaded)


def is_away(error: BaseException) -> bool:
    """Tell whether an error means that the database can't be reached or does not work now, so that the same statement
    may succeed later; any other is of the statement or of its values, and comes again."""
    return isinstance(error, _AWAY) or (isinstance(error, DBAPIError) and error.connection_invalidated)
