"""Background tasks that can't be cut into steps: one process does all of such a task, outside of any transaction.

While it is at it, it says every few seconds that it lives. One that has been silent for minutes was killed, and another
begins anew. So a task must begin by clearing away what an attempt before it left.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import is_away
from optin.database.transactions import writing
from optin.jobs import background
from optin.jobs.errors import log_error
from optin.models import BackgroundTask

BEAT = 2.0
"""Seconds between two signs of life."""
SILENT = timedelta(minutes=3)
STOPPED = "It was stopped."


class Ended(Exception):
    """The work can't be done; the text says why, in a sentence for the task's page."""


class _Interrupted(Exception):
    """The process is stopping, or another one has the task: it is begun anew."""


Work = Callable[["Life", dict[str, Any]], None]


class Life:
    """What work is given to show that it goes on; `engine` is the database."""

    def __init__(self, engine: Engine, task_id: int, stopping: threading.Event) -> None:
        self.engine, self._task_id, self._stopping = engine, task_id, stopping
        self.token = uuid4().hex
        self._next = time.monotonic() + BEAT
        self.done = 0

    def beat(self, more: int = 0) -> None:
        """Say that so much more is done. It raises where the work is to end, and costs nothing most of the time."""
        self.done += more
        if self._stopping.is_set():
            raise _Interrupted
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BEAT
        with writing(self.engine) as session:
            task = session.scalars(background.locked(self._task_id)).one_or_none()
            if task is None or task.state.get("by") != self.token:
                raise _Interrupted
            if task.stop_asked_at:
                raise Ended(STOPPED)
            task.state, task.done = _state(self.token, clock.now()), self.done

    def assure(self, session: Session) -> None:
        """See, before something is written for good, that nobody else has the task; it holds to the end of the
        transaction."""
        if _own(session, self, self._task_id) is None:
            raise _Interrupted


def task(name: str) -> Callable[[Work], Work]:
    """Register the work of all tasks of this name, which rows keep: it stays the same in later versions."""

    def register(work: Work) -> Work:
        background.whole(name, partial(_run, work))
        return work

    return register


def _run(work: Work, engine: Engine, task_id: int, stopping: threading.Event) -> None:
    """Do the work unless another process is at it."""
    life = Life(engine, task_id, stopping)
    arguments = _take(life, task_id)
    if arguments is None:
        return
    because = ""
    try:
        work(life, arguments)
    except _Interrupted:
        _give_back(life, task_id)
        return
    except Ended as ended:
        because = str(ended)
    except Exception as error:
        _give_back(life, task_id)
        if is_away(error):
            raise
        log_error("a long task failed", error)
        with writing(engine) as session:
            background.note_failure(session, task_id)
        return
    with writing(engine) as session:
        if own := _own(session, life, task_id):
            own.done = life.done
            background.finish(own, because)


def _take(life: Life, task_id: int) -> dict[str, Any] | None:
    """Return what the task is about if nobody else is at it, who will not be from now on."""
    with writing(life.engine) as session:
        found = session.scalars(background.locked(task_id)).one_or_none()
        if found is None or datetime.fromisoformat(found.state.get("until", "1970-01-01T00:00:00+00:00")) > clock.now():
            return None
        if found.stop_asked_at:
            background.finish(found, STOPPED)
            return None
        found.state, found.done = _state(life.token, clock.now()), 0
        return dict(found.arguments)


def _give_back(life: Life, task_id: int) -> None:
    """Let another process begin at once."""
    with writing(life.engine) as session:
        if own := _own(session, life, task_id):
            own.state = {}


def _own(session: Session, life: Life, task_id: int) -> BackgroundTask | None:
    found = session.scalars(background.locked(task_id)).one_or_none()
    return found if found is not None and found.state.get("by") == life.token else None


def _state(token: str, now: datetime) -> dict[str, str]:
    return {"by": token, "until": (now + SILENT).isoformat()}
