"""The canary: a few get a broadcast first, it pauses, and goes on by a click, by itself, or not above the limits."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.database.session import db
from optin.enums import BroadcastState, CanaryState, MessageStatus
from optin.models import AuditEntry, Broadcast, CanaryMessage, Message
from optin.policy import policy
from optin.sending import canary, delivery
from tests.conftest import Clock
from tests.support import outbox
from tests.support.clients import Browser
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


@pytest.fixture
def broadcast(session: Session) -> Broadcast:
    """To twenty people, of whom four come first."""
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False, canary_least=4, canary_percent=1)
    made = outbox.broadcast(session)
    outbox.add_people(session, made, outbox.numbers(20))
    made.canary = CanaryState.CHOOSING
    session.commit()
    return made


@pytest.fixture
def job(session: Session, engine: Engine, provider: Provider, broadcast: Broadcast) -> Callable[[], None]:
    """Do what a job does with the broadcast."""

    broadcast_id = broadcast.id

    def do() -> None:
        session.commit()
        canary.choose(engine, broadcast_id)
        while claimed := delivery.claim(engine, broadcast_id=broadcast_id):
            for one in claimed:
                delivery.deliver(engine, gateway_to(provider.url), one, CALLBACK)
        canary.pause_after_first(engine, broadcast_id)
        session.expire_all()

    return do


def started(session: Session, broadcast: Broadcast) -> list[str]:
    mine = select(Message.number).where(Message.broadcast_id == broadcast.id, Message.started_at.is_not(None))
    return list(session.scalars(mine.order_by(Message.number)))


def trail(session: Session) -> list[tuple[str, str]]:
    found = select(AuditEntry.action, AuditEntry.after).where(AuditEntry.subject_kind == "broadcast")
    return [(row.action, row.after) for row in session.execute(found.order_by(AuditEntry.id))]


def fail(session: Session, broadcast: Broadcast, count: int, code: int = 30003) -> None:
    some = select(Message.id).where(Message.broadcast_id == broadcast.id, Message.started_at.is_not(None)).limit(count)
    bad = {"status": MessageStatus.UNDELIVERED, "error_code": code}
    session.execute(update(Message).where(Message.id.in_(some)).values(**bad))
    session.commit()


def test_a_few_spread_over_the_numbers_get_it_and_it_pauses(
    session: Session, broadcast: Broadcast, job: Callable[[], None]
) -> None:
    job()
    assert (broadcast.state, broadcast.canary) == (BroadcastState.PAUSED, CanaryState.WAITING)
    assert started(session, broadcast) == [outbox.numbers(20)[place] for place in (4, 9, 14, 19)]
    job()
    assert len(started(session, broadcast)) == 4
    assert trail(session) == [("paused", "after the first few")]


def test_nothing_is_claimed_before_they_are_chosen(session: Session, engine: Engine, broadcast: Broadcast) -> None:
    assert delivery.claim(engine, broadcast_id=broadcast.id) == []


def test_those_who_come_first_are_chosen_once(session: Session, engine: Engine, broadcast: Broadcast) -> None:
    canary.choose(engine, broadcast.id)
    policy.change(session, None, canary_least=9)
    session.commit()
    canary.choose(engine, broadcast.id)
    assert session.scalar(select(func.count()).select_from(CanaryMessage)) == 4


def test_where_it_would_be_everybody_there_is_none(
    session: Session, broadcast: Broadcast, job: Callable[[], None]
) -> None:
    policy.change(session, None, canary_least=20)
    job()
    assert (broadcast.state, broadcast.canary) == (BroadcastState.SENDING, None)
    assert len(started(session, broadcast)) == 20


def test_a_click_sends_to_the_others(
    session: Session, broadcast: Broadcast, job: Callable[[], None], agent: Browser
) -> None:
    job()
    page = agent.get(f"/broadcasts/{broadcast.id}").text
    assert "Paused after the first 4." in page
    assert "0 of 4, 0.0 % (of everybody probably 0.0 to 49.0 %)" in page
    agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": "sending"})
    job()
    assert (broadcast.canary, broadcast.limits_off) == (CanaryState.DONE, False)
    assert started(session, broadcast) == outbox.numbers(20)


def test_it_goes_on_by_itself_after_its_time(
    session: Session, engine: Engine, broadcast: Broadcast, job: Callable[[], None], clock: Clock
) -> None:
    policy.change(session, None, canary_goes_on=True)
    job()
    clock.forward(minutes=9)
    canary.look(engine)
    session.expire_all()
    assert broadcast.state == BroadcastState.PAUSED
    session.commit()
    clock.forward(minutes=2)
    canary.look(engine)
    canary.look(engine)
    job()
    assert started(session, broadcast) == outbox.numbers(20)
    assert trail(session)[1:] == [("resumed", "the first few were below the limits")]


@pytest.mark.parametrize("code", [30003, 30007])
def test_above_the_limits_it_stays_and_every_page_says_why(
    session: Session,
    engine: Engine,
    broadcast: Broadcast,
    job: Callable[[], None],
    clock: Clock,
    agent: Browser,
    code: int,
) -> None:
    policy.change(session, None, canary_goes_on=True)
    job()
    fail(session, broadcast, 1, code)
    clock.forward(minutes=11)
    canary.look(engine)
    canary.look(engine)
    session.expire_all()
    assert broadcast.state == BroadcastState.PAUSED
    assert "1 of 4 messages failed, above the limit of 5 %" in (broadcast.paused_because or "")
    assert ("30007" in (broadcast.paused_because or "")) == (code == 30007)
    assert len(trail(session)) == 2
    session.commit()
    for address in ("/", "/campaigns"):
        assert "paused by itself: 1 of 4 messages failed" in agent.get(address).text
    assert "Paused by itself: 1 of 4" in agent.get(f"/broadcasts/{broadcast.id}").text
    agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": "sending"})
    job()
    canary.look(engine)
    session.expire_all()
    assert (broadcast.limits_off, broadcast.paused_because) == (True, None)
    assert len(started(session, broadcast)) == 20
    session.commit()
    assert "paused by itself" not in agent.get("/").text


def test_a_running_broadcast_stops_above_the_limits_once_there_are_enough(
    session: Session, engine: Engine, provider: Provider
) -> None:
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    made = outbox.broadcast(session)
    outbox.add_people(session, made, outbox.numbers(60))
    session.commit()

    def send(count: int) -> None:
        for one in delivery.claim(engine, broadcast_id=made.id, limit=count):
            delivery.deliver(engine, gateway_to(provider.url), one, CALLBACK)

    send(49)
    fail(session, made, 20)
    canary.look(engine)
    session.expire_all()
    assert made.state == BroadcastState.SENDING
    session.commit()
    send(1)
    canary.look(engine)
    canary.look(engine)
    session.expire_all()
    assert (made.state, made.paused_because) == (
        BroadcastState.PAUSED,
        "20 of 50 messages failed, above the limit of 5 %",
    )
    assert len(trail(session)) == 1
    session.commit()
    send(10)
    assert len(started(session, made)) == 50


def test_unusually_many_opt_outs_stop_it(session: Session, engine: Engine) -> None:
    before = outbox.reached(session, *(f"+1206{5550000 + place}" for place in range(100)))
    before.state = BroadcastState.SENT
    numbers = outbox.numbers(60)
    made = outbox.reached(session, *numbers)
    for number in numbers[:5]:
        ledger.opt_out(session, number, outbox.act("STOP"))
    session.commit()
    canary.look(engine)
    session.expire_all()
    assert made.paused_because == "5 of 60 people opted out, more than 2 times the usual 0.0 %"
