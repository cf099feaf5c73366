"""A checkpoint says what the tree is, under one name and key; a log that can't go on goes on under another name."""

import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent.proof import checkpoints, origins, sealing, stored, tree
from optin.consent.proof.keeper import Keeper
from optin.consent.proof.signed_note import Checkpoint, Verifier
from optin.models import LogCheckpoint
from tests.support import consent_log
from tests.support.consent_log import TABLES, forget, hashes, root_of, seal, write
from tests.support.other_tlog import CHECKING, MAKING

ORIGIN = r"optin\.example\.org/consent-log/[0-9a-f]{8}"


def grow(session: Session, engine: Engine, keeper: Keeper, count: int = 3) -> LogCheckpoint:
    """Have some events more, sealed and signed."""
    write(session, count)
    session.commit()
    made = seal(engine, keeper)
    assert made is not None
    return made


def names(session: Session) -> list[str]:
    session.rollback()
    found = [each.name for each in origins.all_origins(session)]
    session.rollback()
    return found


def test_a_checkpoint_is_signed_when_leaves_have_come(engine: Engine, session: Session, keeper: Keeper) -> None:
    assert seal(engine, keeper) is None, "there is nothing to sign"
    first = grow(session, engine, keeper)
    assert seal(engine, keeper) is None, "nothing has come since"
    second = grow(session, engine, keeper)
    (origin,) = origins.all_origins(session)
    for made, size in ((first, 3), (second, 6)):
        text = Verifier.read(origin.verifier_key).open(made.note)
        assert Checkpoint.read(text) == Checkpoint(origin.name, size, root_of(hashes(session)[:size]))
        assert (made.size, made.root) == (size, Checkpoint.read(text).root.hex())
        assert all(each.has_signed(made.note, origin.verifier_key) for each in MAKING)
    assert keeper.head() == second.note
    proof = tree.consistency(3, 6, stored.nodes(session))
    assert tree.is_consistent(3, bytes.fromhex(first.root), 6, bytes.fromhex(second.root), proof)
    assert stored.latest_checkpoint(session).note == second.note


def test_the_key_is_made_once_and_read_by_its_owner_only(
    engine: Engine, session: Session, keeper: Keeper, tmp_path: Path
) -> None:
    grow(session, engine, keeper)
    assert sorted(file.name for file in (tmp_path / "machine").iterdir()) == ["consent_log_checkpoint", "log_key"]
    assert stat.S_IMODE((tmp_path / "machine/log_key").stat().st_mode) == 0o600
    again = Keeper("elsewhere.example.org", tmp_path / "machine", "")
    grow(session, engine, again)
    (name,) = names(session)
    assert name.startswith("optin.example.org/consent-log/")
    assert keeper.signer(name).verifier == again.signer(name).verifier
    given = Keeper("optin.example.org", tmp_path / "another", "k" * 32)
    assert given.signer(name).verifier != keeper.signer(name).verifier
    assert not (tmp_path / "another").exists(), "a given key is not kept"


def test_leaves_whose_checkpoint_was_not_written_get_one(engine: Engine, session: Session, keeper: Keeper) -> None:
    """As after a kill between the two."""
    write(session, 2)
    session.commit()
    sealing.seal(engine)
    made = checkpoints.sign(engine, keeper, clock.now())
    assert made is not None
    assert made.size == 2


@pytest.mark.parametrize("more", [1, 5])
def test_after_a_restore_the_log_goes_on_under_another_name(
    engine: Engine, session: Session, keeper: Keeper, more: int
) -> None:
    """Fewer leaves than the newest checkpoint has, or as many others: nobody gets two trees under one name."""
    kept = grow(session, engine, keeper)
    lost = grow(session, engine, keeper, 4)
    forget(session, 3, consent_log.sealed(session)[2][1])
    made = grow(session, engine, keeper, more)
    first, second = names(session)
    assert second == f"{first}/2"
    assert Checkpoint.read(made.note).origin == second
    assert keeper.head() == made.note
    began = origins.all_origins(session)[1]
    assert (began.because, began.size, began.earlier_head) == ("restored", 3 + more, lost.note)
    proof = tree.consistency(3, 3 + more, stored.nodes(session))
    assert tree.is_consistent(3, bytes.fromhex(kept.root), 3 + more, bytes.fromhex(made.root), proof)
    grow(session, engine, keeper)
    assert names(session) == [first, second], "it stays with the name"


def test_a_restore_to_before_the_log_is_not_a_log_of_its_own(engine: Engine, session: Session, keeper: Keeper) -> None:
    lost = grow(session, engine, keeper)
    (first,) = names(session)
    with consent_log.without_triggers(session):
        for table in reversed(TABLES):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    session.commit()
    grow(session, engine, keeper)
    (began,) = origins.all_origins(session)
    assert (began.name, began.earlier_head) == (f"{first}/2", lost.note)
    grow(session, engine, keeper)
    assert names(session) == [f"{first}/2"]


def test_an_older_file_is_no_restore(engine: Engine, session: Session, keeper: Keeper) -> None:
    """As after a kill between the commit and the file, or where several processes sign."""
    older = grow(session, engine, keeper).note
    newer = grow(session, engine, keeper).note
    keeper.keep_head(older)
    assert keeper.head() == newer
    keeper.head_file.write_text(older)
    grow(session, engine, keeper)
    assert len(names(session)) == 1


@pytest.mark.parametrize("text", ["", "nonsense", "a\n1\nb\n", "\xff"])
def test_a_file_that_is_no_checkpoint_is_let_be(engine: Engine, session: Session, keeper: Keeper, text: str) -> None:
    grow(session, engine, keeper)
    keeper.head_file.write_bytes(text.encode("latin-1"))
    made = grow(session, engine, keeper)
    assert len(names(session)) == 1
    assert keeper.head() == made.note


def test_another_machine_signs_only_when_that_with_the_key_does_not(
    engine: Engine, session: Session, keeper: Keeper, tmp_path: Path
) -> None:
    grow(session, engine, keeper)
    other = Keeper("optin.example.org", tmp_path / "another", "")
    write(session, 2)
    session.commit()
    assert seal(engine, other) is None
    assert len(names(session)) == 1
    later = clock.now() + origins.PATIENCE + timedelta(seconds=5)
    assert checkpoints.sign(engine, other, later) is not None
    first, second = names(session)
    assert second == f"{first}/2"
    assert origins.all_origins(session)[1].because == "key"
    write(session)
    session.commit()
    assert seal(engine, keeper) is None, "now it is the other one's"
    shutil.copy(tmp_path / "another/log_key", tmp_path / "machine/log_key")
    assert seal(engine, keeper) is not None
    assert len(names(session)) == 2


def test_every_checkpoint_of_a_growing_log_fits_the_next(engine: Engine, session: Session, keeper: Keeper) -> None:
    made = [grow(session, engine, keeper, count) for count in (1, 2, 5, 8)]
    node, last = stored.nodes(session), made[-1]
    for each in made:
        proof = tree.consistency(each.size, last.size, node)
        for check in (tree.is_consistent, *(other.is_consistent for other in CHECKING)):
            assert check(each.size, bytes.fromhex(each.root), last.size, bytes.fromhex(last.root), proof)
    assert session.scalars(select(LogCheckpoint.size).order_by(LogCheckpoint.id)).all() == [1, 3, 8, 16]
