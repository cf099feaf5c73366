"""A cancelled broadcast starts nothing more from its commit on; what waits is marked in parts, all of it once."""

import threading
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.database.session import db
from optin.database.transactions import reading, writing
from optin.database.turns import take_turns
from optin.enums import BroadcastState, MessageStatus
from optin.features.broadcasts import sending
from optin.models import Broadcast, Message
from optin.sending import delivery, put_out, taking_back
from optin.sending import start as starts
from tests.support import outbox

NUMBERS = outbox.numbers(40)
CANCELLED, PAUSED = BroadcastState.CANCELLED, BroadcastState.PAUSED


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_back, "AT_ONCE", 9)


@pytest.fixture
def broadcast_id(engine: Engine) -> int:
    """A broadcast whose messages wait and may be sent."""
    with writing(engine) as session:
        outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
        broadcast = outbox.broadcast(session)
        outbox.add_people(session, broadcast, NUMBERS)
        return broadcast.id


def bring_to(engine: Engine, broadcast_id: int, state: BroadcastState) -> None:
    with writing(engine) as session:
        assert sending.bring_to(session, broadcast_id, state, outbox.author(session)) is None


def take_back_all(engine: Engine, broadcast_id: int) -> int:
    return take_turns(engine, partial(taking_back.take_back_some, engine, broadcast_id))


def statuses(engine: Engine) -> Counter[str]:
    with reading(engine) as session:
        return Counter(session.scalars(select(Message.status)))


def test_what_was_claimed_before_the_cancel_does_not_start_after_it(engine: Engine, broadcast_id: int) -> None:
    claimed = delivery.claim(engine, broadcast_id=broadcast_id)
    assert len(claimed) == len(NUMBERS)
    bring_to(engine, broadcast_id, CANCELLED)
    assert statuses(engine) == {"claimed": len(NUMBERS)}
    assert delivery.start(engine, claimed[:5]) == ([], [])
    assert statuses(engine) == {"claimed": len(NUMBERS) - 5, "cancelled": 5}


def test_nothing_that_waits_is_claimed_after_the_cancel(engine: Engine, broadcast_id: int) -> None:
    bring_to(engine, broadcast_id, CANCELLED)
    assert delivery.claim(engine, broadcast_id=broadcast_id) == []
    assert statuses(engine) == {"queued": len(NUMBERS)}


def test_all_that_waits_is_marked_and_what_had_started_stays(engine: Engine, broadcast_id: int) -> None:
    claimed = delivery.claim(engine, broadcast_id=broadcast_id, limit=7)
    started, _ = delivery.start(engine, claimed[:3])
    assert len(started) == 3
    bring_to(engine, broadcast_id, CANCELLED)
    assert delivery.waiting_broadcasts(engine) == [broadcast_id]
    assert sending.settle(engine, broadcast_id, CANCELLED) is None
    assert statuses(engine) == {"sending": 3, "cancelled": 4 + 9, "queued": len(NUMBERS) - 16}
    assert delivery.waiting_broadcasts(engine) == [broadcast_id]
    assert take_back_all(engine, broadcast_id) == len(NUMBERS) - 16
    assert statuses(engine) == {"sending": 3, "cancelled": len(NUMBERS) - 3}
    assert delivery.waiting_broadcasts(engine) == []


def test_the_answer_says_how_many_when_one_part_is_enough(
    engine: Engine, broadcast_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_back, "AT_ONCE", len(NUMBERS) + 1)
    bring_to(engine, broadcast_id, CANCELLED)
    assert sending.settle(engine, broadcast_id, CANCELLED) == len(NUMBERS)


@pytest.mark.parametrize("state", [BroadcastState.SENDING, PAUSED])
def test_what_was_not_cancelled_waits_on(engine: Engine, broadcast_id: int, state: BroadcastState) -> None:
    if state is PAUSED:
        bring_to(engine, broadcast_id, PAUSED)
        assert sending.settle(engine, broadcast_id, PAUSED) == 0
    assert take_back_all(engine, broadcast_id) == 0
    assert statuses(engine) == {"queued": len(NUMBERS)}


def test_only_its_own_messages_are_taken_back(engine: Engine, broadcast_id: int) -> None:
    with writing(engine) as session:
        other = outbox.broadcast(session)
        outbox.add_people(session, other, NUMBERS[:4])
    bring_to(engine, broadcast_id, CANCELLED)
    assert take_back_all(engine, broadcast_id) == len(NUMBERS)
    assert statuses(engine) == {"queued": 4, "cancelled": len(NUMBERS)}


def test_what_a_worker_gives_back_afterwards_is_taken_back_too(engine: Engine, broadcast_id: int) -> None:
    claimed = delivery.claim(engine, broadcast_id=broadcast_id)
    bring_to(engine, broadcast_id, CANCELLED)
    delivery.release(engine, claimed)
    assert take_back_all(engine, broadcast_id) == len(NUMBERS)


@pytest.mark.parametrize("state", [CANCELLED, PAUSED])
def test_the_answer_waits_for_what_is_being_started(
    engine: Engine, broadcast_id: int, state: BroadcastState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that asked for the state before the click and commits after it is over when the click is answered."""
    monkeypatch.setattr(taking_back, "AT_ONCE", len(NUMBERS) + 1)
    claimed = delivery.claim(engine, broadcast_id=broadcast_id, limit=1)
    asked, goes, answered = threading.Event(), threading.Event(), threading.Event()

    start = starts._start_alike

    def start_and_hold(*given: Any) -> dict[int, int]:
        found = start(*given)
        asked.set()
        goes.wait(20)
        return found

    monkeypatch.setattr(starts, "_start_alike", start_and_hold)
    started: list[Sequence[object]] = []
    starting = threading.Thread(target=lambda: started.append(delivery.start(engine, claimed)[0]))
    starting.start()
    assert asked.wait(20)

    def click() -> None:
        bring_to(engine, broadcast_id, state)
        sending.settle(engine, broadcast_id, state)
        answered.set()

    clicking = threading.Thread(target=click)
    clicking.start()
    assert not answered.wait(0.5)
    goes.set()
    starting.join()
    clicking.join()
    assert len(started[0]) == 1
    rest = MessageStatus.CANCELLED if state is CANCELLED else MessageStatus.QUEUED
    assert statuses(engine) == {"sending": 1, rest: len(NUMBERS) - 1}


def test_who_opts_out_meanwhile_is_marked_once(engine: Engine, broadcast_id: int) -> None:
    bring_to(engine, broadcast_id, CANCELLED)
    taking_back.take_back_some(engine, broadcast_id)
    with writing(engine) as session:
        for number in (NUMBERS[0], NUMBERS[-1]):
            ledger.opt_out(session, number, outbox.act("STOP"))
    ended = statuses(engine)
    assert take_back_all(engine, broadcast_id) == ended["queued"]
    assert statuses(engine) == ended - Counter(queued=99) + Counter(cancelled=ended["queued"])


def test_two_that_are_at_it_at_once_mark_all(engine: Engine, broadcast_id: int) -> None:
    bring_to(engine, broadcast_id, CANCELLED)
    both = [threading.Thread(target=take_back_all, args=(engine, broadcast_id)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert take_back_all(engine, broadcast_id) == 0
    assert statuses(engine) == {"cancelled": len(NUMBERS)}


def test_one_that_was_half_queued_is_taken_back_whole(engine: Engine, broadcast_id: int) -> None:
    with Session(engine) as session:
        session.get_one(Broadcast, broadcast_id).state = BroadcastState.QUEUEING
        session.commit()
    bring_to(engine, broadcast_id, CANCELLED)
    assert put_out.put_some(engine, broadcast_id) is False
    assert take_back_all(engine, broadcast_id) == len(NUMBERS)
