"""No restore lets the log say two things under one name, and a witness has to take on the new name."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from optin.models import Witness
from optin.sending import gate
from optin.witnesses import asking
from tests.conftest import Clock
from tests.support import archives, consent_log, outbox
from tests.support.databases import PROGRAMS
from tests.support.witnesses import Partner, add, ask, has_cosigned, lines, newest, origin, partner, remembered


@pytest.fixture(autouse=True)
def postgresql_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Partner]:
    with partner(tmp_path / "witness") as running:
        yield running


def run(app: Flask, *words: str) -> None:
    result = app.test_cli_runner().invoke(args=words)
    assert result.exit_code == 0, result.output


def grow(app: Flask, session: Session, keeper: Keeper, count: int) -> None:
    consent_log.write(session, count)
    session.commit()
    with app.app_context():
        consent_log.seal(db.engine, keeper)


def asked(app: Flask, witness_id: int) -> Witness:
    with app.app_context():
        return ask(db.engine, witness_id)


@pytest.mark.parametrize("more", [0, 4, 9])
def test_restored_from_an_older_backup(app: Flask, session: Session, ada: Partner, tmp_path: Path, more: int) -> None:
    """By the commands, with fewer events than the witness knows, as many, and more."""
    outbox.keyword(session)
    keeper = Keeper("optin.example.org", tmp_path / "machine", "")
    grow(app, session, keeper, 3)
    first = origin(session)
    ada.run("add-origin", first)
    witness_id = add(session, ada.url, ada.vkey)
    assert asked(app, witness_id).error == ""
    run(app, "backup", str(tmp_path / "backup"))
    grow(app, session, keeper, 4)
    assert asked(app, witness_id).error == ""
    assert remembered(ada) == {first.split("+")[0]: 7}
    session.close()
    run(app, "restore", str(tmp_path / "backup"), "--yes")
    gate._seen = None

    with app.app_context(), Session(db.engine) as restored:
        assert asked(app, witness_id).dispute.startswith("It has cosigned 7 events"), "told before anything happens"
        grow(app, restored, keeper, more or 1)
        second = origin(restored)
        assert second.split("+")[0] == f"{first.split('+')[0]}/2"
        state = asked(app, witness_id)
        assert "does not know this log (404)" in state.error
        assert (state.dispute, state.disputed_at) == ("", None), "that was about the name of before"
        question = asking._question(db.engine, witness_id, None)
        assert isinstance(question, asking._Question)
        assert question.old == 0, "under this name it has cosigned nothing"
        ada.run("add-origin", second)
        state = asked(app, witness_id)
        assert (state.error, state.dispute) == ("", "")
        assert has_cosigned(newest(restored), ada.vkey)
        grow(app, restored, keeper, 2)
        assert asked(app, witness_id).error == ""
        names = [each.split("+")[0] for each in (first, second)]
        assert remembered(ada) == dict(zip(names, (7, 3 + (more or 1) + 2), strict=True))
        db.engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_filled_on_another_machine_with_another_key(
    app: Flask,
    database: str,
    session: Session,
    ada: Partner,
    kind: str,
    shared_folder: Path,
    tmp_path: Path,
    clock: Clock,
) -> None:
    outbox.keyword(session)
    grow(app, session, Keeper("optin.example.org", tmp_path / "machine", ""), 3)
    first = origin(session)
    ada.run("add-origin", first)
    witness_id = add(session, ada.url, ada.vkey)
    asked(app, witness_id)
    note = newest(session)
    zipped = archives.export(database, tmp_path)
    elsewhere = Keeper("optin.example.org", tmp_path / "another machine", "")
    with archives.empty_database(kind, shared_folder, tmp_path / "target") as target:
        archives.fill(target, zipped, tmp_path)
        engine = create_engine(target, poolclass=NullPool)
        with Session(engine) as filled:
            assert newest(filled) == note, "what was cosigned is carried"
            assert filled.scalars(select(Witness.url)).all() == [ada.url]
            filled.rollback()
            clock.forward(minutes=1)
            consent_log.write(filled, 2)
            filled.commit()
            clock.forward(minutes=11)
            consent_log.seal(engine, elsewhere)
            second = origin(filled)
            assert second.split("+")[0] == f"{first.split('+')[0]}/2"
            assert "does not know this log (404)" in ask(engine, witness_id).error
            ada.run("add-origin", second)
            assert ask(engine, witness_id).error == ""
            assert has_cosigned(newest(filled), ada.vkey)
            assert len(lines(filled)) == 2
        engine.dispose()
    assert remembered(ada) == {first.split("+")[0]: 3, second.split("+")[0]: 5}


def test_a_copy_that_goes_on_with_the_same_key_is_found(
    app: Flask, database: str, session: Session, ada: Partner, shared_folder: Path, tmp_path: Path
) -> None:
    """Two installations that sign under one name: the second to ask is told that the witness remembers another log."""
    outbox.keyword(session)
    keeper = Keeper("optin.example.org", tmp_path / "machine", "k" * 32)
    (tmp_path / "machine").mkdir()
    grow(app, session, keeper, 3)
    ada.run("add-origin", origin(session))
    witness_id = add(session, ada.url, ada.vkey)
    asked(app, witness_id)
    zipped = archives.export(database, tmp_path)
    grow(app, session, keeper, 2)
    asked(app, witness_id)
    copy = Keeper("optin.example.org", tmp_path / "copy", "k" * 32)
    (tmp_path / "copy").mkdir()
    with archives.empty_database("sqlite", shared_folder, tmp_path / "target") as target:
        archives.fill(target, zipped, tmp_path)
        engine = create_engine(target, poolclass=NullPool)
        with Session(engine) as filled:
            consent_log.write(filled, 2)
            filled.commit()
        consent_log.seal(engine, copy)
        assert ask(engine, witness_id).dispute.startswith("The 5 events that it has cosigned are not those")
        engine.dispose()
