"""A backup holds everything and restores it, on both databases; what was restored sends nothing at first."""

import os
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import Closure, MessageStatus
from optin.models import ConsentEvent, ConsentPayload, Message, OptIn
from optin.sending import gate, stop_all
from optin.sending.gate_mark import Mark
from tests.support import outbox, world
from tests.support.databases import PROGRAMS


@pytest.fixture(autouse=True)
def postgresql_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pg_dump and pg_restore on the PATH."""
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")


def run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=words)
    return result.exit_code, result.output


def test_there_and_back(app: Flask, session: Session, tmp_path: Path) -> None:
    file = tmp_path / "a backup"
    outbox.keyword(session)
    world.text(session, "VOLUNTEER")
    waits = outbox.one_to_one(session).id
    session.commit()
    events = session.scalars(select(ConsentEvent.payload_hash)).all()
    session.commit()
    code, said = run(app, "backup", str(file))
    assert code == 0, said
    assert file.stat().st_mode & 0o077 == 0
    assert not file.with_name("a backup.draft").exists()

    world.text(session, "STOP")
    stop_all.stop(session, outbox.author(session), "wrong text")
    session.commit()
    session.close()
    code, said = run(app, "restore", str(file), "--yes")
    assert code == 0, said
    with app.app_context(), Session(db.engine) as restored:
        assert restored.scalars(select(OptIn.status)).all() == ["active"]
        assert restored.scalars(select(ConsentEvent.payload_hash)).all() == events
        shut = gate.closure(restored)
        assert shut
        assert shut.closure is Closure.RESTORED
        stop = stop_all.current(restored)
        assert stop
        assert stop.reason == "wrong text"
        restored.commit()
        gate.beat_and_check(db.engine, Mark(tmp_path), receives=True)
        assert restored.get_one(Message, waits).status == MessageStatus.UNKNOWN
        db.engine.dispose()
    gate._seen = None


def test_what_is_no_backup_is_refused_and_changes_nothing(app: Flask, session: Session, tmp_path: Path) -> None:
    outbox.keyword(session)
    session.commit()
    file = tmp_path / "a text"
    file.write_text("no backup")
    code, said = run(app, "restore", str(file), "--yes")
    assert (code, "is not a backup of this kind of database" in said) == (1, True)
    assert outbox.keyword(session).id == 1


def test_a_damaged_ledger_is_told(app: Flask, session: Session, tmp_path: Path) -> None:
    outbox.keyword(session)
    world.text(session, "VOLUNTEER")
    session.execute(update(ConsentPayload).values(text="something else"))
    session.commit()
    code, said = run(app, "backup", str(tmp_path / "backup"))
    if code == 0:  # PostgreSQL's own program looks into nothing: it shows when it is restored
        session.close()
        code, said = run(app, "restore", str(tmp_path / "backup"), "--yes")
    else:
        assert not (tmp_path / "backup").exists()
    assert (code, "The ledger is damaged" in said) == (1, True)


def test_without_postgresqls_programs_it_says_so(
    app: Flask, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, said = run(app, "backup", str(tmp_path / "backup"))
    if str(app.config["SQLALCHEMY_DATABASE_URI"]).startswith("sqlite"):
        assert code == 0, said
    else:
        assert (code, "pg_dump is not on the PATH" in said) == (1, True)
