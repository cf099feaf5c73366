"""Whether anything can be stored now, found out by storing something and from the errors that requests meet."""

import threading
import time

from flask import Flask, current_app
from sqlalchemy import Engine

from optin import clock
from optin.database.statements import insert
from optin.database.transactions import writing
from optin.models import WriteCheck
from optin.storage.troubles import Trouble, trouble_of

AT_MOST_EVERY = 1.0
"""Seconds between two writes of one process, however often somebody asks."""
REMEMBERED = 10.0
"""Seconds for which a full disk counts that a request ran into: a small write may still find a place."""


class WriteChecks:
    """What one process knows of its database."""

    def __init__(self) -> None:
        self._known: Trouble | None = None
        self._known_at = self._full_at = float("-inf")
        self._checking = threading.Lock()

    def trouble(self, engine: Engine, *, not_older_than: float = AT_MOST_EVERY) -> Trouble | None:
        """Return why nothing can be stored, None if something could be so many seconds ago at most.

        Of several that ask at once one finds out; the others get what was known before.
        """
        if time.monotonic() - self._known_at >= not_older_than and self._checking.acquire(blocking=False):
            try:
                self._known, _ = write(engine)
                self._known_at = time.monotonic()
            finally:
                self._checking.release()
        if self._known is None and time.monotonic() - self._full_at < REMEMBERED:
            return Trouble.FULL
        return self._known

    def note(self, trouble: Trouble) -> None:
        """Take notice of what a request ran into."""
        if trouble is Trouble.FULL:
            self._full_at = time.monotonic()


def init_app(app: Flask) -> None:
    app.extensions["write_checks"] = WriteChecks()


def checks() -> WriteChecks:
    """Return those of the current app."""
    found: WriteChecks = current_app.extensions["write_checks"]
    return found


def warning(engine: Engine) -> str:
    """Return what everybody has to know while nothing can be stored, "" while all is well; ten seconds old at most."""
    trouble = checks().trouble(engine, not_older_than=REMEMBERED)
    return f"Nothing can be stored or sent right now. {trouble.sentence}" if trouble else ""


def write(engine: Engine) -> tuple[Trouble | None, Exception | None]:
    """Store the time in a row that is there for nothing else; return what kept it from being stored, and the error."""
    try:
        with writing(engine) as session:
            now = {"id": 1, "at": clock.now()}
            row = insert(WriteCheck).values(now)
            session.execute(row.on_conflict_do_update(index_elements=["id"], set_={"at": now["at"]}))
    except Exception as error:
        return trouble_of(error) or Trouble.AWAY, error
    return None, None
