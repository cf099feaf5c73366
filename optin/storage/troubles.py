"""Why nothing can be read or stored: what the database or the operating system reports, in one word and a sentence.

SQLite's codes: https://www.sqlite.org/rescode.html; PostgreSQL's: its documentation, appendix A.
"""

import errno
import sqlite3
from enum import StrEnum

import psycopg
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Trouble(StrEnum):
    """What keeps the database from working."""

    FULL = "disk full"
    READ_ONLY = "read-only"
    LOCKED = "locked"
    DENIED = "no permission"
    FAILING = "I/O error"
    DAMAGED = "damaged"
    AWAY = "away"

    @property
    def sentence(self) -> str:
        """Say it to users and operators."""
        return _SENTENCES[self]

    @property
    def heading(self) -> str:
        """Say it as the title of a page."""
        return _TITLES[self]


_SENTENCES = {
    Trouble.FULL: "The database’s disk is full.",
    Trouble.READ_ONLY: "The database can only be read, not written.",
    Trouble.LOCKED: "The database is locked by another program, or too busy.",
    Trouble.DENIED: "The database can’t be opened: its file or folder is missing, or access is not allowed.",
    Trouble.FAILING: "The database’s disk can’t read or write.",
    Trouble.DAMAGED: "The database file is damaged.",
    Trouble.AWAY: "The database does not answer.",
}
_TITLES = {
    Trouble.FULL: "The disk is full",
    Trouble.READ_ONLY: "The database can’t be written right now",
    Trouble.LOCKED: "The database is busy right now",
    Trouble.DENIED: "The database can’t be opened right now",
    Trouble.FAILING: "The disk is failing",
    Trouble.DAMAGED: "The database is damaged",
    Trouble.AWAY: "The database can’t be reached right now",
}
LOOK_AT_THE_SERVER = "Is OPTIN_DATABASE_URL right, and is the server running?"
_ADVICE = {
    Trouble.FULL: "Free up space, then try again.",
    Trouble.LOCKED: "Wait a moment, then try again.",
    Trouble.AWAY: LOOK_AT_THE_SERVER,
}
_SQLITE = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_PROTOCOL: Trouble.LOCKED,
    sqlite3.SQLITE_CANTOPEN: Trouble.DENIED,
    sqlite3.SQLITE_PERM: Trouble.DENIED,
    sqlite3.SQLITE_AUTH: Trouble.DENIED,
    sqlite3.SQLITE_IOERR: Trouble.FAILING,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
}
_POSTGRESQL = {
    "53100": Trouble.FULL,
    "25006": Trouble.READ_ONLY,
    "55P03": Trouble.LOCKED,
    "42501": Trouble.DENIED,
    "3D000": Trouble.DENIED,
    "58030": Trouble.FAILING,
    "XX001": Trouble.DAMAGED,
    "XX002": Trouble.DAMAGED,
}
_CLASSES = {"08": Trouble.AWAY, "28": Trouble.DENIED, "53": Trouble.LOCKED, "57": Trouble.AWAY, "58": Trouble.FAILING}
"""PostgreSQL's classes of errors, by the first two characters, where the code alone is not listed."""
_SYSTEM = {
    errno.ENOSPC: Trouble.FULL,
    errno.EDQUOT: Trouble.FULL,
    errno.EROFS: Trouble.READ_ONLY,
    errno.EACCES: Trouble.DENIED,
    errno.ENOTDIR: Trouble.DENIED,
    errno.EPERM: Trouble.DENIED,
    errno.EIO: Trouble.FAILING,
    errno.EFBIG: Trouble.FAILING,
}


def trouble_of(error: BaseException | None) -> Trouble | None:
    """Return why the database could not be used, None for an error of another kind.

    `error` is SQLAlchemy's, a driver's own or the operating system's.
    """
    if isinstance(error, PoolTimeout):
        return Trouble.LOCKED
    if isinstance(error, DBAPIError):
        return trouble_of(error.orig) or (Trouble.AWAY if error.connection_invalidated else None)
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if isinstance(error, psycopg.Error):
        return _of_postgresql(error)
    if isinstance(error, OSError):
        return _SYSTEM.get(error.errno or 0)
    return None


def in_words(error: BaseException | None, database_url: str = "") -> str:
    """Say to who starts something why it can't be done and where to look, "" for an error of another kind.

    `database_url` is as in the configuration; of a server only host and name are said.
    """
    trouble = trouble_of(error)
    if trouble is None:
        return ""
    advice = _ADVICE.get(trouble, "Fix this, then try again.")
    if isinstance(error, OSError):
        where = f" “{error.filename}”" if error.filename else ""
        return f"The file or folder{where} can’t be used: {error.strerror}. {advice}"
    return f"{trouble.sentence} {_place(database_url)}{advice}"


def _place(database_url: str) -> str:
    if not database_url:
        return ""
    url = make_url(database_url)
    host = f" on {host}" if (host := url.host or url.query.get("host")) else ""
    return f"It is “{url.database}”{host}. "


def _of_sqlite(error: sqlite3.Error) -> Trouble | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:  # no room for the index of the write-ahead log
        return Trouble.FULL
    if code is None:
        return Trouble.LOCKED if "locked" in str(error) else None
    return _SQLITE.get(code & 0xFF)


def _of_postgresql(error: psycopg.Error) -> Trouble | None:
    """A connection that could not be made, or broke, has no code."""
    code = error.sqlstate
    if code:
        return None if code == "57014" else _POSTGRESQL.get(code) or _CLASSES.get(code[:2])
    return Trouble.AWAY if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else None
