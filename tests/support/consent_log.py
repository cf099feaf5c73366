"""What tests of the consent log share: events in few words, sealing, and a look at the tree without the code for it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from hashlib import sha256

from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin import clock
from optin.consent import events
from optin.consent.events import Act, Event
from optin.consent.proof import checkpoints, sealing, tree
from optin.consent.proof.keeper import Keeper
from optin.enums import EventKind, OptInSource
from optin.models import ConsentEvent, LogCheckpoint, LogLeaf
from tests.support import outbox

TABLES = ("consent_event", "consent_payload", "log_leaf", "log_node", "log_origin", "log_checkpoint")


@contextmanager
def opened(database: str) -> Iterator[Session]:
    """Open a session on a database that no app is needed for."""
    engine = create_engine(database, poolclass=NullPool)
    with Session(engine) as session:
        yield session
    engine.dispose()


def write(session: Session, count: int = 1) -> None:
    """Write so many events, of a number each; the caller commits."""
    act = Act(source=OptInSource.SMS, at=clock.now(), text="HELLO")
    event = Event(EventKind.BLOCKED, detail="+14155550100 “é”")
    events.write_each(session, [(number, act, event) for number in outbox.numbers(count)])


def seal(engine: Engine, keeper: Keeper) -> LogCheckpoint | None:
    """Seal all that is new and sign it."""
    while sealing.seal(engine):
        pass
    return checkpoints.sign(engine, keeper, clock.now())


def hashes(session: Session) -> list[bytes]:
    """Return the leaves as they are stored."""
    return [bytes.fromhex(each) for each in session.scalars(select(LogLeaf.hash).order_by(LogLeaf.leaf_index))]


def sealed(session: Session) -> list[tuple[int, int]]:
    """Return the places of the tree with their events."""
    rows = session.execute(select(LogLeaf.leaf_index, LogLeaf.event_id).order_by(LogLeaf.leaf_index))
    return [(index, event_id) for index, event_id in rows]


def expected(session: Session) -> list[bytes]:
    """Return the leaf of each event, made anew from its row by the docs and by nothing else."""
    found = []
    for event in session.scalars(select(ConsentEvent).order_by(ConsentEvent.id)):
        row = {column.name: getattr(event, column.name) for column in ConsentEvent.__table__.columns}
        for name in ("at", "provider_at"):
            row[name] = row[name] and row[name].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        kept = {name: value for name, value in sorted(row.items()) if value is not None}
        found.append(sha256(b"\0" + json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()).digest())
    return found


def all_are_sealed(session: Session) -> bool:
    """Tell whether each event is sealed once, in the order of the ids, with the hash that it should have."""
    ids = session.scalars(select(ConsentEvent.id).order_by(ConsentEvent.id)).all()
    return sealed(session) == list(enumerate(ids)) and hashes(session) == expected(session)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root above leaves."""
    growing = tree.Growing()
    for leaf in leaves:
        growing.add(leaf)
    return growing.root()


@contextmanager
def without_triggers(session: Session) -> Iterator[None]:
    """Let rows be changed that nobody may change, as whoever has the database itself can."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        session.execute(text("SET LOCAL session_replication_role = DEFAULT"))
        return
    wanted = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = [
        row for row in session.execute(wanted).all() if row.name.startswith(tuple(f"{each}_" for each in TABLES))
    ]
    session.execute(text("PRAGMA defer_foreign_keys = ON"))
    for name, _ in triggers:
        session.execute(text(f'DROP TRIGGER "{name}"'))
    yield
    for _, made in triggers:
        session.connection().exec_driver_sql(made)


def forget(session: Session, size: int, ids: int) -> None:
    """Have the database be as it was when the tree had so many leaves, as a restore from a backup does."""
    session.rollback()
    cosigned = "DELETE FROM log_cosignature WHERE checkpoint_id IN (SELECT id FROM log_checkpoint WHERE size > {})"
    session.connection().exec_driver_sql(cosigned.format(size))
    with without_triggers(session):
        for table, column, least in (
            ("log_checkpoint", "size", size + 1),
            ("log_leaf", "leaf_index", size),
            ("consent_payload", "event_id", ids + 1),
            ("consent_event", "id", ids + 1),
        ):
            session.connection().exec_driver_sql(f"DELETE FROM {table} WHERE {column} >= {least}")
    session.commit()
