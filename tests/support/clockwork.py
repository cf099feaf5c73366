"""What the schedule of a process does from time to time, and a job with what waits, done when a test wants it."""

from collections.abc import Callable

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin.jobs import schedule
from optin.jobs.schedule import Offers
from optin.jobs.worker import Worker
from optin.models import Broadcast
from optin.sending import delivery

NO_OFFERS = Offers(lambda: None, lambda broadcast_id: None, lambda task_id: None)
"""Gives nothing a job: the test does what a job would."""


def looking(app: Flask, session: Session) -> Callable[[], None]:
    """Return what does all chores of one process once; the test's session commits before."""
    worker = Worker(app)
    chores = schedule.chores(worker, NO_OFFERS) + schedule.series_of_texts(worker)

    def look() -> None:
        session.commit()
        for chore in chores:
            chore.do()

    return look


def start(session: Session, engine: Engine, broadcast: Broadcast) -> list[delivery.ClaimedMessage]:
    """Claim and start what may go of a broadcast; return what has started."""
    session.commit()
    started, held = delivery.start(engine, delivery.claim(engine, broadcast_id=broadcast.id))
    assert held == []
    return started
