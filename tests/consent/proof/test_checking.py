"""Whatever is changed behind Optin's back is found, and the row is named; what may be erased is no fault."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin import clock
from optin.consent import events
from optin.consent.events import Act, Event
from optin.consent.proof import checking, sealing, stored, written
from optin.consent.proof.checking import Looked
from optin.consent.proof.keeper import Keeper
from optin.consent.proof.leaf import canonical
from optin.enums import EventKind, OptInSource
from tests.support import consent_log
from tests.support.consent_log import seal, write

EVENTS = 22
TAKEN = """INSERT INTO consent_event (id, channel, at, number_ref, kind, source, detail, payload_hash)
           SELECT {}, channel, at, number_ref, kind, source, detail, payload_hash FROM consent_event WHERE id = 4"""
FORGED = f"'{'ab' * 32}'"


@pytest.fixture
def engine(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A database with sealed events, under three checkpoints; ids from 10 on are by one larger."""
    monkeypatch.setattr(stored, "STEP", 2)
    monkeypatch.setattr(checking, "AT_ONCE", 8)
    engine, keeper = create_engine(database, poolclass=NullPool), Keeper("optin.example.org", tmp_path, "")
    with Session(engine) as session:
        for count in (9, 5, EVENTS - 14):
            write(session, count)
            session.commit()
            if count == 9:
                gap(session)
            seal(engine, keeper)
    yield engine
    engine.dispose()


def gap(session: Session) -> None:
    """Leave an id out that somebody could give to a forged event."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT nextval(pg_get_serial_sequence('consent_event', 'id'))"))
    else:
        with consent_log.without_triggers(session):
            for table, column in (("consent_payload", "event_id"), ("consent_event", "id")):
                session.execute(text(f"UPDATE {table} SET {column} = 11 WHERE {column} = 9"))
    session.commit()


def found(engine: Engine) -> list[str]:
    return list(checking.broken(engine, Looked()))


def test_a_log_that_nobody_touched_is_whole(engine: Engine) -> None:
    looked, steps = Looked(), []
    assert list(checking.broken(engine, looked, steps.append)) == []
    assert (looked.leaves, looked.checkpoints, looked.erased, looked.waiting) == (EVENTS, 3, 0, 0)
    assert sum(steps) == checking.total(engine) == EVENTS
    assert list(checking.limits(looked)) == []


def test_what_waits_and_what_was_erased_is_told(engine: Engine) -> None:
    with Session(engine) as session:
        write(session, 2)
        session.execute(text("DELETE FROM consent_payload WHERE event_id IN (2, 3)"))
        session.commit()
    looked = Looked()
    assert list(checking.broken(engine, looked)) == []
    assert (looked.erased, looked.waiting) == (2, 2)
    assert [each.split(" has been")[0].split(" are newer")[0] for each in checking.limits(looked)] == [
        "The personal part of 2 sealed events",
        "2 events",
    ]


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ("UPDATE consent_event SET kind = 'opted_out' WHERE id = 3", "Event 3 has been changed"),
        ("UPDATE consent_event SET at = '2026-01-01 00:00:00' WHERE id = 3", "Event 3 has been changed"),
        ("UPDATE consent_event SET detail = 'x' WHERE id = 21", "Event 21 has been changed"),
        (
            "DELETE FROM consent_payload WHERE event_id = 5;DELETE FROM consent_event WHERE id = 5",
            "Event 5 has been removed",
        ),
        (TAKEN.format(10), "Event 10 has been inserted"),
        (
            "UPDATE consent_event SET id = id - 11 WHERE id IN (5, 6);UPDATE consent_event SET id = -id WHERE id < 0",
            "Event 5 has",
        ),
        ("UPDATE consent_payload SET text = 'YES' WHERE event_id = 7", "The personal part of event 7 has been changed"),
        ("DELETE FROM log_leaf WHERE leaf_index = 6", "The leaf with the index 6 has been removed"),
        ("DELETE FROM log_leaf WHERE leaf_index > 12", "There is a checkpoint of 14 events, and only 13 are sealed"),
        (
            "UPDATE log_leaf SET leaf_index = 100 WHERE leaf_index = 5;"
            "UPDATE log_leaf SET leaf_index = 5 WHERE leaf_index = 6;"
            "UPDATE log_leaf SET leaf_index = 6 WHERE leaf_index = 100",
            "The leaf with the index 6 has been moved",
        ),
        (f"UPDATE log_leaf SET hash = {FORGED} WHERE leaf_index = 2", "Event 3 has been changed"),
        (
            f"UPDATE log_node SET hash = {FORGED} WHERE height = 2 AND node_index = 1",
            "The node of height 2 with the index 1",
        ),
        (f"UPDATE log_node SET hash = {FORGED} WHERE height = 4", "The node of height 4 with the index 0"),
        ("DELETE FROM log_node WHERE height = 2 AND node_index = 3", "The node of height 2 with the index 3"),
        ("UPDATE log_checkpoint SET size = 13 WHERE id = 2", "The checkpoint 2 of 13 events is stored otherwise"),
        (
            "UPDATE log_checkpoint SET note = replace(note, 'consent', 'Consent') WHERE id = 1",
            "The checkpoint 1 of 9 events is not",
        ),
        (
            f"UPDATE log_checkpoint SET root = {FORGED} WHERE id = 3",
            "The checkpoint 3 of 22 events is stored otherwise",
        ),
        ("UPDATE log_origin SET name = 'another.example.org'", "The checkpoint 1 of 9 events is stored otherwise"),
    ],
)
def test_any_change_is_found_and_named(engine: Engine, change: str, first: str) -> None:
    with Session(engine) as session:
        with consent_log.without_triggers(session):
            for each in change.split(";"):
                session.connection().exec_driver_sql(each.replace("%", "%%"))
        session.commit()
    assert found(engine)[0].startswith(first)


def test_a_text_that_ends_its_own_quotes_is_no_other_event(engine: Engine) -> None:
    with Session(engine) as session:
        with consent_log.without_triggers(session):
            session.connection().exec_driver_sql("UPDATE consent_event SET kind = 'x', message_sid = 'y' WHERE id = 3")
            forge_leaf(session, 3)
        session.commit()
        assert not any(each.startswith("Event") for each in found(engine))
        with consent_log.without_triggers(session):
            session.connection().exec_driver_sql(
                """UPDATE consent_event SET kind = 'x","message_sid":"y', message_sid = NULL WHERE id = 3"""
            )
        session.commit()
    assert found(engine)[0].startswith("Event 3 has been changed")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", ["detail = x'00'", "detail = 7.5"])
def test_what_no_leaf_holds_is_found_in_sqlite(engine: Engine, change: str) -> None:
    """The columns of PostgreSQL take only what they are for."""
    with Session(engine) as session:
        with consent_log.without_triggers(session):
            session.connection().exec_driver_sql(f"UPDATE consent_event SET {change} WHERE id = 3")
        session.commit()
    assert [each for each in found(engine) if each.startswith("Event")] == [
        "Event 3 has been changed: it is not what was sealed with the index 2."
    ]


@pytest.mark.parametrize("detail", ["", '“é” \\ / "q" \t\n\x01\x7f\u2028 😀', "null", "[1]", '{"a": null}'])
def test_the_database_writes_a_leaf_as_python_does(database: str, detail: str) -> None:
    """Else all is still found, by the look that takes many times as long."""
    engine = create_engine(database, poolclass=NullPool)
    with Session(engine) as session:
        act = Act(OptInSource.SMS, clock.now(), text=detail, message_sid="SM1")
        events.write_each(session, [(number, act, Event(EventKind.BLOCKED, detail=detail)) for number in ("+1", "+2")])
        session.commit()
        sealing.seal(engine)
        for row, event in zip(
            written.leaves(session, 0, 2), session.execute(stored.leaves_of_events(session, 0, 9)), strict=True
        ):
            assert row[3].encode() == canonical(event)
            assert sha256(row[5].encode()).hexdigest() == row[4]
    engine.dispose()


@pytest.mark.parametrize("hide", ["leaf", "leaf and nodes"])
def test_a_forger_who_makes_the_leaves_anew_is_found_by_the_checkpoints(engine: Engine, hide: str) -> None:
    """With the database alone nobody can sign: roots of before don't fit."""
    with Session(engine) as session:
        with consent_log.without_triggers(session):
            session.execute(text("UPDATE consent_event SET kind = 'opted_out' WHERE id = 3"))
            forge_leaf(session, 3)
            if hide == "leaf and nodes":
                remake_nodes(session)
        session.commit()
    told = found(engine)
    assert [each for each in told if each.startswith("The checkpoint")] == [
        f"The checkpoint {number} of {size} events does not fit the leaves: they have been changed since it was signed."
        for number, size in ((1, 9), (2, 14), (3, 22))
    ]
    assert any(each.startswith("The node") for each in told) is (hide == "leaf")


def forge_leaf(session: Session, event_id: int) -> None:
    """Have the leaf of one of the first events say what the event says now."""
    forged = consent_log.expected(session)[event_id - 1].hex()
    session.execute(text(f"UPDATE log_leaf SET hash = '{forged}' WHERE event_id = {event_id}"))


def remake_nodes(session: Session) -> None:
    session.execute(text("DELETE FROM log_node"))
    sealing._keep_nodes(session, 0, EVENTS)


def test_an_empty_log_is_whole(database: str) -> None:
    engine = create_engine(database, poolclass=NullPool)
    assert found(engine) == []
    engine.dispose()
