"""The pace of a sender: stretches of its time are taken once each, by whatever goes from it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.database.session import db
from optin.database.transactions import writing
from optin.models import Broadcast, Sender
from optin.sending import delivery, pace
from optin.sending.pace import PaceKind, Room
from tests.support import outbox, world

OURS = (PaceKind.SENDER, 1)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


class Frozen:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = the_clock.now()

    def forward(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Frozen:
    made = Frozen()
    monkeypatch.setattr(the_clock, "now", lambda: made.moment)
    return made


def arrange(session: Session, people: int, rate: float | None = 10, body: str = "Hello") -> Broadcast:
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    broadcast = outbox.broadcast(session, body=body)
    broadcast.sender.segments_per_second = rate
    outbox.add_people(session, broadcast, outbox.numbers(people))
    session.commit()
    return broadcast


def taken(session: Session, *wanted: float, now: datetime | None = None) -> float:
    wait = pace.take(session, [{OURS: each} for each in wanted], now or _now())
    session.commit()
    return wait


def test_each_takes_the_next_stretch(session: Session, frozen: Frozen) -> None:
    assert [taken(session, 0.3, 0.2), taken(session, 1.0), taken(session, 0.1)] == pytest.approx([0, 0.5, 1.5])


def test_time_in_which_nothing_went_is_not_made_up_for(session: Session, frozen: Frozen) -> None:
    taken(session, 0.5)
    frozen.forward(minutes=10)
    assert [taken(session, 1.0), taken(session, 1.0)] == pytest.approx([0, 1.0])


def test_what_was_not_used_is_given_back(session: Session, frozen: Frozen) -> None:
    taken(session, 1.0)
    taken(session, 2.0)
    pace.give_back(session, [{OURS: 0.5}, {OURS: 1.0}])
    assert taken(session, 1.0) == pytest.approx(1.5)


def test_others_have_a_time_of_their_own(session: Session, frozen: Frozen) -> None:
    taken(session, 5.0)
    assert pace.take(session, [{(PaceKind.SENDER, 2): 1.0, (PaceKind.BROADCAST, 1): 1.0}], now=_now()) == 0
    assert pace.take(session, [{(PaceKind.BROADCAST, 1): 1.0, OURS: 1.0}], now=_now()) == pytest.approx(5.0)


def _now() -> datetime:
    return the_clock.now()


def test_of_many_at_once_each_has_a_stretch_of_its_own(engine: Engine) -> None:
    """Nobody reads first and writes then: two would have the same."""
    now = _now()

    def take(_: int) -> float:
        with writing(engine) as session:
            return pace.take(session, [{OURS: 1.0}], now)

    with ThreadPoolExecutor(8) as threads:
        begins = sorted(threads.map(take, range(80)))
    assert begins == pytest.approx(range(80), abs=1e-3)


@pytest.mark.parametrize(
    ("rate", "apart", "at_once"),
    [(None, None, None), (1, None, 1), (10, None, 2), (100, None, 20), (100, 1.0, 1), (None, 0.05, 4), (0.5, None, 1)],
)
def test_a_claim_is_for_a_moment_of_the_pace(
    session: Session, engine: Engine, rate: float | None, apart: float | None, at_once: int | None
) -> None:
    broadcast = arrange(session, 1, rate)
    broadcast.seconds_apart = apart
    session.commit()
    assert pace.room(engine, broadcast.id, _now()) == Room(0.0, at_once)


def test_a_claim_waits_while_enough_is_taken_up(session: Session, engine: Engine, frozen: Frozen) -> None:
    broadcast = arrange(session, 20)
    assert [each.wait for each in delivery.claim(engine, broadcast_id=broadcast.id, limit=10)] == [0.0] * 10
    found = pace.room(engine, broadcast.id, _now())
    assert (found.ahead, found.wait) == (pytest.approx(1.0), pytest.approx(0.5))
    assert [each.wait for each in delivery.claim(engine, broadcast_id=broadcast.id, limit=5)] == pytest.approx(
        [1.0] * 5
    )


def test_a_message_takes_as_many_segments_as_it_has(session: Session, engine: Engine, frozen: Frozen) -> None:
    broadcast = arrange(session, 2, body="Hello " + "x" * 160)
    delivery.claim(engine, broadcast_id=broadcast.id)
    assert pace.room(engine, broadcast.id, _now()).ahead == pytest.approx(0.4)


def test_what_is_urgent_waits_for_nobody_and_takes_its_time(session: Session, engine: Engine, frozen: Frozen) -> None:
    broadcast = arrange(session, 30)
    delivery.claim(engine, broadcast_id=broadcast.id)
    for number in outbox.numbers(10):
        outbox.one_to_one(session, number)
    session.commit()
    assert {each.wait for each in delivery.claim(engine)} == {0.0}
    assert pace.room(engine, broadcast.id, _now()).ahead == pytest.approx(4.0)


def test_who_may_not_be_texted_takes_no_time(session: Session, engine: Engine, frozen: Frozen) -> None:
    broadcast = arrange(session, 10)
    claimed = delivery.claim(engine, broadcast_id=broadcast.id)
    for each in claimed[:4]:
        world.text(session, "STOP", each.number)
    session.commit()
    started, _ = delivery.start(engine, claimed)
    assert (len(started), pace.room(engine, broadcast.id, _now()).ahead) == (6, pytest.approx(0.6))


def test_what_is_put_back_takes_no_time(session: Session, engine: Engine, frozen: Frozen) -> None:
    broadcast = arrange(session, 10)
    delivery.release(engine, delivery.claim(engine, broadcast_id=broadcast.id))
    assert pace.room(engine, broadcast.id, _now()).ahead == 0.0


def test_without_a_pace_nothing_is_taken(session: Session, engine: Engine) -> None:
    broadcast = arrange(session, 10, rate=None)
    assert [each.takes for each in delivery.claim(engine, broadcast_id=broadcast.id)] == [{}] * 10
    assert session.get_one(Sender, broadcast.sender_id).segments_per_second is None


def test_a_clock_that_was_wrong_holds_nothing_up(session: Session, engine: Engine, frozen: Frozen) -> None:
    broadcast = arrange(session, 3, rate=1)
    taken(session, 1.0, now=_now() + timedelta(days=30))
    assert pace.room(engine, broadcast.id, _now()).ahead == 0.0
    assert taken(session, 1.0) == 0.0


def test_a_broadcast_whose_time_is_taken_up_gets_no_job_before(
    session: Session, engine: Engine, frozen: Frozen
) -> None:
    broadcast = arrange(session, 3, rate=None)
    broadcast.seconds_apart = 600.0
    session.commit()
    assert delivery.waiting_broadcasts(engine) == [broadcast.id]
    pace.take(session, [{(PaceKind.BROADCAST, broadcast.id): 600.0}], _now())
    session.commit()
    assert delivery.waiting_broadcasts(engine) == []
    frozen.forward(seconds=600)
    assert delivery.waiting_broadcasts(engine) == [broadcast.id]
