"""Tests of two texts with real processes and threads: killed with SIGKILL, two who decide at once, 1,000 people."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.transactions import reading, writing
from optin.enums import BroadcastState, Direction, Meaning, MessageStatus, TextTestState, Variant
from optin.models import AuditEntry, Broadcast, Message, VariantMessage
from optin.sending import variants
from optin.texts.text_test import TextTest
from tests.support import outbox
from tests.support.faults.processes import (
    WORKER,
    arrange_broadcast,
    kill,
    let_leases_end,
    messages,
    running,
    state,
    until,
)
from tests.support.provider import serve_provider
from tests.support.servers import LiveServer

PEOPLE, IN_TEST = 130, 100
FIRST, SECOND = "Can you come?", "Join us!"


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def arrange(engine: Engine, people: int = PEOPLE, *, goes_on: bool = True) -> int:
    """Have a broadcast that tests two texts wait in the outbox."""
    broadcast_id = arrange_broadcast(engine, people)
    chosen = variants.columns(TextTest(SECOND, goes_on=goes_on)) | {"body": FIRST}
    with writing(engine) as session:
        session.execute(update(Broadcast).where(Broadcast.id == broadcast_id).values(**chosen))
    return broadcast_id


def how_far(engine: Engine, broadcast_id: int) -> tuple[str | None, str | None]:
    """Return how far the test is, and who won."""
    with reading(engine) as session:
        mine = select(Broadcast.test_state, Broadcast.winner).where(Broadcast.id == broadcast_id)
        return session.execute(mine).one()


def answer(session: Session, variant: Variant, count: int) -> None:
    """Let so many of those who got a text write back now."""
    now = clock.now()
    drawn = select(Message).join(VariantMessage).where(VariantMessage.variant == variant).limit(count)
    for message in session.scalars(drawn).all():
        session.add(
            Message(
                direction=Direction.INBOUND, number=message.number, sender_id=message.sender_id, body="Count me in",
                conversation_id=message.conversation_id, status=MessageStatus.RECEIVED, meaning=Meaning.ORDINARY,
                created_at=now, updated_at=now,
            )
        )  # fmt: skip


def end_hours(engine: Engine, broadcast_id: int, answers: int = 9) -> None:
    """Let so many answer the second text, and the hours for answers be over."""
    with writing(engine) as session:
        answer(session, Variant.B, answers)
        session.execute(update(Broadcast).where(Broadcast.id == broadcast_id).values(test_ends_at=clock.now()))


def texts(engine: Engine, broadcast_id: int) -> Counter[str]:
    """Count the texts that people got, the test apart: "a Can you come?"."""
    with reading(engine) as session:
        rows = select(Message.body, VariantMessage.variant).outerjoin(VariantMessage)
        out = rows.where(Message.broadcast_id == broadcast_id, Message.started_at.is_not(None))
        return Counter(f"{variant or 'rest'} {body}" for body, variant in session.execute(out))


def decisions(engine: Engine) -> int:
    with reading(engine) as session:
        lines = select(AuditEntry.field).where(AuditEntry.action == "decided")
        return Counter(session.scalars(lines))["Text for the others"]


def once(found: list[tuple[str, str]]) -> bool:
    return max(Counter(number for number, _ in found).values()) == 1


WHOLE = Counter({f"a {FIRST}": 50, f"b {SECOND}": 50, f"rest {SECOND}": 30})


@pytest.mark.parametrize("kill_at", [0, 5, 60])
def test_a_test_that_is_killed_is_sent_by_another_process_as_it_was_drawn(
    database: str, engine: Engine, tmp_path: Path, kill_at: int
) -> None:
    broadcast_id = arrange(engine)
    with serve_provider() as provider:
        provider.seconds = 0.05
        with running(WORKER, database, tmp_path / "one", provider) as first:
            until(lambda: provider.requests >= kill_at)
            kill(first)
        let_leases_end(engine)
        with (
            running(WORKER, database, tmp_path / "two", provider),
            running(WORKER, database, tmp_path / "three", provider),
        ):
            until(lambda: how_far(engine, broadcast_id) == (TextTestState.MEASURING, None))
            assert texts(engine, broadcast_id) == Counter({f"a {FIRST}": 50, f"b {SECOND}": 50})
            end_hours(engine, broadcast_id)
            until(lambda: texts(engine, broadcast_id) == WHOLE)
        assert once(provider.texts)
    assert decisions(engine) == 1


def test_a_decision_that_is_killed_before_its_commit_is_made_by_another(
    database: str, engine: Engine, tmp_path: Path
) -> None:
    broadcast_id = arrange(engine)
    half, said = ("-m", "tests.support.faults.half_decision", str(broadcast_id)), tmp_path / "half"
    with serve_provider() as provider:
        with running(WORKER, database, tmp_path / "one", provider) as first:
            until(lambda: how_far(engine, broadcast_id) == (TextTestState.MEASURING, None))
            kill(first)
        end_hours(engine, broadcast_id)
        with running(half, database, tmp_path, provider) as second:
            until(said.exists)
            assert how_far(engine, broadcast_id) == (TextTestState.MEASURING, None)
            kill(second)
        let_leases_end(engine)
        assert (said.read_text(), decisions(engine)) == ("b", 0)
        with running(WORKER, database, tmp_path / "three", provider):
            until(lambda: texts(engine, broadcast_id) == WHOLE)
        assert once(provider.texts)
    assert decisions(engine) == 1


def test_the_winner_goes_to_the_rest_though_who_decided_is_killed(
    database: str, engine: Engine, tmp_path: Path
) -> None:
    broadcast_id = arrange(engine)
    with serve_provider() as provider:
        provider.seconds = 0.1
        with running(WORKER, database, tmp_path / "one", provider) as first:
            until(lambda: how_far(engine, broadcast_id) == (TextTestState.MEASURING, None))
            end_hours(engine, broadcast_id)
            until(lambda: provider.requests > IN_TEST + 3)
            kill(first)
        with writing(engine) as session:
            answer(session, Variant.A, 40)  # too late: it is decided
        let_leases_end(engine)
        with running(WORKER, database, tmp_path / "two", provider):
            until(lambda: all(row.status != MessageStatus.QUEUED for row in messages(engine)))
        assert once(provider.texts)
        assert {body for number, body in provider.texts[IN_TEST:]} == {SECOND}
    assert (how_far(engine, broadcast_id), decisions(engine)) == ((TextTestState.DECIDED, "b"), 1)


def sent_to_the_test(engine: Engine, broadcast_id: int) -> None:
    """Draw the test and have it sent, as far as the rows say."""
    variants.choose(engine, broadcast_id)
    with writing(engine) as session:
        for message in session.scalars(select(Message).join(VariantMessage)):
            outbox.went(message)
    variants.measure(engine, broadcast_id)
    end_hours(engine, broadcast_id, answers=0)


def at_once(acts: list[Callable[[], object]]) -> list[object]:
    """Do them in threads that begin together; return what each gave."""
    given: list[object] = [None] * len(acts)
    together = threading.Barrier(len(acts))

    def do(place: int) -> None:
        together.wait()
        given[place] = acts[place]()

    threads = [threading.Thread(target=do, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def test_of_many_who_decide_at_once_one_does(engine: Engine) -> None:
    broadcast_id = arrange(engine)
    sent_to_the_test(engine, broadcast_id)
    done = at_once([lambda: variants.decide(engine, broadcast_id)] * 8)
    assert Counter(done) == {True: 1, False: 7}
    assert (how_far(engine, broadcast_id), decisions(engine)) == ((TextTestState.DECIDED, "a"), 1)


def test_of_two_users_who_decide_at_once_one_does(engine: Engine) -> None:
    broadcast_id = arrange(engine, goes_on=False)
    sent_to_the_test(engine, broadcast_id)
    assert variants.decide(engine, broadcast_id)
    with writing(engine) as session:
        user_id = outbox.author(session)

    def pick(variant: Variant) -> bool:
        with writing(engine) as session:
            return variants.pick(session, broadcast_id, variant, user_id) is None

    done = at_once([lambda one=one: pick(one) for one in (*Variant, *Variant)])  # type: ignore[misc]
    assert Counter(done) == {True: 1, False: 3}
    picked = (*Variant, *Variant)[done.index(True)]
    assert (how_far(engine, broadcast_id), decisions(engine)) == ((TextTestState.DECIDED, picked), 1)


@pytest.mark.slow
def test_a_thousand_people_on_the_simulator(live_server: LiveServer) -> None:
    with live_server.session() as session:
        engine = session.get_bind()
        assert isinstance(engine, Engine)
        session.execute(update(Broadcast).values(state=BroadcastState.CANCELLED))
        session.commit()
    broadcast_id = arrange(engine, 1000)
    until(lambda: how_far(engine, broadcast_id) == (TextTestState.MEASURING, None), 120, 0.2)
    assert sum(texts(engine, broadcast_id).values()) == 200
    end_hours(engine, broadcast_id)
    until(lambda: state(engine, broadcast_id) == BroadcastState.SENT, 120, 0.2)
    assert texts(engine, broadcast_id) == {f"a {FIRST}": 100, f"b {SECOND}": 100, f"rest {SECOND}": 800}
    numbers = set(outbox.numbers(1000))
    listed = [text for text in live_server.app.extensions["gateway"].listed() if text.number in numbers]
    assert Counter(text.body for text in listed) == {FIRST: 100, SECOND: 900}
    assert max(Counter(text.number for text in listed).values()) == 1
