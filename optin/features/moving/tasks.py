"""The background task of a move: step after step, whatever ends the process. Each row is done once."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database import postgresql
from optin.features.moving import work
from optin.features.moving.terms import UNDER_WAY
from optin.jobs import background
from optin.models import BackgroundTask, Conversation, ImportRun, Message, Move, MovedRecord, MoveSign, OptIn, Person

NAME = "move"
KIND = "move"
"""What the import run of a move is of."""
LOOKED_UP = (Conversation, Message, MovedRecord, MoveSign, OptIn, Person)
"""The tables that grow by a move, and in which its later rows look up its earlier ones."""


def begin(session: Session, run: ImportRun, user_id: int) -> None:
    """Have a move go on in the background; after the commit `engine.nudge` has it run at once."""
    background.begin(session, NAME, _key(run.id), {"run_id": run.id}, total=run.total, user_id=user_id)


def under_way(session: Session, run_id: int) -> BackgroundTask | None:
    """Return the task that is at a move, None while there is none."""
    return background.under_way(session, _key(run_id))


def locked(session: Session, run_id: int) -> ImportRun | None:
    """Return the run of a move, which no other transaction changes until this one ends; None where there is none."""
    asked = select(ImportRun).where(ImportRun.id == run_id, ImportRun.kind == KIND).with_for_update()
    return session.scalars(asked.execution_options(populate_existing=True)).one_or_none()


def _prepare(session: Session, task: BackgroundTask) -> None:
    run, move = session.get(ImportRun, task.arguments["run_id"]), session.get(Move, task.arguments["run_id"])
    if run is not None and move is not None and run.state in UNDER_WAY:
        work.prepare(session, run, move)


@background.task(NAME, before=_prepare)
def step(session: Session, task: BackgroundTask) -> None:
    """Go on with the move; what a user paused or cancelled is left alone."""
    run = locked(session, task.arguments["run_id"])
    move = session.get(Move, run.id, populate_existing=True) if run else None
    if run is not None and move is not None and run.state in UNDER_WAY:
        work.step(session, run, move)
        counted = move.counts if run.state == "running" else move.checked
        found, task.total = sum(each.get(work.FOUND, 0) for each in counted.values()), run.total
        if background.progress(task, found - task.done):
            for table in LOOKED_UP:
                postgresql.analyse(session, table)
    if run is None or run.state not in UNDER_WAY:
        background.finish(task)


def _key(run_id: int) -> str:
    return f"move-{run_id}"
