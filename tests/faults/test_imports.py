"""An import is killed with SIGKILL in its middle, again and again: each good row is taken over once."""

import io
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.transactions import reading, writing
from optin.enums import PersonKind, Role
from optin.features.imports import runs, tasks
from optin.features.imports.terms import ImportKind, Known
from optin.models import ImportRow, ImportRun, Person, Suppression
from optin.refused import done
from tests.conftest import add_user
from tests.support.faults.processes import SERVER, running, until
from tests.support.provider import serve_provider

ROWS = 2000
SLOWLY = {"AT_ONCE": "20", "DEADLINE": "5"}


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def file() -> bytes:
    """Every third is here already, every hundredth can't be read, every fiftieth has left."""
    lines = ["Name;Mobile;Email;Opted out"]
    for index in range(ROWS):
        number = "12" if index % 100 == 7 else f"(415) 200-{index:04d}"
        lines.append(f"Person {index};{number};p{index}@example.org;{'yes' if index % 50 == 3 else ''}")
    return "\n".join(lines).encode()


@pytest.fixture
def run_id(app: Flask, engine: Engine, session: Session) -> int:
    """A run whose columns are chosen and whose first rows are checked."""
    user = add_user(session, Role.AGENT)
    for index in range(0, ROWS, 3):
        add_person(session, index)
    session.commit()
    with app.app_context():
        run = done(runs.receive(session, ImportKind.CONTACT, "people.csv", io.BytesIO(file()), user.id))
        assert runs.check(session, run, {0: "name", 1: "mobile", 2: "email", 3: "opted_out"}, user.id) is None
        session.commit()
        return run.id


def add_person(session: Session, index: int) -> None:
    """Have a contact with a number of the file, and no email."""
    number = f"+1415200{index:04d}"
    now = clock.now()
    session.add(Person(kind=PersonKind.CONTACT, sort_name=number, mobile=number, created_at=now, updated_at=now))


def look(engine: Engine, run_id: int) -> ImportRun:
    """Return the run as it is."""
    with reading(engine) as session:
        found = session.get_one(ImportRun, run_id)
        session.expunge(found)
        return found


def test_what_a_killed_process_imports_goes_on(
    database: str, app: Flask, engine: Engine, tmp_path: Path, run_id: int
) -> None:
    """Killed while it checks and twice while it imports; the preview and the result are the same."""
    with serve_provider() as provider:
        with running(SERVER, database, tmp_path / "app", provider, **SLOWLY):
            until(lambda: look(engine, run_id).line > ROWS / 3)
        with running(SERVER, database, tmp_path / "app", provider, **SLOWLY):
            until(lambda: look(engine, run_id).state == "checked")
        with app.app_context(), writing(engine) as session:
            run = tasks.locked(session, run_id)
            assert run is not None
            assert runs.start(session, run, Known.FILL, run.created_by_id) is None
        for kill in (1, 2):
            with running(SERVER, database, tmp_path / f"app {kill}", provider, **SLOWLY):
                until(lambda kill=kill: look(engine, run_id).line > kill * ROWS / 4)
        assert look(engine, run_id).state == "running"
        with running(SERVER, database, tmp_path / "app", provider, **SLOWLY):
            until(lambda: look(engine, run_id).state == "done")
    run = look(engine, run_id)
    bad = ROWS // 100
    known = sum(index % 100 != 7 for index in range(0, ROWS, 3))
    expected = {"new": ROWS - bad - known, "changed": known, "unreadable": bad}
    assert {name: run.counts.get(name) for name in expected} == expected
    assert {name: run.checked["fill"].get(name) for name in expected} == expected
    with reading(engine) as session:
        people = select(func.count(), func.count(Person.mobile.distinct())).select_from(Person)
        here = len(range(0, ROWS, 3))
        assert session.execute(people).one() == (here + expected["new"],) * 2
        assert session.scalar(select(func.count()).where(ImportRow.known == "")) == known + bad
        assert session.scalar(select(func.count()).select_from(Suppression)) == run.counts["opted_out"] == ROWS // 50
