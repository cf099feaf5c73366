"""Settings › Export everything: made in the background, downloaded for a day by admins, with an entry in the trail."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.archive import making, opening
from optin.database.session import db
from optin.database.transactions import writing
from optin.features.exports import tasks
from optin.jobs import background
from optin.models import AuditEntry, BackgroundTask, ExportPart, ExportRun, User
from optin.queries import export_files
from tests.conftest import Clock
from tests.support import world
from tests.support.clients import Browser

PAGE = "/settings/export"


def work(app: Flask, session: Session) -> None:
    """Let the job engine do what waits."""
    session.commit()
    with app.app_context():
        for task_id in background.unfinished(db.engine):
            background.run(db.engine, task_id, 1, threading.Event())


def test_an_export_is_made_followed_and_downloaded(
    app: Flask, admin: Browser, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "PART", 5000)
    world.person(session, "Maya Cole", world.MAYA)
    assert "Make an export" in admin.get(PAGE).text
    assert admin.post(PAGE).location == PAGE
    page = admin.get(PAGE).text
    assert ("Copying" in page, "Make an export" in page, "Download ZIP" in page) == (True, False, False)
    assert admin.get(f"{PAGE}/1/file").status_code == 404
    admin.post(PAGE)
    assert session.scalar(select(func.count()).select_from(ExportRun)) == 1, "not two at once"
    work(app, session)
    page = admin.get(f"{PAGE}/progress").text
    assert ("Download ZIP" in page, "Admin Example" in page) == (True, True)
    answer = admin.get(f"{PAGE}/1/file")
    file = tmp_path / "all.zip"
    file.write_bytes(answer.data)
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert session.scalar(select(func.count()).select_from(ExportPart)) > 2
    with opening.opened(file) as archive:
        archive.check()
        assert dict(opening.counts(archive))["person"] == 1
        assert archive.manifest.made_by == "Admin Example"
    told = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    rows = session.get_one(ExportRun, 1).rows
    assert told is not None
    assert (told.action, told.field, told.after) == ("downloaded", "everything", f"{rows} rows")
    audit = admin.get("/settings/audit").text
    assert ("Began an export of everything" in audit, "Downloaded everything" in audit) == (True, True)


def test_of_several_who_ask_at_once_one_has_it_made(app: Flask, admin: Browser, session: Session) -> None:
    assert admin.user is not None
    user_id, together = admin.user.id, threading.Barrier(4)
    session.commit()
    with app.app_context():
        engine = db.engine

    def ask(_: int) -> None:
        together.wait()
        with writing(engine) as own:
            tasks.begin(own, own.get_one(User, user_id))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))
    assert session.scalar(select(func.count()).select_from(ExportRun)) == 1
    assert session.scalar(select(func.count()).select_from(BackgroundTask)) == 1
    began = select(func.count()).where(AuditEntry.subject_kind == "export")
    assert session.scalar(began) == 1


def test_it_is_gone_after_a_day(app: Flask, admin: Browser, session: Session, clock: Clock) -> None:
    admin.post(PAGE)
    work(app, session)
    clock.forward(hours=23)
    with app.app_context():
        export_files.forget_old(db.engine)
    assert admin.get(f"{PAGE}/1/file").status_code == 200
    clock.forward(hours=2)
    with app.app_context():
        export_files.forget_old(db.engine)
    assert session.scalar(select(func.count()).select_from(ExportPart)) == 0
    assert "Deleted after a day" in admin.get(PAGE).text
    refused = admin.get(f"{PAGE}/1/file")
    assert (refused.status_code, "Make a new one" in refused.text) == (404, True)


def test_it_can_be_stopped(app: Flask, admin: Browser, session: Session) -> None:
    admin.post(PAGE)
    admin.post(f"{PAGE}/stop")
    work(app, session)
    page = admin.get(PAGE).text
    assert ("It was stopped." in page, "Make an export" in page) == (True, True)
    assert "It had already ended." in admin.get(admin.post(f"{PAGE}/stop").location).text


def test_without_room_it_says_so(app: Flask, admin: Browser, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "SPARE", 2**60)
    admin.post(PAGE)
    work(app, session)
    assert "MB more on the disk" in admin.get(PAGE).text
    assert session.scalars(select(BackgroundTask)).one().finished_at is not None


def test_agents_neither_see_nor_get_it(app: Flask, admin: Browser, agent: Browser, session: Session) -> None:
    admin.post(PAGE)
    work(app, session)
    assert agent.get(PAGE).status_code == 403
    assert agent.get(f"{PAGE}/1/file").status_code == 403
    assert "Export everything" not in agent.get("/settings/sms").text
