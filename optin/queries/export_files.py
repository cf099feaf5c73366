"""The files of exports of everything: in the database, so that every process gives them, for a day."""

import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from sqlalchemy import Engine, delete, or_, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert, run, table
from optin.database.transactions import reading, writing
from optin.database.turns import take_turns
from optin.models import ExportPart, ExportRun

PART = 2**20
KEPT = timedelta(days=1)
AT_ONCE = 8
"""So many pieces are deleted in one transaction."""
_NEW = insert(table(ExportPart)).inline()


class ExportFile(io.RawIOBase):
    """A file that is written piece by piece, each in a transaction of its own; `assure` is called in each."""

    def __init__(self, engine: Engine, run_id: int, assure: Callable[[Session], None]) -> None:
        super().__init__()
        self._engine, self._run_id, self._assure = engine, run_id, assure
        self._waiting, self._place, self.size = bytearray(), 0, 0
        self._digest = hashlib.sha256()

    def writable(self) -> bool:
        """Tell that it can be written; not that it could go back."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take some bytes."""
        self._waiting += data
        self._digest.update(data)
        self.size += len(data)
        while len(self._waiting) >= PART:
            self._store(bytes(self._waiting[:PART]))
            del self._waiting[:PART]
        return len(data)

    def complete(self) -> str:
        """Store what is left and return the SHA-256 of it all."""
        if self._waiting:
            self._store(bytes(self._waiting))
            self._waiting.clear()
        return self._digest.hexdigest()

    def _store(self, data: bytes) -> None:
        with writing(self._engine) as session:
            self._assure(session)
            run(session, _NEW, {"run_id": self._run_id, "place": self._place, "data": data})
        self._place += 1


def parts(engine: Engine, run_id: int) -> Iterator[bytes]:
    """Yield the pieces of a file, in order, each read in a transaction of its own; none once it is forgotten."""
    place = 0
    while True:
        with reading(engine) as session:
            asked = select(ExportPart.data).where(ExportPart.run_id == run_id, ExportPart.place == place)
            data = session.scalar(asked)
        if data is None:
            return
        yield data
        place += 1


def forget_parts(engine: Engine, run_id: int) -> None:
    """Delete the pieces of a file, some at a time."""
    take_turns(engine, partial(_forget_some, engine, run_id))


def forget_old(engine: Engine) -> None:
    """Delete the files that were made a day ago, and what is left of those that never were finished."""
    with reading(engine) as session:
        before = clock.now() - KEPT
        old = or_(ExportRun.finished_at < before, ExportRun.created_at < before - KEPT)
        ids = session.scalars(select(ExportRun.id).where(ExportRun.forgotten_at.is_(None), old)).all()
    for run_id in ids:
        forget_parts(engine, run_id)
        with writing(engine) as session:
            session.execute(update(ExportRun).where(ExportRun.id == run_id).values(forgotten_at=clock.now()))


def _forget_some(engine: Engine, run_id: int) -> int:
    with writing(engine) as session:
        mine = ExportPart.run_id == run_id
        places = session.scalars(select(ExportPart.place).where(mine).order_by(ExportPart.place).limit(AT_ONCE)).all()
        session.execute(delete(ExportPart).where(mine, ExportPart.place.in_(places)))
        return len(places)
