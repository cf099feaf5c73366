"""Files that no move can be made of, and moves at the wrong time: a sentence each, and nothing is kept or changed."""

import io
import threading
import time
import zipfile
from collections.abc import Sequence

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.database.transactions import writing
from optin.enums import Role
from optin.features.moving import runs, tasks
from optin.features.moving.blueprint import blueprint
from optin.models import (
    BackgroundTask,
    ConsentEvent,
    ImportKey,
    ImportPart,
    ImportRow,
    ImportRun,
    Keyword,
    Message,
    Move,
    MoveSign,
    OptIn,
    Person,
)
from optin.refused import Refused
from optin.spreadsheets import archives
from tests.conftest import add_user
from tests.support.clients import Browser
from tests.support.moving import check
from tests.support.salesforce_export import generate

TABLES = (ImportRun, Move, ImportPart, ImportRow, ImportKey, MoveSign, BackgroundTask, ConsentEvent)
MOVED = (OptIn, Person, Message, Keyword, ConsentEvent)


def packed(*files: tuple[str, bytes]) -> bytes:
    """Return a ZIP file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return file.getvalue()


def rows(session: Session, tables: Sequence[type] = TABLES) -> list[int | None]:
    """Count what is stored."""
    session.expire_all()
    return [session.scalar(select(func.count()).select_from(table)) for table in tables]


WHOLE = generate(10).zip()
NO_DATES = b'"Id","TWILIOSF__OPT_IN_PHONE_NUMBER_UNFORMATTED__C","TWILIOSF__OPT_IN_KEYWORD__C"\n"a","4155550134","b"\n'
OPT_INS = generate(10).csv("Opt_In__c")
BAD = {
    "no export": ("people.csv", b"Name,Mobile\nMaya,4155550134\n", "None of these files is an export"),
    "a picture": ("x.zip", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "None of these files is an export"),
    "empty": ("export.zip", b"", "This file is empty"),
    "an empty ZIP file": ("export.zip", packed(), "None of these files is an export"),
    "an empty file in it": ("export.zip", packed(("Opt_In__c.csv", b"")), "Opt_In__c.csv: This file is empty"),
    "half": ("export.zip", WHOLE[: len(WHOLE) // 2], "This ZIP file is damaged"),
    "altered": ("export.zip", WHOLE[:60] + bytes(40) + WHOLE[100:], "This ZIP file is damaged"),
    "none of the objects": ("export.zip", packed(("Task.csv", b"Id,Subject\n1,Call\n")), "of none of the objects"),
    "no column": ("export.zip", packed(("Opt_In__c.csv", NO_DATES)), "It has opt-ins, but not the column"),
    "twice": ("export.zip", packed(("a.csv", OPT_INS), ("b.csv", OPT_INS)), "a.csv and b.csv both have opt-ins"),
    "too many": ("export.zip", packed(*((f"{n}.csv", b"") for n in range(101))), "has 101 files; the limit is 100"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_export_is_refused_and_nothing_is_kept(admin: Browser, session: Session, name: str) -> None:
    file, data, said = BAD[name]
    before = rows(session)
    answer = admin.post("/settings/move", data={"files": (io.BytesIO(data), file)})
    assert answer.status_code == 422
    assert said in answer.text
    assert rows(session) == before


def test_without_a_file_one_is_asked_for(admin: Browser, session: Session) -> None:
    answer = admin.post("/settings/move")
    assert answer.status_code == 422
    assert "Choose the ZIP file, or the CSV files." in answer.text
    assert rows(session) == [0] * len(TABLES)


def test_what_unpacks_to_far_more_than_it_shows_is_refused(
    admin: Browser, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives.extract, "__defaults__", (1_000_000,))
    bomb = packed(("Opt_In__c.csv", b"0" * 30_000_000))
    assert len(bomb) < 100_000
    answer = admin.post("/settings/move", data={"files": (io.BytesIO(bomb), "export.zip")})
    assert answer.status_code == 422
    assert "far larger than the file shows" in answer.text
    assert rows(session) == [0] * len(TABLES)


def test_an_agent_may_not_move_nor_look(app: Flask, agent: Browser, session: Session) -> None:
    run = check(app, session, WHOLE, add_user(session, Role.ADMIN).id)
    before = rows(session, (*TABLES, *MOVED))
    paths = ("", f"/{run.id}", f"/{run.id}/progress", f"/{run.id}/rows/opt_in", f"/{run.id}/rows/opt_in/file")
    assert {agent.get(blueprint.url_prefix + path).status_code for path in paths} == {403}
    acts = ("", *(f"/{run.id}/{act}" for act in ("start", "pause", "resumption", "cancellation")))
    assert {agent.post(blueprint.url_prefix + act).status_code for act in acts} == {403}
    assert rows(session, (*TABLES, *MOVED)) == before


def test_a_second_move_waits_for_the_first(app: Flask, admin: Browser, session: Session) -> None:
    assert admin.user is not None
    first, second = (check(app, session, WHOLE, admin.user.id).id for _ in range(2))
    admin.post(f"/settings/move/{first}/start")
    before = rows(session, (*TABLES, *MOVED))
    for act in ("start", "start"):
        assert runs.AT_WORK in admin.get(admin.post(f"/settings/move/{second}/{act}").location).text
    answer = admin.post("/settings/move", data={"files": (io.BytesIO(WHOLE), "export.zip")})
    assert answer.status_code == 422
    assert runs.AT_WORK in answer.text
    assert rows(session, (*TABLES, *MOVED)) == before
    assert session.get_one(ImportRun, second).state == "checked"
    admin.post(f"/settings/move/{first}/cancellation")
    admin.post(f"/settings/move/{second}/start")
    assert session.get_one(ImportRun, second, populate_existing=True).state == "running"


def test_of_moves_that_start_at_one_moment_one_does(app: Flask, session: Session) -> None:
    user_id = add_user(session, Role.ADMIN).id
    ids = [check(app, session, WHOLE, user_id).id for _ in range(4)]
    session.commit()
    answers: list[Refused | None] = []
    barrier = threading.Barrier(len(ids))
    with app.app_context():
        engine = db.engine

    def start(run_id: int) -> None:
        barrier.wait()
        with app.app_context(), writing(engine) as own:
            run = tasks.locked(own, run_id)
            assert run is not None
            answers.append(runs.start(own, run, own.get_one(Move, run_id), user_id))
            time.sleep(0.1)  # before the commit, so that others decide meanwhile if they may

    threads = [threading.Thread(target=start, args=(run_id,)) for run_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer is None for answer in answers) == [False, False, False, True]
    assert [answer.sentence for answer in answers if answer is not None] == [runs.AT_WORK] * 3
    running = select(func.count()).select_from(ImportRun).where(ImportRun.state == "running")
    session.expire_all()
    assert session.scalar(running) == 1
