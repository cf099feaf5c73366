"""Broadcasts that a job is at go over to another version and back: all is sent once, and what ended stays ended."""

from collections import Counter
from collections.abc import Sequence

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.database.transactions import reading, writing
from optin.enums import BroadcastState
from optin.features.broadcasts import sending
from optin.models import Broadcast, Campaign, Message
from optin.sending import delivery, put_out, taking_back
from tests.support import outbox

NUMBERS = outbox.numbers(20)
BEFORE_PARTS, BEFORE_CANCELS = "0023", "0024"
"""The versions before a broadcast was queued, and a cancel marked, in parts."""


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(put_out, "AT_ONCE", dict.fromkeys(put_out.AT_ONCE, 6))
    monkeypatch.setattr(taking_back, "AT_ONCE", 6)


def waiting(engine: Engine, numbers: Sequence[str] = NUMBERS) -> int:
    """Have a broadcast that is being sent; its messages wait."""
    with writing(engine) as session:
        outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
        broadcast = outbox.broadcast(session)
        outbox.add_people(session, broadcast, numbers)
        return broadcast.id


def half_queued(engine: Engine) -> int:
    """Have a broadcast of which one part has been queued."""
    broadcast_id = waiting(engine)
    with writing(engine) as session:
        session.execute(delete(Message).where(Message.broadcast_id == broadcast_id))
        broadcast = session.get_one(Broadcast, broadcast_id)
        put_out.begin(session, session.get_one(Campaign, broadcast.campaign_id), broadcast, None)
    assert put_out.put_some(engine, broadcast_id)
    return broadcast_id


def half_cancelled(engine: Engine) -> int:
    """Have a cancelled broadcast of which one part has been marked, and one message is claimed."""
    broadcast_id = waiting(engine)
    with Session(engine) as session:
        sending.bring_to(session, broadcast_id, BroadcastState.CANCELLED, outbox.author(session))
        session.commit()
    assert taking_back.take_back_some(engine, broadcast_id)
    with writing(engine) as session:
        mine = (Message.broadcast_id == broadcast_id, Message.status == "queued")
        session.scalars(select(Message).where(*mine).limit(1)).one().status = "claimed"
    return broadcast_id


def back_and_forth(app: Flask, version: str) -> Counter[tuple[int, str, str]]:
    """Go back to a version and return what it finds, by broadcast, its state and the messages' status; then upgrade."""
    found = text("SELECT b.id, b.state, m.status FROM message m JOIN broadcast b ON b.id = m.broadcast_id")
    with app.app_context():
        flask_migrate.downgrade(revision=version)
        with db.engine.connect() as connection:
            rows = Counter((row[0], row[1], row[2]) for row in connection.execute(found))
        flask_migrate.upgrade()
    return rows


def statuses(engine: Engine, broadcast_id: int) -> Counter[str]:
    with reading(engine) as session:
        return Counter(session.scalars(select(Message.status).where(Message.broadcast_id == broadcast_id)))


def test_what_waited_in_the_version_before_is_sent_after_the_upgrade(app: Flask, engine: Engine) -> None:
    broadcast_id = waiting(engine)
    assert back_and_forth(app, BEFORE_PARTS) == {(broadcast_id, "sending", "queued"): len(NUMBERS)}
    assert delivery.waiting_broadcasts(engine) == [broadcast_id]
    assert not put_out.put_some(engine, broadcast_id)
    claimed = delivery.claim(engine, broadcast_id=broadcast_id)
    started, held = delivery.start(engine, claimed)
    assert (sorted(one.number for one in started), held) == (sorted(NUMBERS), [])
    assert statuses(engine, broadcast_id) == {"sending": len(NUMBERS)}


def test_what_is_half_queued_ends_with_the_downgrade_and_nothing_else_does(app: Flask, engine: Engine) -> None:
    other, broadcast_id = waiting(engine, NUMBERS[:3]), half_queued(engine)
    assert statuses(engine, broadcast_id) == {"queued": 6}
    assert back_and_forth(app, BEFORE_PARTS) == {
        (other, "sending", "queued"): 3,
        (broadcast_id, "cancelled", "cancelled"): 6,
    }
    assert not put_out.put_some(engine, broadcast_id)
    assert delivery.waiting_broadcasts(engine) == [other]
    assert delivery.claim(engine, broadcast_id=broadcast_id) == []
    assert len(delivery.claim(engine, broadcast_id=other)) == 3


def test_what_is_half_cancelled_is_marked_by_the_downgrade_and_nothing_else_is(app: Flask, engine: Engine) -> None:
    other, broadcast_id = waiting(engine, NUMBERS[:3]), half_cancelled(engine)
    assert statuses(engine, broadcast_id)["cancelled"] < len(NUMBERS)
    assert back_and_forth(app, BEFORE_CANCELS) == {
        (other, "sending", "queued"): 3,
        (broadcast_id, "cancelled", "cancelled"): len(NUMBERS),
    }
    assert delivery.waiting_broadcasts(engine) == [other]
