"""Jobs that send at a pace: together they are never quicker than it, and everybody still gets it once."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.jobs.sender_pool import SenderPool
from optin.jobs.sending import send_waiting
from optin.models import Broadcast
from optin.sending import pace
from tests.support import outbox
from tests.support.faults.processes import arrange_broadcast
from tests.support.provider import Provider, gateway_to, serve_provider

RATE = 40.0
PEOPLE = 60


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


def send(engine: Engine, provider: Provider, broadcast_id: int, jobs: int) -> None:
    """Send with several jobs, each with threads of its own, as processes have them."""
    pools = [SenderPool(engine, gateway_to(provider.url), "http://127.0.0.1:9/status", 8, "test") for _ in range(jobs)]
    with ThreadPoolExecutor(jobs) as threads:
        for job in [threads.submit(send_waiting, pool, broadcast_id, 60) for pool in pools]:
            job.result(90)
    for pool in pools:
        pool.stop(20)


def see_that_none_came_early(provider: Provider, began: datetime, apart: float) -> None:
    """See that each request came after its turn: however late some are, those behind them are no earlier for it."""
    times = sorted(at.timestamp() - began.timestamp() for at in provider.accepted_at)
    early = {place: at for place, at in enumerate(times) if at < place * apart - pace.AT_ONCE}
    assert early == {}


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 4])
def test_jobs_share_the_pace_of_their_sender(engine: Engine, provider: Provider, jobs: int) -> None:
    broadcast_id = arrange_broadcast(engine, PEOPLE)
    with Session(engine) as session:
        session.get_one(Broadcast, broadcast_id).sender.segments_per_second = RATE
        session.commit()
    began = clock.now()
    send(engine, provider, broadcast_id, jobs)
    assert Counter(number for number, _ in provider.texts) == Counter(outbox.numbers(PEOPLE))
    see_that_none_came_early(provider, began, 1 / RATE)


@pytest.mark.slow
def test_a_broadcast_is_spread(engine: Engine, provider: Provider) -> None:
    broadcast_id = arrange_broadcast(engine, 6)
    with Session(engine) as session:
        session.get_one(Broadcast, broadcast_id).seconds_apart = 0.3
        session.commit()
    began = clock.now()
    send(engine, provider, broadcast_id, 2)
    assert len(provider.accepted_at) == 6
    see_that_none_came_early(provider, began, 0.3)


@pytest.mark.slow
def test_a_slow_one_keeps_no_job_from_the_others(engine: Engine, provider: Provider) -> None:
    broadcast_id = arrange_broadcast(engine, 3)
    with Session(engine) as session:
        session.get_one(Broadcast, broadcast_id).seconds_apart = 600.0
        session.commit()
    pool = SenderPool(engine, gateway_to(provider.url), "http://127.0.0.1:9/status", 8, "test")
    began = time.monotonic()
    send_waiting(pool, broadcast_id, 60)
    pool.stop(20)
    assert len(provider.accepted) == 1
    assert time.monotonic() - began < 40, "it waited until its time was over"
