"""An export is killed with SIGKILL in its middle: it begins anew, and what is offered is whole."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.archive import opening
from optin.database.session import db
from optin.database.transactions import reading
from optin.enums import PersonKind, Role
from optin.features.exports import tasks
from optin.models import BackgroundTask, ExportPart, ExportRun, Person
from optin.queries import export_files
from tests.conftest import add_user
from tests.support.faults.processes import SERVER, running, until
from tests.support.provider import serve_provider

PEOPLE = 1000
SLOWLY = {"AT_ONCE": "40", "DEADLINE": "5"}


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def written(engine: Engine) -> int:
    """Return how many pieces there are of the file."""
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(ExportPart)) or 0


def ended(engine: Engine) -> bool:
    with reading(engine) as session:
        return session.scalars(select(BackgroundTask)).one().finished_at is not None


def test_what_a_killed_process_exports_begins_anew(
    database: str, app: Flask, engine: Engine, session: Session, tmp_path: Path
) -> None:
    """By another process, when the killed one has been silent for a while."""
    now = clock.now()
    session.add_all(
        Person(kind=PersonKind.CONTACT, sort_name=str(each) * 20, created_at=now, updated_at=now)
        for each in range(PEOPLE)
    )
    tasks.begin(session, add_user(session, Role.ADMIN))
    session.commit()
    with serve_provider() as provider:
        with running(SERVER, database, tmp_path / "killed", provider, **SLOWLY):
            until(lambda: written(engine) > 3)
        assert not ended(engine)
        with running(SERVER, database, tmp_path / "app", provider, **SLOWLY):
            until(lambda: ended(engine))
    run = session.scalars(select(ExportRun)).one()
    file = tmp_path / "all.zip"
    file.write_bytes(b"".join(export_files.parts(engine, run.id)))
    assert file.stat().st_size == run.size
    with opening.opened(file) as archive:
        archive.check()
        assert dict(opening.counts(archive))["person"] == PEOPLE
    assert list(tmp_path.glob("app/export-*")) == [], "its copy is deleted"
