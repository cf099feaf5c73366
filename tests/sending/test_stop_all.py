"""Stop all sending: nothing starts but confirmations of opt-outs, until an admin lifts it, whoever sends."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.database.transactions import writing
from optin.enums import MessageStatus, ReplyKind
from optin.models import AuditEntry, Message, SendingStop
from optin.sending import delivery, gate, scheduled, stop_all
from tests.conftest import Clock
from tests.support import outbox
from tests.support.provider import Provider, gateway_to, serve_provider

CALLBACK = "http://127.0.0.1:9/webhooks/twilio/status"


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


def stop(session: Session, reason: str = "wrong text") -> bool:
    done = stop_all.stop(session, outbox.author(session), reason)
    session.commit()
    return done


def lift(session: Session) -> bool:
    found = stop_all.current(session)
    assert found
    done = stop_all.lift(session, outbox.author(session), found.at)
    session.commit()
    return done


def send_all(engine: Engine, provider: Provider, broadcast_id: int | None = None) -> None:
    for claimed in delivery.claim(engine, broadcast_id=broadcast_id):
        delivery.deliver(engine, gateway_to(provider.url), claimed, CALLBACK)


def test_only_confirmations_of_opt_outs_go_until_it_is_lifted(
    session: Session, engine: Engine, provider: Provider
) -> None:
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    broadcast = outbox.broadcast(session)
    outbox.add_people(session, broadcast, outbox.numbers(2))
    outbox.one_to_one(session)
    for kind in ReplyKind:
        outbox.reply(session, kind)
    assert stop(session)
    send_all(engine, provider)
    send_all(engine, provider, broadcast.id)
    started = select(Message.reply_kind).where(Message.started_at.is_not(None))
    assert session.scalars(started).all() == [ReplyKind.OPT_OUT]
    waiting = set(session.scalars(select(Message.status).where(Message.started_at.is_(None))))
    assert waiting == {MessageStatus.QUEUED}
    session.commit()
    assert lift(session)
    send_all(engine, provider, broadcast.id)
    assert len(provider.accepted) == 3


def test_what_was_claimed_before_does_not_start(session: Session, engine: Engine) -> None:
    waits = outbox.one_to_one(session)
    confirmation = outbox.reply(session, ReplyKind.OPT_OUT)
    session.commit()
    claimed = delivery.claim(engine)
    assert {one.message_id for one in claimed} == {waits.id, confirmation.id}
    stop(session)
    started, held = delivery.start(engine, claimed)
    assert ([one.message_id for one in started], held) == ([confirmation.id], [])
    session.expire_all()
    assert (waits.status, waits.reason) == (MessageStatus.QUEUED, None)


def test_the_first_press_counts_and_the_trail_tells_both(session: Session) -> None:
    assert stop(session, "wrong text")
    assert not stop(session, "me too")
    found = stop_all.current(session)
    assert found
    assert found.reason == "wrong text"
    assert not stop_all.lift(session, outbox.author(session), found.at - timedelta(seconds=1))  # another stop
    assert lift(session)
    assert stop_all.current(session) is None
    trail = session.execute(select(AuditEntry.action, AuditEntry.before, AuditEntry.after)).all()
    told = [tuple(row) for row in trail if row.action in ("stopped", "lifted")]
    assert told == [("stopped", "allowed", "stopped: wrong text"), ("lifted", "stopped", "allowed")]


def test_it_is_no_gap_in_what_was_heard(session: Session) -> None:
    stop(session)
    assert gate.closure(session) is None
    assert "stopped by A, " in gate.why_closed(session)
    lift(session)
    assert gate.why_closed(session) == ""


def test_a_broadcast_whose_time_comes_waits(session: Session, engine: Engine, clock: Clock) -> None:
    broadcast = outbox.broadcast(session)
    broadcast.state, broadcast.starts_at = "scheduled", clock.now()
    stop(session)
    assert scheduled.due(engine) == []
    lift(session)
    assert scheduled.due(engine) == [broadcast.id]


def test_what_was_handed_over_in_the_last_minute(session: Session, clock: Clock) -> None:
    outbox.reached(session, *outbox.numbers(2))
    assert stop_all.handed_over(session) == 2
    clock.forward(seconds=61)
    assert stop_all.handed_over(session) == 0


def test_a_restored_database_keeps_the_stop_of_the_one_it_replaces(session: Session) -> None:
    before = SendingStop(id=1, at=outbox.clock.now(), by_id=7, reason="wrong text")
    stop_all.keep(session, None, set())
    assert stop_all.current(session) is None
    stop_all.keep(session, before, set())
    found = stop_all.current(session)
    assert found
    assert (found.by_id, found.reason) == (None, "wrong text")
    stop_all.keep(session, SendingStop(id=1, at=before.at, by_id=None, reason="another"), set())
    kept = stop_all.current(session)
    assert kept
    assert kept.reason == "wrong text"


def test_the_press_waits_for_what_is_being_started(session: Session, engine: Engine) -> None:
    waits = outbox.one_to_one(session)
    session.commit()
    delivery.claim(engine)
    with writing(engine) as starting, ThreadPoolExecutor(1) as thread:
        starting.scalars(select(Message.id).where(Message.id == waits.id).with_for_update()).one()  # as a start does
        waiting = thread.submit(stop_all.await_starts, engine)
        time.sleep(0.3)
        assert not waiting.done()
        starting.commit()
        waiting.result(30)
