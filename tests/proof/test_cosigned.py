"""A proof leads to a checkpoint that a witness cosigned, as soon as one has the number's events in it."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from tests.support import consent_log, proofs, world
from tests.support.proofs import Zip, verified
from tests.support.witnesses import Partner, add, ask, has_cosigned, origin, partner
from tests.support.world import MAYA, TOM


@pytest.mark.slow
def test_the_newest_cosigned_checkpoint_with_all_events_is_the_one(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    world.keyword(session, "riverteam")
    world.text(session, "Riverteam", MAYA)
    session.commit()
    key = proofs.keeper(tmp_path)
    with app.app_context(), partner(tmp_path / "witness") as ada:
        consent_log.seal(db.engine, key)
        ada.run("add-origin", origin(session))
        witness_id = add(session, ada.url, ada.vkey)
        assert ask(db.engine, witness_id).error == ""
        assert _holds(_made(session, key), ada, tmp_path) == (1, True)
        world.text(session, "Riverteam", TOM)
        assert _holds(_made(session, key), ada, tmp_path) == (1, True)
        world.text(session, "STOP", MAYA)
        made = _made(session, key)
        assert _holds(made, ada, tmp_path)[1] is False
        assert all(event["index"] is not None for event in made.proof["events"])
        assert ask(db.engine, witness_id).error == ""
        assert _holds(_made(session, key), ada, tmp_path)[1] is True


def _made(session: Session, key: Keeper) -> Zip:
    session.commit()
    return proofs.zipped(db.engine, MAYA, key)


def _holds(made: Zip, ada: Partner, folder: Path) -> tuple[int, bool]:
    """Return the size of the checkpoint in a ZIP that holds, and whether the witness has cosigned it."""
    note, path = made.files["checkpoint.txt"].decode(), made.write(folder / "proof.zip")
    cosigned = has_cosigned(note, ada.vkey)
    assert verified(path)[0] == 0
    assert verified(path, "--witness", ada.vkey)[0] == (0 if cosigned else 1)
    return int(note.split("\n")[1]), cosigned
