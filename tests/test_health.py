"""Whether the process lives and whether it can work."""

from collections.abc import Callable

from flask import Flask
from sqlalchemy import text

from optin.extensions import db
from tests.clients import Browser


def test_ready_with_the_newest_tables(client: Browser) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json) == (200, {"status": "ok", "database": "ok", "queue": "ok"})


def test_not_ready_before_migrations_ran(app: Flask, client: Browser) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    response = client.get("/readyz")
    assert (response.status_code, response.json["database"]) == (503, "old tables")


def test_not_ready_without_the_queue(make_app: Callable[..., Flask]) -> None:
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:9/queue?connect_timeout=2"
    response = make_app(OPTIN_QUEUE_URL=nowhere).test_client().get("/readyz")
    assert (response.status_code, response.json["queue"]) == (503, "away")


def test_not_ready_without_the_database(make_app: Callable[..., Flask]) -> None:
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:9/optin?connect_timeout=2"
    client = make_app(OPTIN_DATABASE_URL=nowhere).test_client()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
