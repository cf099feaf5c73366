"""The database stops working in the middle: whatever waits goes on by itself when it works again, none of it twice."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, delete, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin import clock
from optin.consent import ledger
from optin.database.transactions import reading
from optin.enums import BroadcastState, MessageStatus, OptInStatus
from optin.models import Broadcast, Figure, Message, OptIn, Reconciliation, SendingGate
from tests.support import outbox
from tests.support.databases import administering, postgresql_server
from tests.support.faults.outages import PLACES, Place, postgresql_on_a_small_disk
from tests.support.faults.processes import SERVER, arrange_broadcast, running, until
from tests.support.provider import Provider, serve_provider

PEOPLE = 300
AGAIN = 60.0
"""Seconds within which everything goes on once the cause is gone."""
QUESTION, LOST, SCHEDULED = "+14155550141", "+14155550142", "+14155550143"
DUE = timedelta(seconds=6)
SHORT = pytest.param(10, {"PATIENCE": "3", "SELDOM": "8"}, id="short")
LONG = pytest.param(42, {}, marks=pytest.mark.soak, id="long")


@dataclass
class Work:
    """All that waits, one of each kind, due while the database does not work."""

    engine: Engine
    broadcast_id: int
    scheduled_id: int
    message_id: int
    lost_id: int


@pytest.fixture(params=PLACES, ids=lambda place: place.__name__)
def place(request: pytest.FixtureRequest, shared_folder: Path, tmp_path: Path) -> Iterator[Place]:
    make: Callable[[Path, Path], AbstractContextManager[Place]] = request.param
    with make(shared_folder, tmp_path) as place:
        yield place


@pytest.mark.parametrize(("seconds", "shortened"), [SHORT, LONG])
def test_all_that_waits_goes_on_and_nothing_is_sent_twice(
    place: Place, tmp_path: Path, seconds: float, shortened: dict[str, str]
) -> None:
    work = arrange(create_engine(place.url, poolclass=NullPool))
    with serve_provider() as provider:
        provider.seconds = 0.4
        with running(SERVER, place.url, tmp_path / "app", provider, **shortened) as server:
            until(lambda: len(provider.accepted) > PEOPLE / 4)
            with place.fails(server.pid):
                time.sleep(seconds)
            began, left = time.monotonic(), {}
            while (left := undone(work)) and time.monotonic() - began < AGAIN:
                time.sleep(0.3)
            assert left == {}, (tmp_path / "app" / "log").read_text()[-3000:]
            assert server.poll() is None
        everybody_got_it_once(work, provider)


def test_a_full_disk_keeps_no_other_database_from_being_stored(shared_folder: Path, tmp_path: Path) -> None:
    with (
        postgresql_on_a_small_disk(shared_folder, tmp_path) as place,
        place.fails(os.getpid()),
        administering(postgresql_server(shared_folder)) as others,
    ):
        others.execute("CHECKPOINT")


def arrange(engine: Engine) -> Work:
    """Have one of each kind of work wait; all but the broadcast is due a few seconds later."""
    broadcast_id = arrange_broadcast(engine, PEOPLE)
    due = clock.now() + DUE
    with Session(engine) as session:
        keyword = outbox.keyword(session, "RIDES", double_opt_in=True)
        outbox.opted_in(session, QUESTION, keyword)
        session.scalars(select(OptIn).where(OptIn.number == QUESTION)).one().expires_at = due
        one = outbox.one_to_one(session)
        one.not_before = due
        lost = outbox.one_to_one(session, LOST, "Did it go?")
        lost.status, lost.updated_at = MessageStatus.UNKNOWN, clock.now() - timedelta(minutes=29, seconds=54)
        scheduled = outbox.broadcast(session, to=outbox.keyword(session), body="It begins")
        outbox.add_people(session, scheduled, [SCHEDULED])
        session.execute(delete(Message).where(Message.broadcast_id == scheduled.id))
        ledger.opt_in(session, SCHEDULED, outbox.keyword(session), outbox.act("VOLUNTEER"))
        scheduled.state, scheduled.started_at, scheduled.starts_at = BroadcastState.SCHEDULED, None, due
        session.add(Figure(name="active", asked_at=due))
        session.commit()
        return Work(engine, broadcast_id, scheduled.id, one.id, lost.id)


def undone(work: Work) -> dict[str, object]:
    """Return what has not come to its end yet, by the kind of job."""
    with reading(work.engine) as session:
        gate = session.get_one(SendingGate, 1)
        found = {
            "broadcast": (session.get_one(Broadcast, work.broadcast_id).state, BroadcastState.SENT),
            "scheduled broadcast": (session.get_one(Broadcast, work.scheduled_id).state, BroadcastState.SENT),
            "urgent": (session.get_one(Message, work.message_id).status, MessageStatus.SENT),
            "settling": (session.get_one(Message, work.lost_id).status, MessageStatus.NOT_FOUND),
            "question": (
                session.scalar(select(OptIn.status).where(OptIn.number == QUESTION)),
                OptInStatus.EXPIRED,
            ),
            "figures": (session.get_one(Figure, "active").asked_at, None),
            "comparison": (session.get_one(Reconciliation, "inbound").lease_until, None),
            "sign of life": (gate.alive_at is not None and clock.now() - gate.alive_at < timedelta(seconds=15), True),
            "gate": (gate.closed_at, None),
        }
    return {kind: is_now for kind, (is_now, wanted) in found.items() if is_now != wanted}


def everybody_got_it_once(work: Work, provider: Provider) -> None:
    """See that each got what was meant for them, and that the outbox knows."""
    got = Counter(provider.texts)
    assert set(got.values()) == {1}
    assert len(got) == PEOPLE + 2
    with reading(work.engine) as session:
        states = Counter(session.scalars(select(Message.status).where(Message.id != work.lost_id)))
    assert states == {MessageStatus.SENT: PEOPLE + 2}
