"""On SQLite a request that reads takes no write lock, one that writes takes it first, and neither leaks to the next."""

import sqlite3
from collections.abc import Callable

import pytest
from flask import Blueprint, Flask
from sqlalchemy import Engine, make_url, select, text
from sqlalchemy.orm import Session

from optin import clock
from optin.database import sqlite, transactions
from optin.database.session import db
from optin.database.transactions import reading, writing
from optin.models import Setting
from optin.web.access import public
from optin.web.extensions import only_reads
from tests.support.clients import Browser

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def app(make_app: Callable[..., Flask], database: str) -> Flask:
    """The app with an address that says whether its transaction holds the write lock."""
    app = make_app()
    probe = Blueprint("probe", __name__)

    @probe.route("/probe", methods=["GET", "POST"])
    @public
    def locks() -> list[bool]:
        return [holds_the_write_lock(database)]

    @probe.get("/probe/writing")
    @public
    def writes_beside() -> list[bool]:
        before = holds_the_write_lock(database)
        with writing(db.engine) as session:
            within = holds_the_write_lock(database, session)
        return [before, within, holds_the_write_lock(database)]

    @probe.post("/probe/reading")
    @public
    @only_reads
    def only_looks() -> list[bool]:
        return [holds_the_write_lock(database)]

    app.register_blueprint(probe)
    return app


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def holds_the_write_lock(database: str, session: Session | None = None) -> bool:
    """Read in a session (None: the app's) and tell whether somebody else could write meanwhile."""
    (session or db.session()).execute(text("SELECT 1 FROM alembic_version")).all()
    other = sqlite3.connect(str(make_url(database).database), timeout=0, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    finally:
        other.close()
    return False


def test_reading_and_writing_requests_in_one_thread(client: Browser) -> None:
    assert client.get("/probe").json == [False]
    assert client.post("/probe").json == [True]
    assert client.get("/probe").json == [False]


def test_a_reading_request_leaves_nothing_behind(app: Flask, client: Browser, database: str) -> None:
    client.get("/probe")
    with app.app_context():
        assert holds_the_write_lock(database)


def test_writing_beside_a_reading_request(client: Browser) -> None:
    assert client.get("/probe/writing").json == [False, True, False]


def test_a_post_that_only_reads(client: Browser) -> None:
    assert client.post("/probe/reading").json == [False]
    assert client.post("/probe").json == [True]


def test_sessions_of_their_own_are_what_they_say(engine: Engine, database: str) -> None:
    with reading(engine) as session:
        assert not holds_the_write_lock(database, session)
        assert transactions.only_reads(session)
        with writing(session.get_bind().engine) as own:
            assert holds_the_write_lock(database, own)


def test_what_was_written_is_committed_or_undone(engine: Engine) -> None:
    with writing(engine) as session:
        session.add(_setting("kept"))
    with pytest.raises(LookupError):
        _fail_while_writing(engine)
    with writing(engine) as session:
        session.add(_setting("given up"))
        session.rollback()
    with reading(engine) as session:
        assert session.scalars(select(Setting.name)).all() == ["kept"]


def _fail_while_writing(engine: Engine) -> None:
    with writing(engine) as session:
        session.add(_setting("undone"))
        session.flush()
        raise LookupError


def _setting(name: str) -> Setting:
    return Setting(name=name, value="1", updated_at=clock.now())


def test_a_large_statement_has_room_and_gives_it_back(engine: Engine, database: str) -> None:
    """Also when it fails."""
    with writing(engine) as session:
        size = text("PRAGMA cache_size" if database.startswith("sqlite") else "SELECT 0")
        before = session.scalar(size)
        with sqlite.roomy(session):
            assert session.scalar(size) == (-sqlite.ROOM if database.startswith("sqlite") else before)
        assert session.scalar(size) == before
        with pytest.raises(ZeroDivisionError), sqlite.roomy(session):
            raise ZeroDivisionError
        assert session.scalar(size) == before
