"""Errors of the account or of a sender stop what would meet them too: nothing is burnt, and it goes on by itself."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import MessageStatus
from optin.jobs.sender_pool import SenderPool
from optin.jobs.sending import send_waiting
from optin.models import Message
from optin.sending import delivery
from tests.support import outbox
from tests.support.faults.processes import arrange_broadcast, messages
from tests.support.provider import Answer, Provider, Raw, gateway_to, serve_provider

THREADS = 8
S = MessageStatus
FIREWALL = Raw(403, "<html>Blocked</html>", (("Content-Type", "text/html"),))
OF_ACCOUNT = [(401, 20003), (403, 20005), (400, 30002), (429, 63038), (404, 20404), (400, 21609), (401, 0), FIREWALL]
OF_SENDER = [(400, 21606), (400, 21659), (400, 21704), (404, 21701), (400, 21212), (400, 21660)]


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


@pytest.fixture
def pool(engine: Engine, provider: Provider) -> Iterator[SenderPool]:
    pool = SenderPool(engine, gateway_to(provider.url), "http://127.0.0.1:9/status", THREADS, "test")
    yield pool
    pool.stop(20)


def work(engine: Engine, pool: SenderPool, broadcast_id: int, seconds: float) -> None:
    """Do for a time what the schedule does: give a job to a broadcast that has something to be claimed."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and delivery.waiting_broadcasts(engine) != []:
        send_waiting(pool, broadcast_id, left)
        if delivery.finish(engine, broadcast_id):
            return
        time.sleep(0.1)
    if left > 0.2:
        time.sleep(0.1)
        work(engine, pool, broadcast_id, left - 0.1)


def states(engine: Engine) -> Counter[str]:
    return Counter(message.status for message in messages(engine))


@pytest.mark.slow
@pytest.mark.parametrize("answer", [*OF_ACCOUNT, *OF_SENDER], ids=str)
def test_an_error_of_account_or_sender_burns_nothing_and_is_met_by_few(
    engine: Engine, provider: Provider, pool: SenderPool, answer: Answer | Raw
) -> None:
    broadcast_id = arrange_broadcast(engine, 60)
    provider.always = answer
    work(engine, pool, broadcast_id, 1.5)
    assert states(engine) == {S.QUEUED: 60}
    assert not delivery.finish(engine, broadcast_id)
    assert provider.requests <= THREADS + 3


@pytest.mark.slow
def test_after_nine_seconds_of_refused_sign_ins_everybody_gets_the_broadcast_once(
    engine: Engine, provider: Provider, pool: SenderPool
) -> None:
    broadcast_id = arrange_broadcast(engine, 120)
    provider.always = (401, 20003)
    work(engine, pool, broadcast_id, 9)
    assert states(engine) == {S.QUEUED: 120}
    assert provider.requests <= THREADS + 5, "single tries, longer and longer apart"
    provider.always = None
    work(engine, pool, broadcast_id, 30)
    assert states(engine) == {S.SENT: 120}
    assert Counter(number for number, _ in provider.texts) == Counter(outbox.numbers(120))


@pytest.mark.slow
def test_two_processes_try_no_more_than_one(engine: Engine, provider: Provider, pool: SenderPool) -> None:
    broadcast_id = arrange_broadcast(engine, 60)
    provider.always = (401, 20003)
    other = SenderPool(engine, gateway_to(provider.url), "http://127.0.0.1:9/status", THREADS, "other")
    with ThreadPoolExecutor(2) as threads:
        for job in [threads.submit(work, engine, each, broadcast_id, 5) for each in (pool, other)]:
            job.result(60)
    other.stop(20)
    assert provider.requests <= 2 * THREADS + 4
    assert states(engine) == {S.QUEUED: 60}


@pytest.mark.slow
def test_one_number_that_meets_the_senders_error_alone_fails_alone(
    engine: Engine, provider: Provider, pool: SenderPool
) -> None:
    broadcast_id = arrange_broadcast(engine, 30)
    foreign = outbox.numbers(30)[3]
    provider.at = {foreign: (400, 21659)}
    work(engine, pool, broadcast_id, 40)
    assert states(engine) == {S.SENT: 29, S.FAILED: 1}
    with Session(engine) as session:
        assert session.scalars(select(Message.number).where(Message.status == S.FAILED)).all() == [foreign]


@pytest.mark.parametrize("answer", [(400, 21408), (400, 21612), (400, 21608), (400, 21617), (400, 30007), (400, 0)])
def test_an_error_of_the_message_stops_nothing(
    engine: Engine, provider: Provider, pool: SenderPool, answer: Answer
) -> None:
    broadcast_id = arrange_broadcast(engine, 20)
    provider.at = {outbox.numbers(20)[0]: answer}
    work(engine, pool, broadcast_id, 20)
    assert states(engine) == {S.SENT: 19, S.FAILED: 1}
    assert provider.requests == 20
