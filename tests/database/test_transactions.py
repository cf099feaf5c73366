"""On SQLite a request that reads takes no write lock, one that writes takes it first, and neither leaks to the next."""

import sqlite3
from collections.abc import Callable

import pytest
from flask import Blueprint, Flask
from sqlalchemy import make_url, text

from optin.database.session import db, writing
from optin.web.access import public
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
    def writes_within() -> list[bool]:
        before = holds_the_write_lock(database)
        with writing():
            within = holds_the_write_lock(database)
        return [before, within, holds_the_write_lock(database)]

    app.register_blueprint(probe)
    return app


def holds_the_write_lock(database: str) -> bool:
    """Read in the app's session and tell whether somebody else could write meanwhile."""
    db.session.execute(text("SELECT 1 FROM alembic_version")).all()
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


def test_writing_inside_a_reading_request(client: Browser) -> None:
    assert client.get("/probe/writing").json == [False, True, False]
