"""The files of imports: in the database, so that every process reads them and a restored backup has them, for a day."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import BinaryIO

from sqlalchemy import Engine, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert, run, table
from optin.database.transactions import reading, writing
from optin.database.turns import take_turns
from optin.evidence import keeping
from optin.models import EvidenceFile, ImportKey, ImportPart, ImportRow, ImportRun, MoveSign

PART = 2**20
LARGEST = 200 * 2**20
"""Bytes of a file: a million people with all their fields are some 120 MB."""
KEPT = timedelta(days=1)
PARTS, ROWS = 8, 5000
"""So many of them are deleted in one transaction."""
EXPIRED = "expired"
_NEW = insert(table(ImportPart)).inline()
_BUSY = ("checking", "running", "undoing")
_OPEN = ("storing", "columns", "checked", "paused")


def store(session: Session, run_id: int, file: BinaryIO) -> tuple[int, str]:
    """Keep a file piece by piece, each in a transaction of its own; return its size and its SHA-256."""
    digest, size, place = hashlib.sha256(), 0, 0
    while data := file.read(PART):
        run(session, _NEW, {"run_id": run_id, "place": place, "data": data})
        session.commit()
        digest.update(data)
        size, place = size + len(data), place + 1
    return size, digest.hexdigest()


def parts(session: Session, run_id: int) -> Iterator[bytes]:
    """Yield the pieces of a file, in order; none once it is forgotten."""
    place = 0
    while data := session.scalar(select(ImportPart.data).where(ImportPart.run_id == run_id, ImportPart.place == place)):
        yield data
        place += 1


def forget_old(engine: Engine) -> None:
    """Delete the files of runs that ended, or begun, a day ago, with what was read from them; who waits has expired.

    Evidence of consent stays with the runs that were started.
    """
    for run_id in _old(engine):
        for forget_some in (_forget_parts, _forget_keys, _forget_signs, _forget_texts):
            take_turns(engine, partial(_in_one_transaction, engine, forget_some, run_id))
        with writing(engine) as session:
            mine = update(ImportRun).where(ImportRun.id == run_id)
            session.execute(mine.values(forgotten_at=clock.now()))
            session.execute(mine.where(ImportRun.state.in_(_OPEN)).values(state=EXPIRED))
            session.execute(mine.where(ImportRun.started_at.is_(None)).values(evidence_id=None))
            keeping.drop_unneeded(session, EvidenceFile)


def _old(engine: Engine) -> list[int]:
    with reading(engine) as session:
        since = func.coalesce(ImportRun.finished_at, ImportRun.created_at)
        old = select(ImportRun.id).where(ImportRun.forgotten_at.is_(None), since < clock.now() - KEPT)
        return list(session.scalars(old.where(ImportRun.state.not_in(_BUSY)).order_by(ImportRun.id)))


def _in_one_transaction(engine: Engine, forget_some: Callable[[Session, int], bool], run_id: int) -> bool:
    with writing(engine) as session:
        return forget_some(session, run_id)


def _forget_parts(session: Session, run_id: int) -> bool:
    """Delete some pieces of the file; tell whether there were any."""
    mine = ImportPart.run_id == run_id
    places = session.scalars(select(ImportPart.place).where(mine).order_by(ImportPart.place).limit(PARTS)).all()
    session.execute(delete(ImportPart).where(mine, ImportPart.place.in_(places)))
    return bool(places)


def _forget_keys(session: Session, run_id: int) -> bool:
    """Delete some keys; tell whether there were any."""
    mine, key = ImportKey.run_id == run_id, (ImportKey.round, ImportKey.key)
    some = session.execute(select(*key).where(mine).order_by(*key).limit(ROWS)).all()
    if some:
        session.execute(delete(ImportKey).where(mine, tuple_(*key) <= tuple_(*some[-1])))
    return bool(some)


def _forget_signs(session: Session, run_id: int) -> bool:
    """Delete what was put by of some numbers of a move; tell whether there were any."""
    mine = MoveSign.run_id == run_id
    numbers = session.scalars(
        select(MoveSign.number).where(mine).distinct().order_by(MoveSign.number).limit(ROWS)
    ).all()
    if numbers:
        session.execute(delete(MoveSign).where(mine, MoveSign.number <= numbers[-1]))
    return bool(numbers)


def _forget_texts(session: Session, run_id: int) -> bool:
    """Empty some rows of what they said, and of what people were before; tell whether there were any."""
    texts = or_(ImportRow.cells.is_not(None), ImportRow.before.is_not(None))
    mine = (ImportRow.run_id == run_id, texts)
    lines = session.scalars(select(ImportRow.line).where(*mine).limit(ROWS)).all()
    session.execute(update(ImportRow).where(*mine, ImportRow.line.in_(lines)).values(cells=None, before=None))
    return bool(lines)


def discard(session: Session, run: ImportRun) -> None:
    """Delete a run that has nothing but its file, and which is of no use."""
    session.execute(delete(ImportPart).where(ImportPart.run_id == run.id))
    session.delete(run)
    session.commit()
