"""An import is killed with SIGKILL in its middle, again and again: each good row is taken over once, memory is flat."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.statements import insert
from optin.database.transactions import reading, writing
from optin.enums import PersonKind, Role
from optin.features.imports import runs, tasks
from optin.features.imports.terms import ImportKind, Known
from optin.features.imports.writing import KEPT
from optin.models import ImportRow, ImportRun, Person, Suppression
from optin.refused import done
from tests.conftest import add_user
from tests.support.faults.processes import SERVER, running, until
from tests.support.provider import serve_provider

WHOLE = 1_000_000
SLOWLY = {"AT_ONCE": "20", "DEADLINE": "5"}
SIZES = [
    pytest.param(2000, SLOWLY, (0.25, 0.5), id="few"),
    pytest.param(WHOLE, {}, (0.2, 0.4, 0.6, 0.8), id="million", marks=pytest.mark.soak),
]
"""How many rows, the environment of the process, and after which parts of the import it is killed."""
MEGABYTES = 100
"""So much more than at the first kill the process may have at the later ones."""


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def number(index: int) -> str:
    """Return a number of New Jersey in E.164."""
    return f"+1201{200 + index // 10_000 * 7}{index % 10_000:04d}"


def file(rows: int) -> bytes:
    """Every third is here already, every hundredth can't be read, every fiftieth has left."""
    lines = ["Name;Mobile;Email;Opted out"]
    for index in range(rows):
        mobile = "12" if index % 100 == 7 else number(index)
        lines.append(f"Person {index};{mobile};p{index}@example.org;{'yes' if index % 50 == 3 else ''}")
    return "\n".join(lines).encode()


def arrange(session: Session, rows: int) -> int:
    """Have a run whose columns are chosen and whose first rows are checked; return its id."""
    user, now = add_user(session, Role.AGENT), clock.now()
    for begin in range(0, rows, 30_000):
        session.execute(
            insert(Person).inline(),
            [
                {"kind": PersonKind.CONTACT, "sort_name": number(index), "mobile": number(index)}
                | {"created_at": now, "updated_at": now}
                for index in range(begin, min(begin + 30_000, rows), 3)
            ],
        )
    session.commit()
    run = done(runs.receive(session, ImportKind.CONTACT, "people.csv", io.BytesIO(file(rows)), user.id))
    assert runs.check(session, run, {0: "name", 1: "mobile", 2: "email", 3: "opted_out"}, user.id) is None
    session.commit()
    return run.id


def look(engine: Engine, run_id: int) -> ImportRun:
    """Return the run as it is."""
    with reading(engine) as session:
        found = session.get_one(ImportRun, run_id)
        session.expunge(found)
        return found


@pytest.mark.parametrize(("rows", "environ", "kills"), SIZES)
def test_what_a_killed_process_imports_goes_on(
    database: str,
    app: Flask,
    engine: Engine,
    session: Session,
    tmp_path: Path,
    rows: int,
    environ: Mapping[str, str],
    kills: Sequence[float],
) -> None:
    """Killed while it checks and again while it imports; the preview and the result are the same."""
    with app.app_context():
        run_id = arrange(session, rows)
    patience, memory = rows / 1000 + 60, []
    with serve_provider() as provider:
        with running(SERVER, database, tmp_path / "app", provider, **environ):
            until(lambda: look(engine, run_id).line > rows / 3, patience)
        with running(SERVER, database, tmp_path / "app", provider, **environ):
            until(lambda: look(engine, run_id).state == "checked", patience)
        with app.app_context(), writing(engine) as writer:
            run = tasks.locked(writer, run_id)
            assert run is not None
            assert runs.start(writer, run, Known.FILL, run.created_by_id) is None
        for at, part in enumerate(kills):
            with running(SERVER, database, tmp_path / f"app {at}", provider, **environ) as process:
                until(lambda part=part: look(engine, run_id).line > part * rows, patience)
                memory.append(psutil.Process(process.pid).memory_info().rss / 2**20)
        assert look(engine, run_id).state == "running"
        with running(SERVER, database, tmp_path / "app", provider, **environ):
            until(lambda: look(engine, run_id).state == "done", patience)
    assert max(memory) < memory[0] + MEGABYTES, memory
    run = look(engine, run_id)
    bad = rows // 100
    known = sum(index % 100 != 7 for index in range(0, rows, 3))
    expected = {"new": rows - bad - known, "changed": known, "unreadable": bad}
    assert {name: run.counts.get(name) for name in expected} == expected
    assert {name: run.checked["fill"].get(name) for name in expected} == expected
    with reading(engine) as reader:
        people = select(func.count(), func.count(Person.mobile.distinct())).select_from(Person)
        here = len(range(0, rows, 3))
        assert reader.execute(people).one() == (here + expected["new"],) * 2
        noted = min(expected["new"], KEPT) + known + bad
        assert reader.scalar(select(func.count()).where(ImportRow.known == "")) == noted
        assert run.total == rows
        assert reader.scalar(select(func.count()).select_from(Suppression)) == run.counts["opted_out"] == rows // 50
