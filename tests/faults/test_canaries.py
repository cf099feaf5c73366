"""Canaries with real processes: killed with SIGKILL, and on a simulator whose carriers refuse a third of the texts."""

import time
from pathlib import Path

import pytest
import urllib3
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState, CanaryState, MessageStatus
from optin.models import Broadcast, Message
from optin.policy import policy
from tests.support import outbox
from tests.support.faults.processes import (
    WORKER,
    arrange_broadcast,
    kill,
    let_leases_end,
    messages,
    running,
    state,
    until,
)
from tests.support.provider import serve_provider
from tests.support.servers import LiveServer

PEOPLE, FIRST = 120, 40


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def arrange(engine: Engine, people: int, first: int) -> int:
    broadcast_id = arrange_broadcast(engine, people)
    with Session(engine) as session:
        policy.change(session, None, canary_least=first)
        session.execute(update(Broadcast).where(Broadcast.id == broadcast_id).values(canary=CanaryState.CHOOSING))
        session.commit()
    return broadcast_id


@pytest.mark.parametrize("kill_at", [0, 5])
def test_a_canary_that_is_killed_is_sent_by_another_process(
    database: str, engine: Engine, tmp_path: Path, kill_at: int
) -> None:
    broadcast_id = arrange(engine, PEOPLE, FIRST)
    with serve_provider() as provider:
        provider.seconds = 0.1
        with running(WORKER, database, tmp_path / "one", provider) as first:
            if kill_at:
                until(lambda: provider.requests >= kill_at)
            kill(first)
        let_leases_end(engine)
        with (
            running(WORKER, database, tmp_path / "two", provider),
            running(WORKER, database, tmp_path / "three", provider),
        ):
            until(lambda: state(engine, broadcast_id) == BroadcastState.PAUSED)
            time.sleep(3)  # whoever would go on does so within two seconds
            assert len(_started(engine)) == FIRST
            assert max(len(texts) for texts in _by_number(provider.texts).values()) == 1
            with Session(engine) as session:
                session.execute(
                    update(Broadcast)
                    .where(Broadcast.id == broadcast_id)
                    .values(state=BroadcastState.SENDING, canary=CanaryState.DONE, limits_off=True)
                )
                session.commit()
            until(lambda: len(_started(engine)) == PEOPLE)
    assert max(len(texts) for texts in _by_number(provider.texts).values()) == 1


def test_a_carrier_that_refuses_a_third_stops_it(live_server: LiveServer) -> None:
    config = live_server.app.config["OPTIN"]
    headers = urllib3.make_headers(basic_auth=f"{config.twilio_account_sid}:{config.twilio_auth_token}")
    fields = {"carrier": "30", "code": "30007", "seed": "7"}
    answer = urllib3.request("POST", f"{config.twilio_api_url}/faults", fields=fields, headers=headers)
    assert answer.status == 200
    with live_server.session() as session:
        session.execute(update(Broadcast).values(state=BroadcastState.CANCELLED))
        outbox.without_sending_hours(session, keywordless_needs_opt_in=False, canary_least=40, canary_goes_on=True)
        broadcast = outbox.broadcast(session)
        outbox.add_people(session, broadcast, outbox.numbers(200))
        broadcast.canary = CanaryState.CHOOSING
        session.commit()
        broadcast_id = broadcast.id

    def paused_because() -> str:
        with live_server.session() as session:
            return session.get_one(Broadcast, broadcast_id).paused_because or ""

    until(lambda: "filtered by a carrier (30007)" in paused_because(), 60, 0.2)
    with live_server.session() as session:
        mine = session.scalars(select(Message).where(Message.broadcast_id == broadcast_id)).all()
        assert sum(message.started_at is not None for message in mine) == 40
        assert session.get_one(Broadcast, broadcast_id).state == BroadcastState.PAUSED


def _started(engine: Engine) -> list[Message]:
    return [row for row in messages(engine) if row.started_at is not None and row.status != MessageStatus.QUEUED]


def _by_number(texts: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for number, body in texts:
        found.setdefault(number, []).append(body)
    return found
