"""`ledger` shows the public key, and says in sentences whether the log is as it was sealed, here and in an export."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin.consent.proof import checking, origins
from optin.consent.proof.checking import Looked
from optin.consent.proof.keeper import Keeper
from optin.consent.proof.signed_note import Verifier
from optin.database.session import db
from tests.support import archives, consent_log, outbox, world


def ledger(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["ledger", *words])
    return result.exit_code, result.output


def seal(app: Flask, session: Session, keeper: Keeper) -> None:
    """Have three events of two numbers, sealed and signed."""
    outbox.keyword(session)
    world.text(session, "VOLUNTEER")
    world.text(session, "STOP", world.TOM)
    session.commit()
    with app.app_context():
        consent_log.seal(db.engine, keeper)


def test_the_key(app: Flask, session: Session, keeper: Keeper) -> None:
    assert ledger(app, "key") == (
        1,
        "Error: Nothing has been signed yet. The first events are signed while Optin runs.\n",
    )
    seal(app, session, keeper)
    code, said = ledger(app, "key")
    lines = said.splitlines()
    assert (code, lines[1]) == (0, "The newest checkpoint is of 3 events:")
    assert Verifier.read(lines[0]).open(said.split("\n\n", 1)[1]).splitlines()[1] == "3"


def test_the_log(app: Flask, session: Session, keeper: Keeper) -> None:
    seal(app, session, keeper)
    code, said = ledger(app, "verify")
    assert (code, said.splitlines()) == (
        0,
        [
            "The log is as it was sealed: 3 sealed events and 1 checkpoint.",
            "The log leads to what is stored: 3 events of 2 numbers, no difference.",
        ],
    )
    with consent_log.without_triggers(session):
        session.execute(text("UPDATE consent_event SET source = 'api' WHERE id = 2"))
    session.commit()
    code, said = ledger(app, "verify")
    assert code == 1
    assert said.splitlines() == [
        "Event 2 has been changed: it is not what was sealed with the index 1.",
        "The log leads to what is stored: 3 events of 2 numbers, no difference.",
        "Error: 1 fault in 3 sealed events and 1 checkpoint.",
    ]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_export_carries_the_log(
    app: Flask, database: str, session: Session, keeper: Keeper, kind: str, shared_folder: Path, tmp_path: Path
) -> None:
    """It is whole where it is filled in, on either database, and goes on under the same name with the same key."""
    seal(app, session, keeper)
    zipped = archives.export(database, tmp_path)
    with archives.empty_database(kind, shared_folder, tmp_path / "target") as target:
        archives.fill(target, zipped, tmp_path)
        engine = create_engine(target, poolclass=NullPool)
        for count, keys in ((3, 1), (5, 2)):
            looked = Looked()
            assert list(checking.broken(engine, looked)) == []
            assert (looked.leaves, looked.checkpoints) == (count, keys)
            with Session(engine) as filled:
                assert len(origins.all_origins(filled)) == 1
                consent_log.write(filled, 2)
                filled.commit()
            consent_log.seal(engine, keeper)
        engine.dispose()
