"""Doing something to many people at once, as a background task in parts: each once, asked again as their part comes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import LabelledEnum, Role
from optin.features.people import selection
from optin.features.people.selection import Selection
from optin.jobs import background
from optin.models import BackgroundTask, Person, User
from optin.person import many
from optin.queries import look

NAME = "act on people"
AT_ONCE = {"owner": 1000, "conversion": 1000, "deletion": 250}
STOPPED = "It was stopped."
OWNER_GONE = "The user who was to own them is not there any more."


class Act(LabelledEnum):
    """What can be done to many people."""

    OWNER = "owner", "Change owner"
    CONVERSION = "conversion", "Convert"
    DELETION = "deletion", "Delete"

    @property
    def role(self) -> Role:
        """Return who may do it to many."""
        return Role.ADMIN if self is Act.DELETION else Role.AGENT


@dataclass(frozen=True)
class Report:
    """What was done so far: to how many, and how many were so already. `expected` is None where nobody counted."""

    done: int
    same: int
    expected: int | None

    @property
    def gone(self) -> int:
        """Count those who were meant and were not met: deleted or changed in the meantime."""
        return max((self.expected or 0) - self.done - self.same, 0)


def begin(
    session: Session,
    act: Act,
    chosen: Selection,
    user_id: int | None,
    expected: int | None,
    owner_id: int | None = None,
) -> BackgroundTask:
    """Do the first part and have the rest done in the background; the caller commits and nudges the engine."""
    arguments = {"act": str(act), "chosen": chosen.stored, "expected": expected, "owner_id": owner_id}
    total = chosen.up_to if chosen.ids is None else len(chosen.ids)
    task_id = background.begin(session, NAME, _key(arguments, user_id), arguments, total=total, user_id=user_id)
    task = session.get_one(BackgroundTask, task_id, with_for_update=True, populate_existing=True)
    if not task.state:
        step(session, task)
    return task


def _key(arguments: Mapping[str, Any], user_id: int | None) -> str:
    """Return the same for whatever is asked for twice, whenever that is."""
    chosen = {**arguments["chosen"], "at": ""}
    asked = json.dumps({**arguments, "chosen": chosen, "by": user_id}, sort_keys=True)
    return f"people-{hashlib.sha256(asked.encode()).hexdigest()[:40]}"


def find(session: Session, task_id: int) -> BackgroundTask | None:
    """Return the task, finished or not, if it is one of these."""
    task = session.get(BackgroundTask, task_id)
    return task if task is not None and task.name == NAME else None


def report(task: BackgroundTask) -> Report:
    """Return what was done so far."""
    return Report(task.state.get("done", 0), task.state.get("same", 0), task.arguments["expected"])


@background.task(NAME)
def step(session: Session, task: BackgroundTask) -> None:
    """Do it to those who come next in the order of their ids, and of whom everything still holds."""
    act, chosen = Act(task.arguments["act"]), selection.loaded(task.arguments["chosen"])
    owner_id = task.arguments["owner_id"]
    owner = session.get(User, owner_id) if owner_id else None
    if task.stop_asked_at or (owner_id and owner is None):
        background.finish(task, STOPPED if task.stop_asked_at else OWNER_GONE)
        return
    after, now = task.state.get("after", 0), report(task)
    ids, last = _next(session, chosen, after, AT_ONCE[act])
    done = _do(session, act, ids, owner, task.created_by_id) if ids else 0
    task.state = {"after": last or after, "done": now.done + done, "same": now.same + len(ids) - done}
    if last is None:
        task.done = task.total
        background.finish(task)
    else:
        task.done = last if chosen.ids is None else task.done + len(ids)


def _next(session: Session, chosen: Selection, after: int, most: int) -> tuple[Sequence[int], int | None]:
    """Return the next of them, locked, and up to where they were looked for; None at the end."""
    holds = chosen.conditions(session)
    if chosen.ids is None:
        found, last = look.next_ids(session, holds, after, chosen.up_to, most)
    else:
        found = sorted(id_ for id_ in chosen.ids if id_ > after)
        found, last = found[:most], found[most - 1] if len(found) > most else None
    if not found:
        return [], last
    locked = select(Person.id).where(Person.id.in_(found), *holds(Person)).order_by(Person.id)
    return session.scalars(locked.with_for_update()).all(), last


def _do(session: Session, act: Act, ids: Sequence[int], owner: User | None, user_id: int | None) -> int:
    if act is Act.OWNER:
        return many.give_owner(session, ids, owner, user_id)
    if act is Act.CONVERSION:
        return many.convert(session, ids, user_id)
    return many.remove(session, ids, user_id)
