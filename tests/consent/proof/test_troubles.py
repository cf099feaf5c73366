"""What keeps the log from being sealed and signed is said; so is a file without the newest checkpoint."""

import stat
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin import clock
from optin.consent.proof import checkpoints, sealing, troubles
from optin.consent.proof.checkpoint_file import CheckpointFile
from optin.consent.proof.keeper import Keeper
from optin.models import LogCheckpoint
from tests.conftest import Clock
from tests.support import consent_log


def grow(session: Session, engine: Engine, keeper: Keeper, count: int = 3) -> LogCheckpoint:
    consent_log.write(session, count)
    session.commit()
    made = consent_log.seal(engine, keeper)
    assert made
    return made


def of_key(session: Session, keeper: Keeper) -> list[str]:
    found = list(troubles.of_key(session, keeper))
    session.rollback()
    return found


def of_sealing(session: Session) -> list[str]:
    found = list(troubles.of_sealing(session, clock.now()))
    session.rollback()
    return found


def of_file(session: Session, file: Path) -> list[str]:
    found = list(troubles.of_file(session, str(file), clock.now()))
    session.rollback()
    return found


def test_a_key_that_is_gone(engine: Engine, session: Session, keeper: Keeper, tmp_path: Path) -> None:
    assert of_key(session, keeper) == [], "it is made when it is needed"
    assert not (tmp_path / "machine").exists()
    grow(session, engine, keeper)
    assert of_key(session, keeper) == []
    file = tmp_path / "machine/log_key"
    key = file.read_text()
    file.unlink()
    (said,) = of_key(session, keeper)
    assert said.startswith(f"the key of the consent log is not in {file}.")
    assert not file.exists(), "asking makes none"
    file.mkdir()  # what can't be read, also by who may read all
    (said,) = of_key(session, keeper)
    assert "can’t be read" in said
    file.rmdir()
    file.write_text("another key of the same machine, made anew")
    (said,) = of_key(session, keeper)
    assert "is not the one that signed it last" in said
    file.write_text(key)
    assert of_key(session, keeper) == []
    assert "is not the one" in of_key(session, Keeper("optin.example.org", tmp_path / "machine", "k" * 32))[0]


def test_sealing_that_stands_still(engine: Engine, session: Session, keeper: Keeper, clock: Clock) -> None:
    assert of_sealing(session) == []
    clock.forward(seconds=1)
    consent_log.write(session, 2)
    session.commit()
    assert of_sealing(session) == []
    clock.forward(minutes=6)
    (said,) = of_sealing(session)
    assert "stands still" in said
    while sealing.seal(engine):
        pass
    assert of_sealing(session) == [said], "it is sealed, and not signed"
    checkpoints.sign(engine, keeper, clock.now())
    assert of_sealing(session) == []
    consent_log.write(session, 1)
    session.commit()
    clock.forward(minutes=6)
    assert len(of_sealing(session)) == 1


def test_a_file_elsewhere(engine: Engine, session: Session, keeper: Keeper, tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "elsewhere" / "checkpoint"
    checkpoints.keep(engine, CheckpointFile(file))
    assert of_file(session, file) == [], "there is nothing to keep"
    clock.forward(seconds=1)
    made = grow(session, engine, keeper)
    with pytest.raises(OSError, match="elsewhere"):
        checkpoints.keep(engine, CheckpointFile(file))
    assert of_file(session, file) == [], "it may be written in a moment"
    clock.forward(minutes=6)
    assert "Can that file be written?" in of_file(session, file)[0]
    file.parent.mkdir()
    checkpoints.keep(engine, CheckpointFile(file))
    assert file.read_text() == made.note
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [each.name for each in file.parent.iterdir()] == ["checkpoint"]
    assert of_file(session, file) == []
    older = keeper.signer(made.note.split("\n")[0]).sign(made.note.split("\n\n")[0].replace("\n3\n", "\n2\n") + "\n")
    CheckpointFile(file).keep(older)
    assert file.read_text() == made.note, "a newer one is not overwritten"


def test_a_file_that_is_newer_than_the_database(
    engine: Engine, session: Session, keeper: Keeper, tmp_path: Path
) -> None:
    file = tmp_path / "checkpoint"
    grow(session, engine, keeper)
    head = keeper.head()
    grow(session, engine, keeper)
    checkpoints.keep(engine, CheckpointFile(file))
    consent_log.forget(session, 3, consent_log.sealed(session)[2][1])
    keeper.head_file.write_text(head)
    (said,) = of_file(session, file)
    assert "has 6 events, and the newest one here 3: the database is older" in said
    checkpoints.keep(engine, CheckpointFile(file))
    assert of_file(session, file) == [said]


def test_a_disk_that_fails_leaves_no_draft(
    engine: Engine, session: Session, keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And sealing goes on: the checkpoint is in the database."""
    grow(session, engine, keeper)

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("optin.consent.proof.checkpoint_file.os.fsync", fail)
        consent_log.write(session, 2)
        session.commit()
        with pytest.raises(OSError, match="No space"):
            consent_log.seal(engine, keeper)
    assert sorted(each.name for each in (tmp_path / "machine").iterdir()) == ["consent_log_checkpoint", "log_key"]
    assert consent_log.all_are_sealed(session)
    session.rollback()
    assert grow(session, engine, keeper).size == 8
