"""The job engine's connections to its database, in which no commit waits for the disk: no job is worth it."""

from typing import Any

from sqlalchemy import Engine, create_engine, event

BEGINS_ITSELF = "begins_itself"
"""The execution option that keeps optin/database/ from beginning SQLite transactions with the write lock."""


def open_queue(url: str) -> Engine:
    """Return an engine for the queue's database; `url` as in the configuration."""
    if not url.startswith("sqlite"):
        options = {"options": "-c synchronous_commit=off", "connect_timeout": 5}
        return create_engine(url, pool_size=5, max_overflow=10, pool_pre_ping=True, connect_args=options)
    engine = create_engine(url, pool_size=5, max_overflow=10, execution_options={BEGINS_ITSELF: True})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        """Begin as DBOS expects it: reading without a lock, writing with the write lock; WAL is on already."""
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA busy_timeout=30000")
        connection.execute("PRAGMA synchronous=NORMAL")

    return engine
