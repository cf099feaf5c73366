"""The simulator's own SQLite file."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE, direction TEXT NOT NULL,
    from_address TEXT NOT NULL, to_address TEXT NOT NULL, body TEXT NOT NULL, media TEXT NOT NULL,
    num_segments INTEGER NOT NULL, status TEXT NOT NULL, error_code INTEGER, status_callback TEXT,
    created_at REAL NOT NULL, updated_at REAL NOT NULL, sent_at INTEGER);
CREATE INDEX IF NOT EXISTS messages_newest ON messages (created_at, id);
CREATE INDEX IF NOT EXISTS messages_to ON messages (to_address, created_at, id);
CREATE INDEX IF NOT EXISTS messages_from ON messages (from_address, created_at, id);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, sid TEXT NOT NULL, due_at REAL NOT NULL,
    status TEXT, error_code INTEGER, claimed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS events_due ON events (due_at, id);
CREATE INDEX IF NOT EXISTS events_sid ON events (sid);
CREATE INDEX IF NOT EXISTS events_claimed ON events (sid) WHERE claimed;
CREATE TABLE IF NOT EXISTS blocks (
    number TEXT NOT NULL, phone TEXT NOT NULL, layer TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (number, phone)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, phone TEXT NOT NULL, number TEXT NOT NULL,
    sid TEXT, body TEXT NOT NULL, code INTEGER, answered_by TEXT, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS entries_phone ON entries (phone, id);
CREATE TABLE IF NOT EXISTS phones (phone TEXT PRIMARY KEY, last_entry INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS phones_newest ON phones (last_entry);
CREATE TABLE IF NOT EXISTS pairs (
    service TEXT NOT NULL, phone TEXT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (service, phone)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS queues (number TEXT PRIMARY KEY, free_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plan (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS draws (phone TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS struck (fault TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS version (n INTEGER NOT NULL);
INSERT INTO version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM version);
UPDATE events SET claimed = 0;
"""
# Columns that came later: a file that an earlier release made gets them when it is opened.
_NEWER = {
    "service": "TEXT",
    "validity": "INTEGER NOT NULL DEFAULT 36000",
    "opt_out_type": "TEXT",
    "draw": "TEXT NOT NULL DEFAULT ''",
}


class Store:
    """Connections to one SQLite file, reused between threads; one writer at a time."""

    def __init__(self, path: str) -> None:
        """Open the file at `path`, made with its folder when it is not there; what a dead process held is freed."""
        if path == ":memory:" or not path:
            raise ValueError("the simulator's store must be a file: several connections share it")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        # Waiting here is fair and quick; SQLite's own wait for a busy file sleeps in ever longer steps.
        self._writing = threading.Lock()
        with self.read() as connection:
            connection.executescript(_SCHEMA)
            known = {row["name"] for row in connection.execute("PRAGMA table_info (messages)")}
            for name, kind in _NEWER.items():
                if name not in known:
                    connection.execute(f"ALTER TABLE messages ADD COLUMN {name} {kind}")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for reading; each statement sees what is committed."""
        connection = self._take()
        try:
            yield connection
        finally:
            self._idle.append(connection)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a write transaction: committed at the end, undone if the block raises."""
        with self._writing, self.read() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        """Close the connections that nobody uses now."""
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            pass
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        # A simulator may lose its last texts in a power cut; it may not be the slow part of a load test.
        connection.execute("PRAGMA synchronous = OFF")
        return connection
