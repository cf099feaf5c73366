"""One job against a real server: a slow answer holds up nothing, a provider in trouble is spared, no fault loses."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus
from optin.jobs.sender_pool import SenderPool
from optin.jobs.sending import send_waiting
from optin.models import Broadcast
from tests.support import outbox
from tests.support.faults.processes import arrange_broadcast, messages, until
from tests.support.provider import ACCEPT, Provider, Raw, gateway_to, serve_provider

THREADS = 8


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
    provider.slow.clear()
    pool.stop(20)


def test_a_slow_answer_holds_up_no_other_message(engine: Engine, provider: Provider, pool: SenderPool) -> None:
    slow, *others = outbox.numbers(2 * THREADS)
    provider.slow.add(slow)
    _write(engine, [slow])
    with ThreadPoolExecutor(1) as job:
        sending = job.submit(send_waiting, pool, None, 60)
        until(lambda: len(provider.accepted) == 1)
        _write(engine, others)
        until(lambda: len(provider.accepted) == len(others) + 1)
        assert not sending.done()
        provider.slow.clear()
        sending.result(20)
    assert _states(engine) == {MessageStatus.SENT: len(others) + 1}


@pytest.mark.slow
def test_nothing_is_started_that_would_wait_for_slow_answers(
    engine: Engine, provider: Provider, pool: SenderPool
) -> None:
    provider.seconds = 0.6
    _write(engine, outbox.numbers(3 * THREADS))
    started = []
    with ThreadPoolExecutor(1) as job:
        sending = job.submit(send_waiting, pool, None, 60)
        while not sending.done():
            started.append(_states(engine)[MessageStatus.SENDING])
            time.sleep(0.02)
    assert max(started) == THREADS
    assert _states(engine) == {MessageStatus.SENT: 3 * THREADS}


@pytest.mark.slow
def test_a_pause_stops_what_was_not_started(engine: Engine, provider: Provider, pool: SenderPool) -> None:
    broadcast_id = arrange_broadcast(engine, 200)
    provider.seconds = 0.1
    with ThreadPoolExecutor(1) as job:
        sending = job.submit(send_waiting, pool, broadcast_id, 60)
        until(lambda: len(provider.accepted) > THREADS)
        _change(engine, broadcast_id, BroadcastState.PAUSED)
        at_pause = provider.requests
        sending.result(20)
    assert provider.requests <= at_pause + 2 * THREADS
    assert _states(engine) == {
        MessageStatus.SENT: provider.requests,
        MessageStatus.QUEUED: 200 - provider.requests,
    }
    _change(engine, broadcast_id, BroadcastState.SENDING)
    provider.seconds = 0
    send_waiting(pool, broadcast_id, 60)
    assert _states(engine) == {MessageStatus.SENT: 200}
    assert set(Counter(number for number, _ in provider.texts).values()) == {1}


def test_two_jobs_on_one_broadcast_send_each_message_once(engine: Engine, provider: Provider, pool: SenderPool) -> None:
    broadcast_id = arrange_broadcast(engine, 90)
    with ThreadPoolExecutor(3) as jobs:
        for sending in [jobs.submit(send_waiting, pool, broadcast_id, 60) for _ in range(3)]:
            sending.result(60)
    assert _states(engine) == {MessageStatus.SENT: 90}
    assert Counter(number for number, _ in provider.texts) == Counter(outbox.numbers(90))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "state"), [((500, 20500), MessageStatus.UNKNOWN), ((429, 20429), MessageStatus.QUEUED)]
)
def test_a_provider_in_trouble_gets_single_tries(
    engine: Engine, provider: Provider, pool: SenderPool, answer: tuple[int, int], state: MessageStatus
) -> None:
    broadcast_id = arrange_broadcast(engine, 100)
    provider.answers = [answer] * 100
    send_waiting(pool, broadcast_id, 5)
    assert THREADS < provider.requests <= THREADS + 2  # the first ones, one a second later, one two seconds later
    assert _states(engine)[state] >= THREADS


@pytest.mark.slow
def test_answers_without_a_sid_spoil_only_themselves_and_hold_nothing_up(
    engine: Engine, provider: Provider, pool: SenderPool
) -> None:
    broadcast_id = arrange_broadcast(engine, 100)
    spoilt = Raw(201, '{"status": "queued"}')
    provider.answers = [spoilt if index % 5 == 0 else ACCEPT for index in range(100)]
    began = time.monotonic()
    send_waiting(pool, broadcast_id, 60)
    assert _states(engine) == {MessageStatus.UNKNOWN: 20, MessageStatus.SENT: 80}
    assert time.monotonic() - began < 20, "a database that answers is not asked again"


@pytest.mark.slow
def test_after_trouble_it_goes_on_with_all_threads(engine: Engine, provider: Provider, pool: SenderPool) -> None:
    broadcast_id = arrange_broadcast(engine, 100)
    provider.answers = [(500, 20500)] * THREADS
    send_waiting(pool, broadcast_id, 60)
    assert _states(engine) == {MessageStatus.UNKNOWN: THREADS, MessageStatus.SENT: 100 - THREADS}


def test_a_stop_ends_the_job_and_leaves_nothing_open(engine: Engine, provider: Provider, pool: SenderPool) -> None:
    broadcast_id = arrange_broadcast(engine, 200)
    provider.seconds = 0.1
    with ThreadPoolExecutor(1) as job:
        sending = job.submit(send_waiting, pool, broadcast_id, 60)
        until(lambda: len(provider.accepted) > THREADS)
        assert pool.stop(20)
        sending.result(20)
    assert _states(engine) == {
        MessageStatus.SENT: provider.requests,
        MessageStatus.QUEUED: 200 - provider.requests,
    }


@pytest.mark.slow
def test_a_database_that_is_disturbed_loses_nothing(
    database: str, engine: Engine, provider: Provider, pool: SenderPool
) -> None:
    broadcast_id = arrange_broadcast(engine, 200)
    provider.seconds = 0.05
    ended = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        disturbing = threads.submit(_disturb, database, ended)
        threads.submit(send_waiting, pool, broadcast_id, 60).result(90)
        ended.set()
        disturbing.result(20)
    states = _states(engine)
    # A start whose commit was cut off may have been made: such a message is not sent, and its lease settles it.
    assert states[MessageStatus.SENT] == len(provider.accepted)
    assert states.keys() <= {MessageStatus.SENT, MessageStatus.SENDING, MessageStatus.CLAIMED}
    assert states[MessageStatus.SENT] > 100
    assert set(Counter(number for number, _ in provider.texts).values()) == {1}


def _disturb(database: str, ended: threading.Event) -> None:
    """Cut all connections now and then, or keep the write lock for a while where there are none."""
    engine = create_engine(database, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    while not ended.wait(0.3):
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
            else:
                with connection.begin():  # optin/database/transactions.py takes the write lock
                    ended.wait(0.5)


def _write(engine: Engine, numbers: list[str]) -> None:
    with Session(engine) as session:
        for number in numbers:
            outbox.one_to_one(session, number)
        session.commit()


def _change(engine: Engine, broadcast_id: int, state: BroadcastState) -> None:
    with Session(engine) as session:
        session.get_one(Broadcast, broadcast_id).state = state
        session.commit()


def _states(engine: Engine) -> Counter[str]:
    return Counter(message.status for message in messages(engine))
