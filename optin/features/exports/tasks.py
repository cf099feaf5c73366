"""The background task that makes an export of everything; killed, it begins anew: nobody is given a part of a ZIP."""

from pathlib import Path
from tempfile import gettempdir
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.archive import making, tables
from optin.archive.copying import NoRoom
from optin.database.transactions import reading, writing
from optin.jobs import background, long_task, worker
from optin.jobs.long_task import Ended, Life
from optin.models import BackgroundTask, ExportRun, User
from optin.policy import audit
from optin.queries import export_files
from optin.queries.export_files import ExportFile

NAME = KEY = "export everything"
SUBJECT = "export"


def begin(session: Session, user: User) -> None:
    """Have an export made unless one is being made; the caller commits, and `engine.nudge` has it run at once."""
    run = ExportRun(created_at=clock.now(), created_by_id=user.id)
    session.add(run)
    session.flush()
    about = {"run_id": run.id}
    run.task_id = background.begin(session, NAME, KEY, about, total=_rows(session), user_id=user.id)
    if session.get_one(BackgroundTask, run.task_id).arguments != about:  # somebody else's, which is under way
        session.delete(run)
        return
    audit.record(session, user.id, "began", SUBJECT, run.id)


def under_way(session: Session) -> BackgroundTask | None:
    """Return the task that makes an export now, None while there is none."""
    return background.under_way(session, KEY)


@long_task.task(NAME)
def make(life: Life, arguments: dict[str, Any]) -> None:
    """Make the file; an attempt that was killed before has left pieces."""
    run_id = int(arguments["run_id"])
    with reading(life.engine) as session:
        run = session.get(ExportRun, run_id)
        if run is None or run.finished_at is not None:
            return
        made_by = run.created_by.name if run.created_by else "the system"
    export_files.forget_parts(life.engine, run_id)
    file = ExportFile(life.engine, run_id, life.assure)
    try:
        made = making.make(life.engine, file, made_by, _folder(), life.beat)  # type: ignore[arg-type]
    except NoRoom as error:
        raise Ended(str(error)) from error
    digest = file.complete()
    with writing(life.engine) as session:
        life.assure(session)
        run = session.get_one(ExportRun, run_id)
        run.finished_at, run.moment = clock.now(), made.when
        run.rows = sum(entry.rows or 0 for entry in made.files.values())
        run.size, run.digest = file.size, digest


def _rows(session: Session) -> int:
    """Return about how many rows there are, by the ids alone."""
    ids = [table.c.id for table in tables.in_order() if "id" in table.c]
    return sum(session.scalar(select(func.max(column))) or 0 for column in ids)


def _folder() -> Path:
    """Return where the copy stands meanwhile: in the instance folder."""
    ours = worker.current()
    return ours.folder if ours is not None else Path(gettempdir())
