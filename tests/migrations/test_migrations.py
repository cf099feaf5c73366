"""The migrations make exactly the tables that the models describe, and keep the ledger append-only."""

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, inspect, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin.database.session import db
from optin.models import Message
from tests.conftest import Clock
from tests.support.world import keyword
from tests.support.world import text as arrive

EVENT = """INSERT INTO consent_event (id, channel, at, number_ref, kind, source, detail, payload_hash)
           VALUES (1, 'sms', '2026-01-01 00:00:00', 'ref', 'activated', 'sms', '', 'hash')"""


def test_models_and_migrations_agree(app: Flask) -> None:
    with app.app_context():
        flask_migrate.check()  # raises with the differences


def test_tables_that_are_not_ours_are_left_alone(app: Flask) -> None:
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("CREATE TABLE workflow_status (id INTEGER)"))
        flask_migrate.check()


def test_migrations_can_be_taken_back_and_run_again(app: Flask) -> None:
    with app.app_context():
        flask_migrate.downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
        flask_migrate.upgrade()
        flask_migrate.check()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_upgrade_has_sqlite_forget_its_statistics(app: Flask) -> None:
    """Those of small tables would have it read large ones from one end to the other."""
    statistics = text("SELECT count(*) FROM sqlite_master WHERE name LIKE 'sqlite_stat%'")
    with app.app_context():
        flask_migrate.downgrade(revision="0032")
        with db.engine.begin() as connection:
            connection.execute(text("ANALYZE"))
            assert connection.scalar(statistics)
        flask_migrate.upgrade()
        with db.engine.begin() as connection:
            assert not connection.scalar(statistics)
        flask_migrate.check()


def test_an_upgrade_reads_the_ordinary_texts_of_the_last_year(app: Flask, session: Session, clock: Clock) -> None:
    keyword(session, "volunteer")
    clock.forward(days=-400)
    arrive(session, "pizza")
    clock.forward(days=400)
    for body in ("Pizza!", "volunteer", "two words", "\U0001f355"):
        arrive(session, body)
    with app.app_context():
        flask_migrate.downgrade(revision="0004")
        flask_migrate.upgrade()
    words = select(Message.word).where(Message.direction == "inbound").order_by(Message.id)
    assert session.scalars(words).all() == [None, "pizza", None, None, None]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE consent_event SET kind = 'opted_out'",
        "UPDATE consent_event SET kind = kind",
        "DELETE FROM consent_event",
        "DELETE FROM consent_event WHERE id = 1",
    ],
)
def test_consent_events_are_never_changed(database: str, change: str) -> None:
    _refused(database, change)


def test_consent_events_are_never_replaced(database: str) -> None:
    _refused(
        database,
        "TRUNCATE consent_event CASCADE" if database.startswith("postgresql") else EVENT.replace("INSERT", "REPLACE"),
    )


def _refused(database: str, change: str) -> None:
    """Store an event and see that `change` is refused by the database itself and leaves it as it was."""
    engine = create_engine(database, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(EVENT))
        before = _events(connection)
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(change))
    with engine.connect() as connection:
        assert _events(connection) == before


def _events(connection: Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(text("SELECT * FROM consent_event"))]
