"""Statements made ready once: their SQL for a database, and how their values and rows are converted.

SQLAlchemy builds and compiles them, and says how each type is stored. What it does besides for every single run costs
more than many a statement, so that these are handed to the driver of its connection as they are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Executable, Result
from sqlalchemy.engine import Dialect, IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

Converter = Callable[[Any], Any]
Rows = Result[*tuple[Any, ...]]
Values = Mapping[str, Any]
Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedStatement:
    """A statement as its database takes it.

    `parameters` are the names of the values that the SQL needs, in its order, and `names` those by which it knows them;
    `fixed` has the values that are always the same. `columns` are those of its rows, None where it returns none.
    `store` and `read` are how values and columns are converted, by their index.
    """

    sql: str
    parameters: tuple[str, ...]
    names: tuple[str, ...]
    fixed: Values
    positional: bool
    columns: SimpleResultMetaData | None
    store: tuple[tuple[int, Converter], ...]
    read: tuple[tuple[int, Converter], ...]

    def run(self, connection: Connection, *several: Values) -> Rows:
        """Run it in the connection's transaction, once for each set of values, in their order; return all rows.

        Errors are those of SQLAlchemy.
        """
        bound = [self.bind(values) for values in several]
        self.announce(connection, bound[0])
        try:
            rows = self._rows(connection.connection.cursor(), bound)
        except connection.dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy(connection, error, self.sql) from error
        return self.result(rows)

    def _rows(self, cursor: Any, bound: Sequence[Any]) -> list[Any]:
        rows: list[Any] = []
        if len(bound) > 1 and not self.positional:  # PostgreSQL: in one round trip
            cursor.executemany(self.sql, bound, returning=self.columns is not None)
            while self.columns is not None:
                rows += cursor.fetchall()
                if not cursor.nextset():
                    break
        else:
            for each in bound:
                cursor.execute(self.sql, each)
                rows += cursor.fetchall() if self.columns is not None else ()
        cursor.close()
        return rows

    def bind(self, values: Values) -> Any:
        """Return the values as the driver takes them."""
        values = {**self.fixed, **values} if self.fixed else values
        given = [values[name] for name in self.parameters]
        for index, converter in self.store:
            given[index] = converter(given[index])
        return tuple(given) if self.positional else dict(zip(self.names, given, strict=True))

    def announce(self, connection: Connection, bound: Any) -> None:
        """Tell who listens on the connection's engine that the statement is about to run."""
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, None, self.sql, bound, None, False)

    def result(self, rows: Iterable[Any]) -> Rows:
        """Return the driver's rows as SQLAlchemy gives them."""
        return IteratorResult(self.columns or _NO_COLUMNS, iter(map(self._read, rows) if self.read else rows))

    def _read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        found = list(row)
        for index, converter in self.read:
            found[index] = converter(found[index])
        return tuple(found)


_NO_COLUMNS = SimpleResultMetaData([])
_ready: WeakKeyDictionary[Executable, dict[Key, PreparedStatement | None]] = WeakKeyDictionary()


def prepared(statement: Executable, dialect: Dialect, values: Values) -> PreparedStatement | None:
    """Return the statement for a database and for values of these names.

    None where SQLAlchemy has to do more for each run than convert values: an IN with a list, a default made in Python.
    """
    ready = _ready.setdefault(statement, {})
    key = (dialect.name, tuple(values))
    if key not in ready:
        ready[key] = _prepare(statement, dialect, values)
    return ready[key]


def _prepare(statement: Any, dialect: Dialect, values: Values) -> PreparedStatement | None:
    writes = isinstance(statement, UpdateBase)
    compiled = statement.compile(dialect=dialect, column_keys=list(values) if writes else None)
    assert isinstance(compiled, SQLCompiler)
    if compiled.prefetch or compiled.literal_execute_params or compiled.post_compile_params:
        return None
    names = tuple((compiled.positiontup if compiled.positional else compiled.binds) or ())
    binds = [compiled.binds[name] for name in names]
    columns = list(statement.exported_columns)
    return PreparedStatement(
        compiled.string,
        tuple(bind.key if bind.key in values else name for name, bind in zip(names, binds, strict=True)),
        names,
        {name: bind.effective_value for name, bind in zip(names, binds, strict=True) if bind.key not in values},
        compiled.positional,
        SimpleResultMetaData([str(column.key) for column in columns]) if columns else None,
        _converters(bind.type.dialect_impl(dialect).bind_processor(dialect) for bind in binds),
        _converters(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns),
    )


def _converters(each: Iterable[Converter | None]) -> tuple[tuple[int, Converter], ...]:
    return tuple((index, converter) for index, converter in enumerate(each) if converter is not None)


def as_sqlalchemy(connection: Connection, error: Exception, sql: str | None = None) -> BaseException:
    """Return a driver's error as SQLAlchemy would raise it; a connection that is lost is not used again."""
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, dialect.loaded_dbapi.Error, True, connection_invalidated=lost, dialect=dialect
    )
