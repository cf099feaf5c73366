"""The background task of an import: step after step, whatever ends the process. Each row is done once."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database import postgresql
from optin.features.imports import work
from optin.features.imports.terms import UNDER_WAY
from optin.jobs import background
from optin.models import BackgroundTask, ImportRun, Person

NAME = "import"


def begin(session: Session, run: ImportRun, user_id: int) -> None:
    """Do the first step of a run, whose row is locked, and have the rest done in the background if there is any.

    After the commit `engine.nudge` has it run at once.
    """
    work.step(session, run)
    if run.state in UNDER_WAY:
        background.begin(session, NAME, _key(run.id), {"run_id": run.id}, total=run.total, user_id=user_id)


def under_way(session: Session, run_id: int) -> BackgroundTask | None:
    """Return the task that is at a run, None while there is none."""
    return background.under_way(session, _key(run_id))


def locked(session: Session, run_id: int) -> ImportRun | None:
    """Return a run, which no other transaction changes until this one ends; None where there is none."""
    asked = select(ImportRun).where(ImportRun.id == run_id).with_for_update()
    return session.scalars(asked.execution_options(populate_existing=True)).one_or_none()


@background.task(NAME)
def step(session: Session, task: BackgroundTask) -> None:
    """Go on with the run; what a user paused or cancelled is left alone."""
    run = locked(session, task.arguments["run_id"])
    if run is not None:
        work.step(session, run)
        task.total = run.total
        if background.progress(task, run.line - task.done):
            postgresql.analyse(session, Person)
    if run is None or run.state not in UNDER_WAY:
        background.finish(task)


def _key(run_id: int) -> str:
    return f"import-{run_id}"
