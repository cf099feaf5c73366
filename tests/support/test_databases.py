"""Each test finds a fresh database, whatever the one before did to its own."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.support.databases import administering, postgresql_copy, postgresql_server

EVENT = """INSERT INTO consent_event (channel, at, number_ref, kind, source, detail, payload_hash)
           VALUES ('sms', now(), 'ref', 'activated', 'sms', '', 'hash') RETURNING id"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("left_behind", "used_again"),
    [
        (EVENT, True),
        ("SELECT 1", True),
        ("CREATE TABLE something (id int)", False),
        ("DROP TABLE setting", False),
        ("DELETE FROM alembic_version", False),
        ("ALTER TABLE consent_event DISABLE TRIGGER ALL", False),
    ],
)
def test_nothing_is_left_behind(shared_folder: Path, left_behind: str, used_again: bool) -> None:
    with postgresql_copy(shared_folder) as first:
        idle = create_engine(first, poolclass=NullPool).connect()
        idle.execute(text("SELECT * FROM consent_event"))  # a transaction that somebody forgot
        run(first, left_behind)
    with postgresql_copy(shared_folder) as second:
        assert (second == first) is used_again
        assert run(second, EVENT) == 1
        with pytest.raises(Exception, match="append-only"):
            run(second, "DELETE FROM consent_event")
    idle.invalidate()


def run(url: str, statement: str) -> object:
    """Run one statement and return the first value of its answer, if it has one."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.execute(text(statement))
        return result.scalar() if result.returns_rows else None


def test_an_error_of_the_server_comes_with_the_end_of_its_log(shared_folder: Path) -> None:
    with pytest.raises(psycopg.Error) as caught, administering(postgresql_server(shared_folder)) as connection:
        connection.execute("CREATE DATABASE copied TEMPLATE of_nothing")
    assert 'ERROR:  template database "of_nothing" does not exist' in "".join(caught.value.__notes__)
