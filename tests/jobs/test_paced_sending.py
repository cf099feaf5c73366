"""Jobs that send at a pace: together they are never quicker than it, and everybody still gets it once."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

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


def most_within(provider: Provider, seconds: float) -> int:
    """Return how many requests came within so many seconds, at most."""
    times = sorted(at.timestamp() for at in provider.accepted_at)
    return max(sum(begin <= at < begin + seconds for at in times) for begin in times)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 4])
def test_jobs_share_the_pace_of_their_sender(engine: Engine, provider: Provider, jobs: int) -> None:
    broadcast_id = arrange_broadcast(engine, PEOPLE)
    with Session(engine) as session:
        session.get_one(Broadcast, broadcast_id).sender.segments_per_second = RATE
        session.commit()
    send(engine, provider, broadcast_id, jobs)
    assert Counter(number for number, _ in provider.texts) == Counter(outbox.numbers(PEOPLE))
    assert most_within(provider, 1.0) <= RATE * (1 + 2 * pace.AT_ONCE)


@pytest.mark.slow
def test_a_broadcast_is_spread(engine: Engine, provider: Provider) -> None:
    broadcast_id = arrange_broadcast(engine, 6)
    with Session(engine) as session:
        session.get_one(Broadcast, broadcast_id).seconds_apart = 0.3
        session.commit()
    send(engine, provider, broadcast_id, 2)
    times = sorted(at.timestamp() for at in provider.accepted_at)
    assert len(times) == 6
    assert min(late - early for early, late in pairwise(times)) > 0.15
