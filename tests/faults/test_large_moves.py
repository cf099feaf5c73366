"""Very many messages are moved by a process of its own: each is there once, and its memory stays flat."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.database.transactions import reading, writing
from optin.enums import Direction, Role
from optin.features.moving import runs, tasks
from optin.models import ImportRun, Message, Move
from optin.refused import done
from tests.conftest import add_user
from tests.support import large_export
from tests.support.faults.processes import SERVER, running, until
from tests.support.provider import serve_provider

SIZES = [pytest.param(2000, id="few"), pytest.param(1_000_000, id="million", marks=pytest.mark.soak)]
PARTS = (0.25, 0.5, 0.98)
MEGABYTES = 40
"""So much more than at the first look the process may have at the later ones; a row of the file has some 300 bytes."""


@pytest.fixture
def engine(app: Flask) -> Iterator[Engine]:
    with app.app_context():
        yield db.engine


def memory(pid: int) -> float:
    """Return the megabytes that a process has for itself: not those of files, which SQLite reads as memory."""
    of = psutil.Process(pid).memory_info()
    return float(of.rss - of.shared) / 2**20


@pytest.mark.parametrize("messages", SIZES)
def test_memory_stays_flat_however_many_messages_are_moved(
    database: str, app: Flask, engine: Engine, session: Session, tmp_path: Path, messages: int
) -> None:
    large_export.write(tmp_path / "export.zip", messages)
    with app.app_context(), (tmp_path / "export.zip").open("rb") as file:
        run_id = done(runs.receive(session, [("export.zip", file)], add_user(session, Role.ADMIN).id)).id
        session.commit()

    def look() -> tuple[str, str, int]:
        with reading(engine) as own:
            asked = select(ImportRun.state, Move.stage, ImportRun.line).join(Move, Move.run_id == ImportRun.id)
            return own.execute(asked.where(ImportRun.id == run_id)).one()

    def is_at(part: float, *states: str) -> bool:
        state, stage, line = look()
        return state in states[1:] or (state == states[0] and stage == "message" and line > part * messages)

    patience, seen = messages / 200 + 60, {}
    with serve_provider() as provider, running(SERVER, database, tmp_path / "app", provider) as process:
        for part in PARTS:
            until(lambda part=part: is_at(part, "checking", "checked"), patience, every=0.1)
            seen[f"reading {part}"] = memory(process.pid)
        until(lambda: look()[0] == "checked", patience, every=0.1)
        with app.app_context(), writing(engine) as writer:
            run = tasks.locked(writer, run_id)
            assert run is not None
            assert runs.start(writer, run, writer.get_one(Move, run_id), run.created_by_id or 0) is None
        for part in PARTS:
            until(lambda part=part: is_at(part, "running", "done"), patience, every=0.1)
            seen[f"moving {part}"] = memory(process.pid)
        until(lambda: look()[0] == "done", patience, every=0.1)
    for kind in ("reading", "moving"):
        mine = [megabytes for name, megabytes in seen.items() if name.startswith(kind)]
        assert max(mine) < mine[0] + MEGABYTES, seen
    with reading(engine) as own:
        counts = select(Message.direction, func.count()).where(Message.id < 0).group_by(Message.direction)
        moved = dict(own.execute(counts).all())
        assert moved == {Direction.INBOUND: messages // 2, Direction.OUTBOUND: messages - messages // 2}
        assert own.scalar(select(func.count(Message.sid.distinct()))) == messages
        move = own.get_one(Move, run_id)
        assert move.counts == move.checked
        assert move.counts["message"] == {"found": messages, "moved": messages}
