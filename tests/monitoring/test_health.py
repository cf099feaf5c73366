"""Whether the process lives and whether it can work."""

from collections.abc import Callable

from flask import Flask
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.models import SendingGate
from tests.support import world
from tests.support.clients import Browser


def test_ready_with_the_newest_tables(client: Browser) -> None:
    response = client.get("/readyz")
    told = {"disk": "ok", "worker": "none", "sending": "open"}
    assert (response.status_code, response.json) == (200, {"status": "ok", "database": "ok", "queue": "ok", **told})


def test_a_closed_gate_is_told_and_refuses_no_webhooks(client: Browser, session: Session) -> None:
    session.execute(delete(SendingGate))
    response = client.get("/readyz")
    assert (response.status_code, response.json["sending"]) == (200, "closed: restored")


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


def test_metrics_count_and_name_nobody(client: Browser, session: Session) -> None:
    world.keyword(session)
    world.text(session, "volunteer, Maya speaking")
    text = client.get("/metrics").text
    for line in (
        'optin_messages{direction="inbound",status="received"} 1.0',
        "optin_sending_gate_open 1.0",
        'optin_holds{state="open"} 0.0',
        "optin_seconds_since_last_text",
        "optin_outbox_oldest_seconds 0.0",
    ):
        assert line in text
    assert "optin_http_seconds_bucket" in client.get("/metrics").text
    for private in ("4155550134", "555-0134", "Maya"):
        assert private not in text


def test_metrics_need_the_token_where_there_is_one(make_app: Callable[..., Flask]) -> None:
    client = make_app(OPTIN_METRICS_TOKEN="a token of sixteen".replace(" ", "-")).test_client()
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer a-token-of-sixteen"}).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer é"}).status_code == 403


def test_behind_a_proxy_nobody_is_this_machine_by_saying_so(make_app: Callable[..., Flask]) -> None:
    twilio = {"OPTIN_MODE": "twilio", "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16, "TWILIO_AUTH_TOKEN": "f" * 32}
    client = make_app(**twilio).test_client()
    assert client.get("/metrics").status_code == 200
    for said in ("127.0.0.1", "203.0.113.9, 127.0.0.1"):
        assert client.get("/metrics", headers={"X-Forwarded-For": said}).status_code == 403
