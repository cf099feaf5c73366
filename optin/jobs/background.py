"""Work that takes too long for a request: it goes on where it stood whatever ends the process; a page can follow it.

A task is a row, made in the transaction of whoever asks for it. What it does, it does in steps: a step works on some of
what is left and notes in the row how far it has come, in one short transaction. So each piece is done once, and nothing
is lost with the engine's queue, whose commits need not survive a power cut: an unfinished row gets a new job.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, Select, and_, delete, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert, is_away
from optin.database.transactions import reading, writing
from optin.database.turns import take_turns, until
from optin.jobs.errors import log_error
from optin.models import BackgroundTask
from optin.models.index_conditions import is_not_finished

KEPT = timedelta(days=90)
FAILURES = 3
"""A task ends when so many of its steps have failed one after the other."""
FAILED = "It ended early because of an error. The reason is in the log."

Step = Callable[[Session, BackgroundTask], None]
Whole = Callable[[Engine, int, threading.Event], None]
_STEPS: dict[str, Step] = {}
_BEFORE: dict[str, Step] = {}
_WHOLES: dict[str, Whole] = {}
"""How tasks are done that can't be cut into steps (jobs/long_task.py)."""


def task(name: str, *, before: Step | None = None) -> Callable[[Step], Step]:
    """Register the step of all tasks of this name, which rows keep: it stays the same in later versions.

    A step changes `state` and `done` of the row, and calls `finish` when nothing is left or it may not go on. It must
    look at `stop_asked_at`. The row is locked; the caller commits. `before` is called before each step with a session
    that only reads: what takes long there, such as unpacking a file, holds up nobody who writes.
    """

    def register(step: Step) -> Step:
        _STEPS[name] = step
        if before is not None:
            _BEFORE[name] = before
        return step

    return register


def whole(name: str, do: Whole) -> None:
    """Register how all tasks of this name are done, which rows keep, in one go."""
    _WHOLES[name] = do


def begin(
    session: Session, name: str, key: str, arguments: Mapping[str, object], *, total: int, user_id: int | None
) -> int:
    """Make a task and return its id, or that of the one with the same key that is not finished; the caller commits.

    After the commit `engine.nudge` has it run at once.
    """
    made = session.scalar(
        insert(BackgroundTask)
        .values(
            name=name,
            key=key,
            arguments=dict(arguments),
            state={},
            total=total,
            created_at=clock.now(),
            created_by_id=user_id,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(BackgroundTask.id)
    )
    return made or session.scalars(select(BackgroundTask.id).where(BackgroundTask.key == key)).one()


def do_first(session: Session, task_id: int) -> None:
    """Do the first step of a task that was just made, in the transaction that made it: often there is no other."""
    task = session.get_one(BackgroundTask, task_id)
    _STEPS[task.name](session, task)


def under_way(session: Session, key: str) -> BackgroundTask | None:
    """Return the unfinished task of the key, of which there is one at most; None while there is none."""
    return session.scalars(select(BackgroundTask).where(BackgroundTask.key == key)).one_or_none()


def finish(task: BackgroundTask, because: str = "") -> None:
    """Say that the task is over; `because` is the sentence why, if it did not come to its end."""
    task.finished_at, task.key, task.ended_because = clock.now(), None, because


def progress(task: BackgroundTask, count: int) -> bool:
    """Note that so many more are done; tell whether there are twice as many now as when this last said so."""
    before, task.done = task.done, task.done + count
    return before.bit_length() < task.done.bit_length()


def ask_to_stop(session: Session, task_id: int) -> bool:
    """Have the next step end an unfinished task; tell whether it was one. The caller commits."""
    asked = update(BackgroundTask).where(BackgroundTask.id == task_id, is_not_finished(BackgroundTask))
    found = session.scalar(asked.values(stop_asked_at=clock.now()).returning(BackgroundTask.id))
    return found is not None


def unfinished(engine: Engine) -> list[int]:
    """List the tasks that are not finished, oldest first."""
    with reading(engine) as session:
        return list(session.scalars(select(BackgroundTask.id).where(_is_open()).order_by(BackgroundTask.id)))


def run(engine: Engine, task_id: int, seconds: float, stopping: threading.Event) -> None:
    """Do step after step until the task is finished, `seconds` have passed or the process is `stopping`.

    Raises what a step raises when the database does not work; another job goes on with it.
    """
    with reading(engine) as session:
        whole = _WHOLES.get(session.scalar(select(BackgroundTask.name).where(BackgroundTask.id == task_id)) or "")
    if whole is not None:
        whole(engine, task_id, stopping)
        return
    take_turns(engine, lambda: _step(engine, task_id), until(time.monotonic() + seconds, stopping))


def forget_old(session: Session, now: datetime) -> None:
    """Delete tasks that ended long ago; the audit trail tells what they did."""
    session.execute(delete(BackgroundTask).where(BackgroundTask.finished_at < now - KEPT))


def _step(engine: Engine, task_id: int) -> bool:
    """Do one step; tell whether something may be left. Of two that are at it at once one waits for the other."""
    failed = _prepare(engine, task_id) if _BEFORE else None
    with writing(engine) as session:
        task = session.scalars(locked(task_id)).one_or_none()
        if task is None:
            return False
        try:
            if failed is not None:
                raise failed
            _STEPS[task.name](session, task)
            task.failures = 0
            session.commit()
        except Exception as error:
            session.rollback()
            if is_away(error):
                raise
            log_error(f"a step of the task “{task.name}” failed", error)
            return note_failure(session, task_id)
        return task.finished_at is None


def _prepare(engine: Engine, task_id: int) -> Exception | None:
    """Do what the task wants done before its step; return what went wrong there."""
    with reading(engine) as session:
        task = session.get(BackgroundTask, task_id)
        before = _BEFORE.get(task.name) if task is not None and task.finished_at is None else None
        if task is not None and before is not None:
            try:
                before(session, task)
            except Exception as error:
                return error
    return None


def note_failure(session: Session, task_id: int) -> bool:
    """Count the failure and end the task after too many; tell whether it may be tried again."""
    task = session.scalars(locked(task_id)).one_or_none()
    if task is None:
        return False
    task.failures += 1
    if task.failures >= FAILURES:
        finish(task, FAILED)
    session.commit()
    return task.finished_at is None


def locked(task_id: int) -> Select[BackgroundTask]:
    """Select an unfinished task, locked until the transaction ends."""
    chosen = select(BackgroundTask).where(BackgroundTask.id == task_id, _is_open())
    return chosen.with_for_update().execution_options(populate_existing=True)


def _is_open() -> ColumnElement[bool]:
    """It is not finished, and this version knows its name: one that a newer version made waits for that version."""
    return and_(is_not_finished(BackgroundTask), BackgroundTask.name.in_([*_STEPS, *_WHOLES]))
