"""A move from its files to its result: what may follow what. Nothing commits, but for the files themselves."""

from collections.abc import Sequence
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.features.moving import export_files, tasks, work
from optin.features.moving.terms import UNDER_WAY, MoveState
from optin.models import ImportRun, Move
from optin.person.one_at_a_time import make_people_alone
from optin.policy import audit
from optin.queries import import_files
from optin.refused import Refused

LONGEST_NAME = 200
WRONG_STATE = "This move has gone on meanwhile. Here is how it stands now."
AT_WORK = "Another move is under way or paused. Let it end, or cancel it, before the next one."
TOO_LARGE = f"The files are larger than {import_files.LARGEST // 2**20} MB when packed. Move the messages in parts."


def receive(session: Session, files: Sequence[tuple[str, BinaryIO]], user_id: int) -> ImportRun | Refused:
    """Keep the files and begin to read them; refused, with nothing kept, where none is an export."""
    if another_at_work(session, 0):
        return Refused(AT_WORK, field="files")
    name = ", ".join(name for name, _ in files)[:LONGEST_NAME] or "files"
    now = clock.now()
    run = ImportRun(kind=tasks.KIND, state=MoveState.STORING, file_name=name, created_at=now, created_by_id=user_id)
    session.add(run)
    session.commit()
    with export_files.pack(files) as packed:
        run.size, run.digest = import_files.store(session, run.id, packed)
    export = export_files.open_export(session, run) if run.size <= import_files.LARGEST else Refused(TOO_LARGE)
    if isinstance(export, Refused):
        import_files.discard(session, run)
        return Refused(export.sentence, field="files")
    run.state = MoveState.CHECKING
    first = work.CHECK[0]
    session.add(
        Move(
            run_id=run.id,
            stage=first,
            files={**export.described, "others": export.others},
            keywords={},
            checked={},
            counts={},
        )
    )
    session.flush()
    audit.record(session, user_id, "uploaded", work.SUBJECT, run.id, {"file": ("", run.file_name)})
    tasks.begin(session, run, user_id)
    return run


def start(session: Session, run: ImportRun, move: Move, user_id: int) -> Refused | None:
    """Move; refused unless all was read, and while another move is at work: of two starts one waits and is refused."""
    if run.state != MoveState.CHECKED:
        return Refused(WRONG_STATE)
    make_people_alone(session)
    if another_at_work(session, run.id):
        return Refused(AT_WORK)
    run.state, run.line, run.started_at = MoveState.RUNNING, 0, clock.now()
    move.stage, move.place = work.MOVE[0], ""
    tasks.begin(session, run, user_id)
    return None


def pause(run: ImportRun) -> Refused | None:
    """Stop for a while."""
    if run.state != MoveState.RUNNING:
        return Refused(WRONG_STATE)
    run.state = MoveState.PAUSED
    return None


def go_on(session: Session, run: ImportRun, user_id: int) -> Refused | None:
    """Go on after a pause, or after an error ended the work."""
    if run.state == MoveState.PAUSED:
        run.state = MoveState.RUNNING
    elif not has_stalled(session, run):
        return Refused(WRONG_STATE)
    tasks.begin(session, run, user_id)
    return None


def cancel(session: Session, run: ImportRun, move: Move) -> Refused | None:
    """Move nothing more; what was moved stays."""
    if run.state not in (*UNDER_WAY, MoveState.CHECKED, MoveState.PAUSED):
        return Refused(WRONG_STATE)
    began = run.started_at is not None
    run.state, run.finished_at = MoveState.CANCELLED, clock.now()
    if began:
        work.record(session, run, move, "cancelled")
    return None


def another_at_work(session: Session, run_id: int) -> bool:
    """Tell whether a move but this one has begun to move and has not ended."""
    begun = ImportRun.state.in_([MoveState.RUNNING, MoveState.PAUSED])
    others = select(ImportRun.id).where(ImportRun.kind == tasks.KIND, begun, ImportRun.id != run_id)
    return session.scalars(others.limit(1)).first() is not None


def has_stalled(session: Session, run: ImportRun) -> bool:
    """Tell whether a move is under way and nothing is at it: an error ended the work."""
    return run.state in UNDER_WAY and tasks.under_way(session, run.id) is None
