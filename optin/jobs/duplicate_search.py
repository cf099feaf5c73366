"""Looking for records that may be of one person: all of them, in parts, in the background, when people have changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.jobs import background
from optin.models import AuditEntry, BackgroundTask, Person
from optin.person import likely_duplicates

NAME = KEY = "find duplicates"
PHASES = (*likely_duplicates.RULES, "sweep")


@dataclass(frozen=True)
class SearchState:
    """Whether a search is under way, how far it is in hundredths, and when the last one ended."""

    is_under_way: bool
    percent: int
    finished_at: datetime | None


def begin_if_changed(session: Session, now: datetime) -> None:  # noqa: ARG001
    """Begin a search if people have changed since the last one; the caller commits."""
    last = _last(session)
    if last is None or last.state.get("people") != _people(session):
        begin(session, None)


def begin(session: Session, user_id: int | None) -> None:
    """Begin a search, unless one is under way; the caller commits."""
    total = (session.scalar(select(func.max(Person.id))) or 0) * len(likely_duplicates.RULES)
    background.begin(session, NAME, KEY, {"people": _people(session)}, total=total, user_id=user_id)


def state(session: Session) -> SearchState:
    """Return how the search stands."""
    task, last = background.under_way(session, KEY), _last(session)
    percent = min(99, 100 * task.done // task.total) if task and task.total else 0
    return SearchState(task is not None, percent, last.finished_at if last else None)


@background.task(NAME)
def step(session: Session, task: BackgroundTask) -> None:
    """Look at the next part; at the end, drop the groups that are none any more."""
    if task.stop_asked_at:
        background.finish(task, "Stopped by a user.")
        return
    phase, after = task.state.get("phase", PHASES[0]), task.state.get("after", "")
    if phase == PHASES[-1]:
        until = likely_duplicates.forget_unseen(session, after, task.id)
    else:
        until = likely_duplicates.look(session, phase, after, task.id)
        task.done += likely_duplicates.PART
    if until is not None:
        task.state = {"phase": phase, "after": until}
    elif phase == PHASES[-1]:
        task.state = {"people": task.arguments["people"]}
        background.finish(task)
    else:
        task.state = {"phase": PHASES[PHASES.index(phase) + 1], "after": ""}


def _last(session: Session) -> BackgroundTask | None:
    ended = select(BackgroundTask).where(BackgroundTask.name == NAME, BackgroundTask.finished_at.is_not(None))
    return session.scalars(ended.order_by(BackgroundTask.id.desc()).limit(1)).first()


def _people(session: Session) -> list[Any]:
    """Return what changes when somebody is added or a record is changed, each the end of an index."""
    newest = select(func.max(Person.id)).scalar_subquery(), select(func.max(AuditEntry.id)).scalar_subquery()
    return list(session.execute(select(*newest)).one())
