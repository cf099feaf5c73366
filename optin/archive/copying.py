"""A copy of all rows of one moment, taken in one go as a backup is, from which the ZIP is then made at leisure.

The transaction lasts as long as the database needs to hand its rows over, and not as long as they take to be written
and packed: SQLite copies its file, PostgreSQL writes each table as text (COPY). See docs/decisions.
"""

import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Column, Engine, Table, text
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import POSTGRESQL
from optin.database.transactions import reading
from optin.storage.troubles import Trouble

Rows = Iterator[Sequence[Any]]
PREFIX = "export-"
LEFT = 6 * 3600
_ESCAPED = re.compile(r"\\(.)")
_SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class NoRoom(OSError):
    """There is not enough room for a copy; the text says so in a sentence."""


@dataclass(frozen=True)
class Copy:
    """All rows as they stood at `moment`: a table at a time, in the order of its key, with the database's values."""

    moment: datetime
    rows: Callable[[Table, Sequence[Column[Any]]], Rows]


@contextmanager
def taken(engine: Engine, folder: Path, tables: Sequence[Table], spare: int) -> Iterator[Copy]:
    """Take a copy into the folder, which is deleted with the block. Raises NoRoom unless `spare` bytes stay free."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    clean_up(folder)
    with TemporaryDirectory(prefix=PREFIX, dir=folder) as made:
        if engine.dialect.name == POSTGRESQL:
            yield _from_postgresql(engine, Path(made), tables, spare)
        else:
            source = Path(str(engine.url.database))
            _see_to_room(folder, source.stat().st_size, spare)
            file, moment = Path(made) / "copy.db", clock.now()
            with closing(sqlite3.connect(source)) as opened, closing(sqlite3.connect(file)) as copy:
                copy.execute("PRAGMA synchronous=OFF")
                opened.backup(copy)
            with closing(sqlite3.connect(file)) as copy:
                yield Copy(moment, lambda table, columns: _of_sqlite(copy, table, columns))


def clean_up(folder: Path) -> None:
    """Delete the copies that processes left behind which were killed: those in which nothing was written for hours."""
    before = time.time() - LEFT
    for left in folder.glob(f"{PREFIX}*"):
        if max(each.stat().st_mtime for each in (left, *left.iterdir())) < before:
            shutil.rmtree(left, ignore_errors=True)


def _see_to_room(folder: Path, needed: int, spare: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + spare:
        short = (needed + spare - free) // 2**20 + 1
        raise NoRoom(f"{Trouble.FULL.heading}: a copy of the database needs {short:,} MB more on the disk of {folder}.")


def _select(table: Table, columns: Sequence[Column[Any]], collation: str = "") -> str:
    key = ", ".join(f'one."{each.name}"{collation if _is_text(each) else ""}' for each in table.primary_key.columns)
    names = ", ".join(
        f'one."{each.name}"' for each in columns
    )  # SQLite takes a mere "name" that it doesn't know for a text
    return f'SELECT {names} FROM "{table.name}" AS one ORDER BY {key}'  # noqa: S608  names of the models


def _is_text(column: Column[Any]) -> bool:
    return column.type.python_type is str


def _of_sqlite(copy: sqlite3.Connection, table: Table, columns: Sequence[Column[Any]]) -> Rows:
    with closing(copy.execute(_select(table, columns))) as found:
        yield from found


def _from_postgresql(engine: Engine, folder: Path, tables: Sequence[Table], spare: int) -> Copy:
    """Have PostgreSQL write the tables, in one transaction that sees one moment."""
    with reading(engine.execution_options(isolation_level="REPEATABLE READ")) as session:
        size = session.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        _see_to_room(folder, size, spare)
        for setting in ("statement_timeout = 0", "timezone = 'UTC'", "datestyle = 'ISO'", "bytea_output = 'hex'"):
            session.execute(text(f"SET LOCAL {setting}"))
        moment = clock.now()
        for table in tables:
            _write_out(session, table, folder / table.name)
    return Copy(moment, lambda table, columns: _of_postgresql(folder / table.name, table, columns))


def _write_out(session: Session, table: Table, file: Path) -> None:
    driver = session.connection().connection.driver_connection
    query = _select(table, list(table.columns), ' COLLATE "C"')
    assert driver is not None
    with file.open("wb") as opened, driver.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as rows:
        for data in rows:
            opened.write(data)


def _of_postgresql(file: Path, table: Table, columns: Sequence[Column[Any]]) -> Rows:
    places = [list(table.columns).index(each) for each in columns]
    with file.open(encoding="utf-8", newline="\n") as opened:
        for line in opened:
            row = line.removesuffix("\n").split("\t")
            yield [_read(row[place]) for place in places]


def _read(value: str) -> str | None:
    """Read a value of COPY's text format."""
    if "\\" not in value:
        return value
    if value == r"\N":
        return None
    return _ESCAPED.sub(lambda found: _SIGNS.get(found[1], found[1]), value)
