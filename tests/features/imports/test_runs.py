"""A run in parts: paused, cancelled, taken up again, beside another one, remembered, forgotten."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from optin.database import postgresql
from optin.database.session import db
from optin.features.imports import runs, tables, work
from optin.features.imports.terms import NOT_IN
from optin.jobs import background
from optin.models import BackgroundTask, ImportKey, ImportPart, ImportRow, ImportRun, Person
from optin.queries import import_files
from tests.conftest import Clock
from tests.support import importing, world
from tests.support.clients import Browser
from tests.support.importing import table

MANY = table(
    *(f"Person;{index};(206) 555-{index:04d};p{index}@example.org;;;" for index in range(1000, 1040)),
    *("Person;;(206) 555-1003;;;;", "No;Number;;;;;"),
)


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 7)


def counted(session: Session) -> tuple[int, int]:
    """Count the people, and their numbers."""
    people, numbers = session.execute(
        select(func.count(), func.count(Person.mobile.distinct())).select_from(Person)
    ).one()
    return people, numbers


def test_in_parts_the_same_happens(app: Flask, agent: Browser, session: Session, few_at_once: None) -> None:
    run = importing.import_file(app, session, agent, MANY)
    assert (run.counts["new"], run.counts["left_out"], run.counts["unreadable"]) == (40, 1, 1)
    assert run.checked["fill"]["new"] == 40
    assert counted(session) == (40, 40)
    assert session.scalars(
        select(ImportRow.line).where(ImportRow.known == "", ImportRow.outcome.in_(NOT_IN))
    ).all() == [42, 43]
    assert session.scalars(select(BackgroundTask).where(BackgroundTask.finished_at.is_(None))).all() == []


def test_postgresql_plans_by_what_an_import_has_made_of_the_table(
    app: Flask, agent: Browser, session: Session, few_at_once: None
) -> None:
    """It looks by itself once a minute at most; until then each part would go through all people."""
    postgresql.analyse(session, Person)
    importing.import_file(app, session, agent, MANY)
    if session.get_bind().dialect.name == "postgresql":
        assert session.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'person'")) >= 32


def test_what_takes_long_is_done_in_smaller_parts(
    app: Flask, agent: Browser, session: Session, few_at_once: None
) -> None:
    """What a step has read and does not do comes again in the next one."""
    rows = (f"Person;{index};(206) 555-{index:04d};;;;{'yes' if index % 3 else ''}" for index in range(1000, 1030))
    run_id = importing.upload(agent, table(*rows))
    importing.choose(agent, run_id)
    importing.work(app, session)
    importing.start(agent, run_id)
    assert counted(session) == (1, 1)
    importing.work(app, session)
    run = session.get_one(ImportRun, run_id)
    assert (run.counts["new"], run.counts["opted_out"]) == (30, 20)
    assert counted(session) == (30, 30)


def test_a_run_is_paused_goes_on_and_is_cancelled(
    app: Flask, agent: Browser, session: Session, few_at_once: None
) -> None:
    run_id = importing.upload(agent, MANY)
    assert "Rows checked" in importing.choose(agent, run_id)
    importing.work(app, session)
    importing.start(agent, run_id)
    assert counted(session) == (7, 7)
    page = agent.get(f"/imports/{run_id}").text
    assert ">Pause<" in page
    assert "7 of 42" in page
    agent.post(f"/imports/{run_id}/pause")
    importing.work(app, session)
    assert counted(session) == (7, 7)
    assert "The import is paused." in agent.get(f"/imports/{run_id}").text
    assert "hx-trigger" not in agent.get(f"/imports/{run_id}/progress").text
    agent.post(f"/imports/{run_id}/resumption")
    importing.work(app, session, steps=1)
    assert counted(session) == (21, 21)
    agent.post(f"/imports/{run_id}/cancellation")
    importing.work(app, session)
    assert counted(session) == (21, 21)
    page = agent.get(f"/imports/{run_id}").text
    assert "Cancelled" in page
    assert "Undo the import" in page
    agent.post(f"/imports/{run_id}/undo")
    importing.work(app, session)
    assert counted(session) == (0, 0)


def test_the_progress_is_given_when_it_is_new(app: Flask, agent: Browser, session: Session, few_at_once: None) -> None:
    run_id = importing.upload(agent, MANY)
    importing.choose(agent, run_id)
    importing.work(app, session)
    importing.start(agent, run_id)
    version = f"running-{session.get_one(ImportRun, run_id).line}-42-False"
    assert agent.get(f"/imports/{run_id}/progress?version={version}").status_code == 204
    importing.work(app, session, steps=1)
    assert "14 of 42" in agent.get(f"/imports/{run_id}/progress?version={version}").text
    importing.work(app, session)
    answer = agent.get(f"/imports/{run_id}/progress?version={version}", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == f"/imports/{run_id}"


def test_what_an_error_ended_can_go_on(
    app: Flask, agent: Browser, session: Session, few_at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = importing.upload(agent, MANY)
    importing.choose(agent, run_id)
    importing.work(app, session)
    importing.start(agent, run_id)

    def fail(*_: object) -> None:
        raise ValueError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(work.writing, "write", fail)
        for _ in range(background.FAILURES):
            importing.work(app, session)
    assert counted(session) == (7, 7)
    assert "An error ended the work." in agent.get(f"/imports/{run_id}").text
    agent.post(f"/imports/{run_id}/resumption")
    importing.work(app, session)
    assert counted(session) == (40, 40)


def test_a_reader_that_is_lost_is_opened_at_its_line(
    app: Flask, agent: Browser, session: Session, few_at_once: None
) -> None:
    """As in another process."""
    run_id = importing.upload(agent, MANY)
    importing.choose(agent, run_id)
    for _ in range(20):
        tables._opened.clear()
        importing.work(app, session, steps=1)
    importing.start(agent, run_id)
    for _ in range(20):
        tables._opened.clear()
        importing.work(app, session, steps=1)
    assert counted(session) == (40, 40)


def test_two_runs_at_once_make_nobody_twice(app: Flask, agent: Browser, session: Session, few_at_once: None) -> None:
    ids = [importing.upload(agent, MANY) for _ in range(2)]
    for run_id in ids:
        importing.choose(agent, run_id)
    importing.work(app, session)
    for run_id in ids:
        importing.start(agent, run_id)
    session.commit()
    with app.app_context():
        engine = db.engine
    tasks = background.unfinished(engine)
    assert len(tasks) == 2
    threads = [
        threading.Thread(target=background.run, args=(engine, task_id, 60, threading.Event())) for task_id in tasks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.expire_all()
    assert counted(session) == (40, 40)
    both = [session.get_one(ImportRun, run_id).counts for run_id in ids]
    assert sum(counts.get("new", 0) for counts in both) == 40
    assert sum(counts.get("same", 0) for counts in both) == 40


def test_columns_are_remembered_for_the_same_headers(app: Flask, agent: Browser, session: Session) -> None:
    headers = "Wer;Wohin"
    run_id = importing.upload(agent, table("Maya;415 555 0134", headers=headers))
    assert importing.selected(agent.get(f"/imports/{run_id}/columns").text)["column-0"] == ""
    importing.choose(agent, run_id, **{"column-0": "first_name", "column-1": "mobile"})
    importing.start(agent, run_id)
    again = importing.upload(agent, table("Tom;646 555 0177", headers=headers))
    columns = importing.selected(agent.get(f"/imports/{again}/columns").text)
    assert (columns["column-0"], columns["column-1"]) == ("first_name", "mobile")
    other = importing.upload(agent, table("Tom;646 555 0177", headers=headers), kind="lead")
    assert importing.selected(agent.get(f"/imports/{other}/columns").text)["column-0"] == ""


def test_another_encoding_reads_the_file_again(app: Flask, agent: Browser, session: Session) -> None:
    data = "Vorname;Handy\nZoë;415 555 0134\nJosé;646 555 0177".encode("cp1252")
    run_id = importing.upload(agent, data)
    page = agent.get(f"/imports/{run_id}/columns").text
    assert "Zoë" in page
    data_of_form = importing.selected(page)
    answer = agent.post(f"/imports/{run_id}/columns", data={**data_of_form, "encoding": "cp1251"})
    assert answer.location.endswith("/columns")
    assert "Zoл" in agent.get(answer.location).text
    agent.post(f"/imports/{run_id}/columns", data={**data_of_form, "encoding": "cp1252"})
    importing.choose(agent, run_id)
    importing.start(agent, run_id)
    assert set(session.scalars(select(Person.first_name))) == {"Zoë", "José"}


def test_a_file_is_forgotten_after_a_day(app: Flask, agent: Browser, session: Session, clock: Clock) -> None:
    world.person(session, "", "+12065551000")
    done = importing.import_file(app, session, agent, MANY)
    assert {bool(row.before) for row in session.scalars(select(ImportRow))} == {True, False}
    waiting = importing.upload(agent, MANY)
    clock.forward(hours=23)
    with app.app_context():
        import_files.forget_old(db.engine)
    assert session.scalar(select(func.count()).select_from(ImportPart)) == 2
    session.commit()
    clock.forward(hours=2)
    with app.app_context():
        import_files.forget_old(db.engine)
        import_files.forget_old(db.engine)
    session.expire_all()
    for model in (ImportPart, ImportKey):
        assert session.scalars(select(model)).all() == []
    assert {(row.cells, row.before) for row in session.scalars(select(ImportRow))} == {(None, None)}
    assert session.get_one(ImportRun, waiting).state == "expired"
    assert "was deleted with the file" in agent.get(f"/imports/{done.id}").text
    assert agent.get(f"/imports/{waiting}/columns", follow_redirects=True).status_code == 200
    assert counted(session) == (40, 40)


def test_what_may_not_follow_is_refused(app: Flask, agent: Browser, session: Session) -> None:
    run_id = importing.upload(agent, MANY)
    for way in ("start", "pause", "resumption", "undo"):
        answer = agent.post(f"/imports/{run_id}/{way}", data={"known": "fill"}, follow_redirects=True)
        assert "moved on meanwhile" in answer.text or "can no longer be undone" in answer.text
    assert agent.post(f"/imports/{run_id}/start", data={"known": "nonsense"}).status_code == 400
    importing.choose(agent, run_id)
    importing.start(agent, run_id)
    importing.start(agent, run_id)
    assert counted(session) == (40, 40)
    for way in ("pause", "cancellation", "columns"):
        assert "moved on" in agent.post(f"/imports/{run_id}/{way}", follow_redirects=True).text
    assert runs.WRONG_STATE.startswith("This import")
