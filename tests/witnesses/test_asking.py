"""Asking witnesses, with the program that partners run as a process: what they cosign or dispute is stored."""

import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent.proof import checking, stored
from optin.consent.proof.checking import Looked
from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from optin.models import LogCosignature, Witness
from optin.witnesses import asking, protocol, records
from optin.witnesses.transport import Answer, NoAnswer, post
from tests.conftest import Clock
from tests.support import consent_log
from tests.support.other_tlog import MAKING
from tests.support.witnesses import Partner, add, ask, has_cosigned, lines, newest, origin, partner

WRONG = "Its cosignature is wrong: is this its verifier key?"


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Partner]:
    with partner(tmp_path / "witness") as running:
        yield running


def grow(session: Session, engine: Engine, keeper: Keeper, count: int = 3) -> None:
    """Have some events more, sealed and signed."""
    consent_log.write(session, count)
    session.commit()
    consent_log.seal(engine, keeper)


def known(session: Session, engine: Engine, keeper: Keeper, ada: Partner) -> int:
    """Have a witness that knows the log and has cosigned its first checkpoint; return its id."""
    grow(session, engine, keeper)
    ada.run("add-origin", origin(session))
    witness_id = add(session, ada.url, ada.vkey)
    assert ask(engine, witness_id).error == ""
    return witness_id


def test_it_is_cosigned_and_others_can_check_it(engine: Engine, session: Session, keeper: Keeper, ada: Partner) -> None:
    witness_id = known(session, engine, keeper, ada)
    for more in (1, 4, 300):
        grow(session, engine, keeper, more)
        assert not has_cosigned(newest(session), ada.vkey)
        state = ask(engine, witness_id)
        assert (state.error, state.dispute, state.failures) == ("", "", 0)
        assert has_cosigned(newest(session), ada.vkey)
        assert all(each.has_signed(newest(session), origin(session)) for each in MAKING)
    assert len(lines(session)) == 4
    (told,) = records.states(session)
    assert told.size == 308
    assert told.at
    assert abs(told.at - clock.now()) < timedelta(minutes=1)
    last = stored.latest_checkpoint(session)
    assert last
    assert stored.latest_cosigned(session) is last


def test_a_witness_that_does_not_know_the_log_yet(
    engine: Engine, session: Session, keeper: Keeper, ada: Partner
) -> None:
    grow(session, engine, keeper)
    witness_id = add(session, ada.url, ada.vkey)
    state = ask(engine, witness_id)
    assert "does not know this log (404)" in state.error
    assert (state.dispute, lines(session)) == ("", [])
    ada.run("add-origin", origin(session))
    assert ask(engine, witness_id).error == ""
    assert len(lines(session)) == 1


def test_a_witness_that_is_dead_is_asked_ever_later_and_then_goes_on(
    engine: Engine, session: Session, keeper: Keeper, ada: Partner
) -> None:
    witness_id = known(session, engine, keeper, ada)
    grow(session, engine, keeper)
    ada.kill()
    waits = []
    for _ in range(8):
        state = ask(engine, witness_id)
        assert state.error == "It can’t be reached."
        waits.append(round((state.next_at - clock.now()).total_seconds()))
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]
    assert asking.due(engine, clock.now()) == []
    grow(session, engine, keeper)
    ada.start()
    state = ask(engine, witness_id)
    assert (state.error, state.failures) == ("", 0)
    assert has_cosigned(newest(session), ada.vkey)


def test_a_cosignature_whose_answer_was_lost(engine: Engine, session: Session, keeper: Keeper, ada: Partner) -> None:
    """The witness remembers more than we know of, and says so: the proof begins there then."""
    witness_id = known(session, engine, keeper, ada)
    grow(session, engine, keeper)

    def lose(url: str, content: str) -> Answer:
        assert post(url, content).status == 200
        raise NoAnswer("It broke off.")

    asking._turn(engine, witness_id, lose)
    grow(session, engine, keeper)
    asked: list[str] = []

    def listen(url: str, content: str) -> Answer:
        asked.append(content.split("\n")[0])
        return post(url, content)

    came = asking._turn(engine, witness_id, listen)
    assert isinstance(came, asking._Made)
    assert asked == ["old 3", "old 6"]


def test_a_database_that_was_put_back_is_told(engine: Engine, session: Session, keeper: Keeper, ada: Partner) -> None:
    """With the machine's own checkpoint: only the witness remembers. It refuses also once as many events are there."""
    witness_id = known(session, engine, keeper, ada)
    before = keeper.head()
    grow(session, engine, keeper, 4)
    ask(engine, witness_id)
    consent_log.forget(session, 3, consent_log.sealed(session)[2][1])
    (keeper._folder / "consent_log_checkpoint").write_text(before)
    state = ask(engine, witness_id)
    assert state.dispute.startswith("It has cosigned 7 events of this log, and the newest checkpoint here has 3.")
    since = state.disputed_at
    grow(session, engine, keeper, 4)
    state = ask(engine, witness_id)
    assert state.dispute.startswith("The 7 events that it has cosigned are not those")
    grow(session, engine, keeper, 1)
    state = ask(engine, witness_id)
    assert state.dispute.startswith("The 7 events that it has cosigned are not those")
    assert state.disputed_at == since
    assert [witness.name for witness in records.disputes(session)] == [ada.vkey.split("+")[0]]
    assert session.scalar(select(records.is_disputed())) is True
    assert len(lines(session)) == 1
    ada.kill()
    state = ask(engine, witness_id)
    assert (state.error, state.disputed_at) == ("It can’t be reached.", since)


def test_a_past_that_was_changed_is_told(engine: Engine, session: Session, keeper: Keeper, ada: Partner) -> None:
    witness_id = known(session, engine, keeper, ada)
    with consent_log.without_triggers(session):
        session.execute(text("UPDATE log_leaf SET hash = :other WHERE leaf_index = 1"), {"other": "ab" * 32})
    session.commit()
    (keeper._folder / "consent_log_checkpoint").unlink()
    grow(session, engine, keeper)
    assert ask(engine, witness_id).dispute.startswith("The 3 events that it has cosigned are not those")


def test_a_dispute_ends_when_the_right_database_is_back(
    engine: Engine, session: Session, keeper: Keeper, ada: Partner
) -> None:
    witness_id = known(session, engine, keeper, ada)
    session.execute(update(Witness).values(dispute="It has others.", disputed_at=clock.now()))
    session.commit()
    state = ask(engine, witness_id)
    assert (state.dispute, state.disputed_at) == ("", None)


def test_a_witness_is_asked_again_also_where_nothing_is_new(
    engine: Engine, session: Session, keeper: Keeper, ada: Partner, clock: Clock
) -> None:
    """So that a database that was put back shows before anything happens in it."""
    clock.forward(hours=1)
    witness_id = known(session, engine, keeper, ada)
    clock.forward(minutes=2)
    assert asking.due(engine, clock.now()) == []
    clock.forward(hours=1)
    assert asking.due(engine, clock.now()) == [witness_id]
    asking.ask(engine, witness_id)
    assert asking.due(engine, clock.now()) == []
    assert len(lines(session)) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(200, "text/plain", "— witness.example.org/1 nonsense\n"), "Its cosignature is wrong"),
        (Answer(200, "text/plain", ""), "Its cosignature is wrong"),
        (Answer(200, "text/html", "<h1>It works!</h1>"), "Its cosignature is wrong"),
        (Answer(301, "text/html", ""), "It answered with an error (301)."),
        (Answer(400, "text/plain", ""), "can’t read the request"),
        (Answer(403, "text/plain", ""), "does not accept the key"),
        (Answer(409, "text/plain", "9\n"), "It answered with an error (409)."),
        (Answer(409, "text/x.tlog.size", "many\n"), "It answered with an error (409)."),
        (Answer(409, "text/x.tlog.size", "0\n"), "It contradicts itself"),
        (Answer(500, "text/plain", "<script>"), "It answered with an error (500)."),
    ],
)
def test_what_a_witness_may_answer(
    engine: Engine, session: Session, keeper: Keeper, ada: Partner, answer: Answer, said: str
) -> None:
    grow(session, engine, keeper)
    witness_id = add(session, ada.url, ada.vkey)
    asking.ask(engine, witness_id, lambda url, content: answer)
    session.rollback()
    state = session.get_one(Witness, witness_id)
    assert (said in state.error, state.dispute) == (True, "")
    assert lines(session) == []


def test_a_cosignature_of_another_key_text_or_time_is_not_stored(
    engine: Engine, session: Session, keeper: Keeper, ada: Partner, tmp_path: Path, clock: Clock
) -> None:
    grow(session, engine, keeper)
    ada.run("add-origin", origin(session))
    with partner(tmp_path / "another") as bob:
        bob.run("add-origin", origin(session))
        witness_id = add(session, ada.url, ada.vkey)
        asking.ask(engine, witness_id, lambda url, content: post(bob.url, content))
    assert lines(session) == []

    earlier = post(ada.url, protocol.request(0, [], newest(session)))
    assert earlier.status == 200
    grow(session, engine, keeper)
    came = asking._turn(engine, witness_id, lambda url, content: earlier)
    assert came == asking._InVain(WRONG), "it is of another checkpoint"

    def changed(url: str, content: str) -> Answer:
        came = post(ada.url, content)
        if came.status != 200:
            return came
        dash, name, signature = came.text.split(" ")
        raw = bytearray(b64decode(signature))
        raw[-1] ^= 1
        return Answer(200, "text/plain", f"{dash} {name} {b64encode(raw).decode()}\n")

    assert asking._turn(engine, witness_id, changed) == asking._InVain(WRONG)
    clock.forward(hours=-3)
    assert asking._turn(engine, witness_id, post) == asking._InVain(WRONG), "it is of the future"
    assert lines(session) == []


def test_two_processes_ask_once(engine: Engine, session: Session, keeper: Keeper, ada: Partner) -> None:
    grow(session, engine, keeper)
    ada.run("add-origin", origin(session))
    witness_id = add(session, ada.url, ada.vkey)
    asked: list[str] = []

    def listen(url: str, content: str) -> Answer:
        asked.append(content)
        return post(url, content)

    threads = [threading.Thread(target=asking.ask, args=(engine, witness_id, listen)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1
    assert len(lines(session)) == 1
    for _ in range(2):  # whoever was stopped meanwhile, and comes back after a minute, stores the same once
        came = asking._turn(engine, witness_id, post)
        assert isinstance(came, asking._Made)
        came.write_down(session, witness_id, clock.now())
        session.commit()
    assert len(lines(session)) == 1


def test_no_transaction_is_open_while_a_witness_thinks(
    engine: Engine, session: Session, keeper: Keeper, ada: Partner
) -> None:
    grow(session, engine, keeper)
    ada.run("add-origin", origin(session))
    witness_id = add(session, ada.url, ada.vkey)

    def write_meanwhile(url: str, content: str) -> Answer:
        session.execute(update(Witness).values(url=ada.url))
        session.commit()
        return post(url, content)

    asking.ask(engine, witness_id, write_meanwhile)
    assert len(lines(session)) == 1


def test_a_removed_witness_is_asked_no_more_and_can_come_back(
    engine: Engine, session: Session, keeper: Keeper, ada: Partner
) -> None:
    witness_id = known(session, engine, keeper, ada)
    witness = session.get_one(Witness, witness_id)
    records.remove(session, 1, witness, clock.now())
    session.commit()
    grow(session, engine, keeper)
    assert asking.due(engine, clock.now()) == []
    ask(engine, witness_id)
    assert len(session.scalars(select(LogCosignature.line)).all()) == 1
    session.rollback()
    assert records.states(session) == []
    assert add(session, f"{ada.url}/", ada.vkey) == witness_id
    ask(engine, witness_id)
    assert len(lines(session)) == 2


def test_a_witness_is_added_once(session: Session, ada: Partner) -> None:
    witness_id = add(session, ada.url, ada.vkey)
    with pytest.raises(RuntimeError, match="is a witness already"):
        add(session, "https://elsewhere.example.org", ada.vkey)
    assert session.scalars(select(Witness.id)).all() == [witness_id]


def test_a_cosignature_that_was_changed_is_found(
    engine: Engine, session: Session, keeper: Keeper, ada: Partner
) -> None:
    witness_id = known(session, engine, keeper, ada)
    grow(session, engine, keeper)
    ask(engine, witness_id)
    assert list(checking.broken(engine, Looked())) == []
    (_, first), (_, second) = lines(session)
    for values, found in (
        ({"line": first}, True),
        ({"line": "nonsense"}, True),
        ({"line": second, "at": clock.now() + timedelta(days=1)}, True),
        ({"line": second, "at": session.get_one(LogCosignature, (2, witness_id)).at}, False),
    ):
        session.execute(update(LogCosignature).where(LogCosignature.checkpoint_id == 2).values(**values))
        session.commit()
        said = ["The cosignature of witness.example.org/1 on the checkpoint 2 is not what it cosigned."]
        assert list(checking.broken(engine, Looked())) == (said if found else [])
