"""Every event gets its place in the tree, once, whoever writes and seals at the same time and whatever is killed."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin.consent.proof import sealing, stored, tree
from optin.database import settled
from optin.models import LogLeaf, LogNode
from tests.support import consent_log
from tests.support.consent_log import all_are_sealed, expected, hashes, write


def test_events_are_sealed_in_their_order_and_once(engine: Engine, session: Session) -> None:
    write(session, 3)
    session.commit()
    assert sealing.seal(engine) == 3
    assert sealing.seal(engine) == 0
    write(session, 2)
    session.commit()
    assert sealing.seal(engine) == 2
    assert all_are_sealed(session)


def test_ids_may_have_gaps(engine: Engine, session: Session) -> None:
    write(session)
    session.commit()
    if engine.dialect.name == "postgresql":
        write(session)
        session.rollback()  # its id is lost
    else:
        with consent_log.without_triggers(session):
            session.execute(text("UPDATE consent_payload SET event_id = event_id + 7"))
            session.execute(text("UPDATE consent_event SET id = id + 7"))
        session.commit()
    write(session)
    session.commit()
    assert sealing.seal(engine) == 2
    assert all_are_sealed(session)
    assert [index for index, _ in consent_log.sealed(session)] == [0, 1]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_event_that_may_still_appear_is_waited_for(
    engine: Engine, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that drew a smaller id and has not ended: nothing above it is sealed before."""
    monkeypatch.setattr(settled, "PATIENCE", 0.1)
    write(session)
    session.commit()
    with Session(engine) as slow:
        write(slow)
        write(session, 2)
        session.commit()
        assert sealing.seal(engine) == 0
        slow.commit()
    assert sealing.seal(engine) == 4
    assert all_are_sealed(session)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_begins_later_and_what_only_reads_is_not_waited_for(engine: Engine, session: Session) -> None:
    write(session)
    session.commit()
    with Session(engine) as reader:
        reader.execute(text("SELECT * FROM consent_event FOR UPDATE"))
        assert sealing.seal(engine) == 1


def test_nodes_are_kept_and_proofs_are_made_of_them(
    engine: Engine, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "STEP", 2)
    monkeypatch.setattr(sealing, "AT_ONCE", 7)
    for count in (1, 20, 2, 24):
        write(session, count)
        session.commit()
        sealing.seal(engine)
    leaves, size = expected(session), 47
    assert hashes(session) == leaves
    kept = session.execute(select(LogNode.height, func.count()).group_by(LogNode.height)).all()
    assert dict(tuple(row) for row in kept) == {2: 11, 4: 2}
    node = stored.nodes(session)
    for end in range(1, size + 1):
        assert tree.root(end, node) == consent_log.root_of(leaves[:end])
    for index in range(size):
        assert tree.is_included(leaves[index], index, size, tree.inclusion(index, size, node), tree.root(size, node))
    assert stored.index_of(session, consent_log.sealed(session)[5][1]) == 5
    with pytest.raises(stored.Missing, match="of the 1 hashes of height 4 from 2 on, 0 are stored"):
        node(4, 2)


@pytest.mark.parametrize("table", ["log_leaf", "log_node", "log_origin", "log_checkpoint"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "replace"])
def test_nothing_of_the_log_is_ever_changed(engine: Engine, session: Session, table: str, change: str) -> None:
    columns = {
        "log_leaf": "leaf_index, event_id, hash",
        "log_node": "height, node_index, hash",
        "log_origin": "id, name, verifier_key, began_at, size, because, earlier_head",
        "log_checkpoint": "id, origin_id, size, root, at, note",
    }[table].split(", ")
    values = {"began_at": "'2026-01-01 00:00:00'", "at": "'2026-01-01 00:00:00'"}
    row = f"INTO {table} ({', '.join(columns)}) VALUES ({', '.join(values.get(each, '1') for each in columns)})"
    if table == "log_checkpoint":
        session.execute(text("INSERT INTO log_origin VALUES (1, '1', '1', '2026-01-01 00:00:00', 1, '1', '1')"))
    session.execute(text(f"INSERT {row}"))
    session.commit()
    if change == "replace":
        change = f"TRUNCATE {table} CASCADE" if engine.dialect.name == "postgresql" else f"REPLACE {row}"
    with pytest.raises(DatabaseError, match=f"{table} is append-only"):
        session.execute(text(change.format(table, columns[-1], columns[-1])))


def test_eight_write_and_two_seal(engine: Engine, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "AT_ONCE", 3)
    writing, per_writer = threading.Event(), 5
    writing.set()

    def write_some() -> None:
        for _ in range(per_writer):
            with Session(engine) as own:
                write(own, 2)
                if engine.dialect.name == "postgresql":
                    time.sleep(0.002)  # so that ids and commits get out of order
                own.commit()

    def seal_on() -> None:
        while writing.is_set():
            sealing.seal(engine)

    with ThreadPoolExecutor(10) as threads:
        sealers = [threads.submit(seal_on) for _ in range(2)]
        for each in [threads.submit(write_some) for _ in range(8)]:
            each.result()
        writing.clear()
        for each in sealers:
            each.result()
    sealing.seal(engine)
    assert session.scalar(select(func.count()).select_from(LogLeaf)) == 8 * per_writer * 2
    assert all_are_sealed(session)


def test_sealing_is_killed_ten_times(database: str, session: Session) -> None:
    """SIGKILL between events and their seals, wherever the process is: nothing is sealed twice, nothing left out."""
    for kill in range(10):
        write(session, 4)
        session.commit()
        child = os.fork()
        if not child:
            seal_one_by_one(database)
        until = time.monotonic() + 10
        while len(consent_log.sealed(session)) < kill and time.monotonic() < until:
            session.rollback()
        time.sleep(kill * 0.0007)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        session.rollback()
    while sealing.seal(session.get_bind().engine):
        pass
    assert all_are_sealed(session)
    assert len(consent_log.sealed(session)) == 40


def seal_one_by_one(database: str) -> None:
    """Seal on and on, an event at a time, until the process is killed."""
    sealing.AT_ONCE = 1
    own = create_engine(database, poolclass=NullPool)
    while True:
        sealing.seal(own)
