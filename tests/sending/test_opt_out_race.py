"""People opt out while their messages start, in many threads: after an opt-out is stored no message to them starts."""

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.database.session import db
from optin.enums import MessageStatus
from optin.jobs.sender_pool import SenderPool
from optin.jobs.sending import send_waiting
from optin.models import Message, Sender
from optin.policy import policy
from optin.refused import Refused
from optin.sending import delivery, queueing
from tests.support import outbox
from tests.support.outbox import MAYA, act
from tests.support.provider import gateway_to, serve_provider


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def test_while_somebody_opts_out_nothing_to_them_starts(engine: Engine) -> None:
    [_, sender_id, author_id] = _arrange(engine, [MAYA])
    started: list[delivery.ClaimedMessage] = []
    committed = threading.Event()

    def write_and_send() -> bool:
        _write(engine, MAYA, sender_id, author_id)
        posts = delivery.claim(engine)
        while posts:
            begun, posts = delivery.start(engine, posts)
            started.extend(begun)
            committed.wait(0.01)
        return committed.is_set()

    with Session(engine) as leaving, ThreadPoolExecutor(1) as thread:
        ledger.opt_out(leaving, MAYA, act("STOP"))
        sending = thread.submit(write_and_send)  # a message that the opt-out has not seen and can't take back
        time.sleep(0.5)
        assert not sending.done()
        leaving.commit()
        committed.set()
        assert sending.result(30)
    assert started == []


@pytest.mark.slow
@pytest.mark.parametrize("people", [200, pytest.param(3000, marks=pytest.mark.soak)])
def test_after_an_opt_out_nothing_starts(engine: Engine, people: int) -> None:
    numbers = outbox.numbers(people)
    broadcast_id, sender_id, author_id = _arrange(engine, numbers)
    started_before: dict[str, set[int]] = {}
    finished = threading.Event()

    def leave(mine: list[str]) -> None:
        for number in mine:
            with Session(engine) as session:
                ledger.opt_out(session, number, act("STOP"))
                time.sleep(random.uniform(0, 0.004))  # a webhook has more to do before it commits
                session.commit()
                started_before[number] = set(session.scalars(_started(number)))

    def write(mine: list[str]) -> None:
        for number in mine:
            _write(engine, number, sender_id, author_id)

    def send(which: int | None) -> None:
        while not finished.is_set():
            send_waiting(pool, which, 60)
            finished.wait(0.02)

    with serve_provider() as provider, ThreadPoolExecutor(8) as threads:
        pool = SenderPool(engine, gateway_to(provider.url), "http://127.0.0.1:9/status", 8, "race")
        senders = [threads.submit(send, which) for which in (None, None, broadcast_id)]
        running = [threads.submit(write, _shuffled(numbers)) for _ in range(2)]
        running += [threads.submit(leave, mine) for mine in _dealt(_shuffled(numbers), 3)]
        _wait(running)
        finished.set()
        _wait(senders)
        pool.stop(10)
        requests = provider.requests

    with Session(engine) as session:
        for number in numbers:
            assert set(session.scalars(_started(number))) == started_before[number]
        started = session.scalar(select(func.count()).where(Message.started_at.is_not(None)))
        waiting = session.scalar(select(func.count()).where(Message.status == MessageStatus.QUEUED))
        assert (started, waiting) == (requests, 0)
        assert 0 < requests < 3 * people  # else there was no race


def _arrange(engine: Engine, numbers: list[str]) -> tuple[int, int, int]:
    """Have everybody opted in and in a broadcast; return the ids of broadcast, sender and a user."""
    with Session(engine) as session:
        outbox.without_sending_hours(session)
        word = outbox.keyword(session)
        for number in numbers:
            outbox.opted_in(session, number, word)
        broadcast = outbox.broadcast(session, to=word)
        outbox.add_people(session, broadcast, numbers)
        found = broadcast.id, broadcast.sender_id, outbox.author(session)
        session.commit()
    return found


def _write(engine: Engine, number: str, sender_id: int, author_id: int) -> None:
    """Let a user write a 1:1 message, unless the rule refuses it."""
    with Session(engine) as session:
        taken = queueing.queue_one_to_one(
            session,
            number=number,
            body="Are you there?",
            sender=session.get_one(Sender, sender_id),
            policy=policy.load(session),
            author_id=author_id,
            form_key=str(uuid4()),
        )
        if not isinstance(taken, Refused):
            session.commit()


def _started(number: str) -> Select[int]:
    return select(Message.id).where(Message.number == number, Message.started_at.is_not(None))


def _shuffled(numbers: list[str]) -> list[str]:
    return random.sample(numbers, len(numbers))


def _dealt(numbers: list[str], hands: int) -> list[list[str]]:
    return [numbers[hand::hands] for hand in range(hands)]


def _wait(jobs: Sequence[Future[None]]) -> None:
    """Wait for all, and raise what one of them raised."""
    for job in jobs:
        job.result()
