"""A last time for a broadcast: what would go after it is not sent, and says so; whatever had made it wait."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin.consent import audience, ledger
from optin.database.session import db
from optin.enums import BroadcastState, Channel, MessageStatus, Reason
from optin.features.broadcasts import queries, recipient_list
from optin.models import Broadcast, Campaign, Message
from optin.policy import policy
from optin.provider.gateway import Failure, GatewayError
from optin.sending import deciding, delivery
from tests.conftest import Clock
from tests.support import clockwork, outbox
from tests.support.clockwork import start
from tests.support.outbox import MAYA, OURS, act
from tests.support.provider import Provider, gateway_to, serve_provider

S = MessageStatus
NOW = datetime(2026, 6, 3, 23, tzinfo=UTC)  # 19:00 in New York, 16:00 in Los Angeles
TEN_MINUTES = NOW + timedelta(minutes=10)
LATE = (S.SKIPPED, Reason.TOO_LATE)
CALLBACK = "http://127.0.0.1:9/status"


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


@pytest.fixture
def tonight(session: Session, clock: Clock) -> Broadcast:
    """A broadcast to Maya, who opted in, that is not to be sent after ten minutes; no sending hours."""
    clock.set(NOW - timedelta(days=30))
    outbox.opted_in(session, MAYA)
    outbox.without_sending_hours(session)
    clock.set(NOW)
    made = outbox.broadcast(session, to=outbox.keyword(session))
    made.not_after = TEN_MINUTES
    outbox.add_people(session, made, [MAYA])
    session.commit()
    return made


@pytest.fixture
def look(app: Flask, session: Session) -> Callable[[], None]:
    return clockwork.looking(app, session)


def state(session: Session) -> tuple[str, str | None]:
    """Return status and reason of the only message."""
    message = session.scalars(select(Message).execution_options(populate_existing=True)).one()
    session.commit()
    return message.status, message.reason


@pytest.mark.parametrize(("minutes", "goes"), [(9, True), (10, False), (11, False), (60 * 24, False)])
def test_nothing_starts_at_its_last_time_or_later(
    session: Session, engine: Engine, clock: Clock, tonight: Broadcast, minutes: int, goes: bool
) -> None:
    clock.set(NOW + timedelta(minutes=minutes))
    assert len(start(session, engine, tonight)) == goes
    assert state(session) == ((S.SENDING, None) if goes else LATE)
    assert delivery.finish(engine, tonight.id) is not goes


def test_what_was_claimed_in_time_does_not_start_after_it(
    session: Session, engine: Engine, clock: Clock, tonight: Broadcast
) -> None:
    [post] = delivery.claim(engine, broadcast_id=tonight.id)
    clock.set(TEN_MINUTES)
    assert delivery.start(engine, [post]) == ([], [])
    assert state(session) == LATE


def test_the_start_statement_asks_the_row_not_what_was_claimed(
    session: Session, engine: Engine, clock: Clock, tonight: Broadcast
) -> None:
    tonight.not_after = None
    session.commit()
    [post] = delivery.claim(engine, broadcast_id=tonight.id)
    session.execute(update(Broadcast).values(not_after=NOW - timedelta(seconds=1)))
    session.commit()
    assert delivery.start(engine, [post]) == ([], [])
    assert state(session)[0] == S.QUEUED  # and the next claim knows
    clock.forward(seconds=5)
    assert start(session, engine, tonight) == []
    assert state(session) == LATE


def test_after_a_pause_and_a_killed_worker_it_is_too_late(
    session: Session, engine: Engine, clock: Clock, tonight: Broadcast, look: Callable[[], None]
) -> None:
    delivery.claim(engine, broadcast_id=tonight.id)  # by a worker that dies
    tonight.state = BroadcastState.PAUSED
    clock.set(TEN_MINUTES + timedelta(hours=1))
    look()
    look()
    assert state(session) == (S.QUEUED, None)
    tonight.state = BroadcastState.SENDING
    look()
    assert state(session) == LATE
    assert delivery.waiting_broadcasts(engine) == [tonight.id]  # to be called sent
    assert delivery.finish(engine, tonight.id)


def test_a_long_line_ends_at_once_when_the_time_has_come(
    session: Session, engine: Engine, clock: Clock, tonight: Broadcast, look: Callable[[], None], monkeypatch
) -> None:
    monkeypatch.setattr("optin.sending.send_until.MESSAGES_AT_ONCE", 7)
    numbers = outbox.numbers(30)
    for number in numbers:
        outbox.opted_in(session, number)
    outbox.add_people(session, tonight, numbers)
    session.commit()
    with Session(engine) as own:  # one whose STOP the message does not know of
        ledger.opt_out(own, numbers[0], act("STOP"))
        own.execute(update(Message).where(Message.number == numbers[0]).values(status=S.QUEUED, reason=None))
        own.commit()
    look()
    assert set(session.scalars(select(Message.status))) == {S.QUEUED}
    clock.set(TEN_MINUTES)
    look()
    assert start(session, engine, tonight) == []
    rows = {row.number: (row.status, row.reason) for row in session.execute(select(Message.__table__))}
    assert rows.pop(numbers[0]) == (S.CANCELLED, Reason.OPTED_OUT)
    assert list(rows.values()) == [LATE] * 30


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (None, (S.QUEUED, Reason.OUTSIDE_HOURS)),
        (16, (S.QUEUED, Reason.OUTSIDE_HOURS)),  # eight in the morning is in fifteen hours
        (15.001, (S.QUEUED, Reason.OUTSIDE_HOURS)),
        (15, LATE),
        (2, LATE),
    ],
)
def test_what_would_wait_past_it_for_the_morning_ends(
    session: Session, engine: Engine, clock: Clock, tonight: Broadcast, hours: float | None, expected: tuple[str, str]
) -> None:
    policy.change(session, None, sending_hours=True, sending_to="15:00")
    evening = clock.set(NOW + timedelta(hours=1))  # 17:00 in Los Angeles
    tonight.not_after = evening + timedelta(hours=hours) if hours else None
    assert start(session, engine, tonight) == []
    assert state(session) == expected


def test_who_opted_out_is_not_called_late(session: Session, engine: Engine, clock: Clock, tonight: Broadcast) -> None:
    ledger.opt_out(session, MAYA, act("STOP"))
    session.execute(update(Message).values(status=S.QUEUED, reason=None))
    clock.set(TEN_MINUTES)
    assert start(session, engine, tonight) == []
    assert state(session) == (S.CANCELLED, Reason.OPTED_OUT)


@pytest.mark.parametrize(("hours", "expected"), [(20, LATE), (22, (S.QUEUED, Reason.CAP_REACHED))])
def test_what_would_wait_past_it_for_the_cap_ends(
    session: Session, engine: Engine, clock: Clock, tonight: Broadcast, hours: int, expected: tuple[str, str]
) -> None:
    outbox.without_sending_hours(session, cap_per_day=1)
    first = outbox.broadcast(session, to=tonight.keyword)
    session.execute(update(Message).values(broadcast_id=first.id))
    tonight_id = tonight.id
    assert len(start(session, engine, first)) == 1
    clock.forward(hours=3)
    tonight.not_after = clock.now() + timedelta(hours=hours)
    outbox.add_people(session, tonight, [])
    session.add(outbox._waiting(MAYA, tonight.sender_id, purpose="campaign", broadcast_id=tonight_id))
    assert start(session, engine, tonight) == []
    message = session.scalars(select(Message).where(Message.broadcast_id == tonight_id)).one()
    assert (message.status, message.reason) == expected


def test_what_twilio_put_off_past_it_ends(
    session: Session, engine: Engine, clock: Clock, tonight: Broadcast, look: Callable[[], None]
) -> None:
    [post] = start(session, engine, tonight)
    delivery.record(engine, [(post, GatewayError("busy", Failure.NOT_SENT, code=20429))])
    assert state(session)[0] == S.QUEUED
    clock.set(TEN_MINUTES)
    look()
    assert state(session) == LATE


@pytest.mark.parametrize(
    ("seconds", "validity"),
    [(600, "599"), (36_000.5, None), (35_000, "34999"), (1.2, "1"), (3 * 86_400, None), (None, None)],
)
def test_twilio_is_told_how_long_its_own_queue_may_keep_it(
    session: Session, engine: Engine, clock: Clock, provider: Provider, tonight: Broadcast, seconds: float | None,
    validity: str | None,
) -> None:  # fmt: skip
    tonight.not_after = clock.now() + timedelta(seconds=seconds) if seconds else None
    session.commit()
    [post] = delivery.claim(engine, broadcast_id=tonight.id)
    assert delivery.deliver(engine, gateway_to(provider.url), post, CALLBACK) == S.SENT
    [form] = provider.accepted
    said = form.get("ValidityPeriod")
    assert said == validity or (said and validity and 0 <= int(validity) - int(said) <= 2)


def test_who_is_known_to_be_too_late_stands_in_the_results_at_once(
    session: Session, engine: Engine, clock: Clock, tonight: Broadcast
) -> None:
    session.query(Message).delete()
    east = "+12125550177"
    outbox.opted_in(session, east)
    outbox.add_people(session, tonight, [east], zones="America/New_York")
    session.query(Message).delete()
    policy.change(session, None, sending_hours=True, sending_to="19:00")  # over in New York, open in Los Angeles
    asked = audience.ask(
        session,
        session.get_one(Campaign, tonight.campaign_id),
        OURS,
        Channel.SMS,
        policy.load(session),
        not_after=TEN_MINUTES,
    )
    assert deciding.queue_broadcast(session, tonight, asked) == 1
    rows = {row.number: (row.status, row.reason) for row in session.execute(select(Message.__table__))}
    assert rows == {MAYA: (S.QUEUED, None), east: LATE}
    causes = queries.progress(session, tonight).causes
    assert [(cause.status, cause.reason, cause.count) for cause in causes] == [(*LATE, 1)]
    late = session.scalars(select(Message).where(Message.number == east)).one()
    assert recipient_list.why(late) == "Too late: its time to send had passed"


def test_while_the_time_comes_none_starts_after_it(session: Session, engine: Engine, tonight: Broadcast) -> None:
    numbers = outbox.numbers(90)
    for number in numbers:
        outbox.opted_in(session, number)
    outbox.add_people(session, tonight, numbers)
    session.commit()
    broadcast_id, some, over = tonight.id, threading.Event(), threading.Event()
    begun_after: list[int] = []  # how many each start let out that began after the commit

    def send() -> None:
        while posts := delivery.claim(engine, broadcast_id=broadcast_id, limit=4):
            over.wait(random.uniform(0, 0.02))
            while posts:
                is_over = over.is_set()
                started, posts = delivery.start(engine, posts)
                some.set()
                if is_over:
                    begun_after.append(len(started))

    with ThreadPoolExecutor(3) as threads:
        jobs = [threads.submit(send) for _ in range(3)]
        assert some.wait(60)
        with Session(engine) as own:  # the time comes: the row says so from this commit on
            moment = own.scalar(select(Broadcast.created_at).where(Broadcast.id == broadcast_id))
            own.execute(update(Broadcast).values(not_after=moment))
            own.commit()
        over.set()
        for job in jobs:
            job.result(60)
    assert begun_after
    assert sum(begun_after) == 0
    assert set(session.execute(select(Message.status, Message.reason).where(Message.started_at.is_(None))).all()) <= {
        LATE, (S.QUEUED, None)
    }  # fmt: skip
