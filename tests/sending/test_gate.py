"""Nothing starts while people may have opted out unheard: after a restore however it was done, after a time away."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import Closure, MessageStatus, ReplyKind
from optin.models import Message, SendingGate
from optin.sending import delivery, gate
from optin.sending.gate_mark import Mark
from tests.conftest import Clock
from tests.support import outbox
from tests.support.clients import Browser
from tests.support.provider import Provider, gateway_to, serve_provider

CALLBACK = "http://127.0.0.1:9/webhooks/twilio/status"


@pytest.fixture
def engine(app: Flask) -> Iterator[Engine]:
    with app.app_context():
        yield db.engine
    gate._seen = None  # as in a new process


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


@pytest.fixture
def mark(tmp_path: Path) -> Mark:
    """What this machine remembers."""
    return Mark(tmp_path / "an instance")


def closure(engine: Engine) -> Closure | None:
    with Session(engine) as session:
        shut = gate.closure(session)
        return shut.closure if shut else None


def row(engine: Engine) -> SendingGate:
    with Session(engine, expire_on_commit=False) as session:
        return session.get_one(SendingGate, 1)


def send(session: Session, engine: Engine, provider: Provider) -> None:
    session.commit()
    for post in delivery.claim(engine):
        delivery.deliver(engine, gateway_to(provider.url), post, CALLBACK)


def test_a_new_database_sends(session: Session, engine: Engine, mark: Mark, provider: Provider) -> None:
    gate.beat_and_check(engine, mark, receives=True)
    outbox.one_to_one(session)
    send(session, engine, provider)
    assert closure(engine) is None
    assert len(provider.accepted) == 1


def test_without_its_row_a_database_comes_from_a_backup(
    session: Session, engine: Engine, mark: Mark, provider: Provider
) -> None:
    waits = outbox.one_to_one(session)
    session.execute(delete(SendingGate))
    send(session, engine, provider)
    assert closure(engine) is Closure.RESTORED  # even before any process has looked
    gate.beat_and_check(engine, mark, receives=True)
    session.expire_all()
    assert (waits.status, waits.error_text) == (MessageStatus.UNKNOWN, gate.FROM_BACKUP)
    session.commit()
    unsure_since = row(engine).unsure_since
    assert unsure_since is not None
    assert unsure_since < waits.created_at
    outbox.reply(session, ReplyKind.OPT_OUT)
    outbox.reply(session, ReplyKind.CONFIRMATION)
    send(session, engine, provider)
    assert list(session.scalars(select(Message.reply_kind).where(Message.status == "sent"))) == ["opt_out"]


def test_a_copy_put_back_by_hand_is_known_by_its_beat(engine: Engine, mark: Mark) -> None:
    for _ in range(3):
        gate.beat_and_check(engine, mark, receives=True)
    _put_back(engine, beats=2)
    assert closure(engine) is Closure.RESTORED or gate._seen is None  # this process sees it in the start itself
    gate._seen = None  # another process, started on the same machine
    gate.beat_and_check(engine, mark, receives=True)
    assert row(engine).closure == Closure.RESTORED
    with Session(engine) as session:
        shut = gate.closure(session)
        assert shut
        assert gate.open_again(session, shut)
        session.commit()
    gate.beat_and_check(engine, mark, receives=True)
    assert closure(engine) is None  # it is not closed for the same reason again


def test_the_start_itself_refuses_what_went_back(
    session: Session, engine: Engine, mark: Mark, provider: Provider
) -> None:
    for _ in range(3):
        gate.beat_and_check(engine, mark, receives=True)
    outbox.one_to_one(session)
    session.commit()
    posts = delivery.claim(engine)
    _put_back(engine, beats=1)
    assert delivery.start(engine, posts) == ([], [])
    assert delivery.claim(engine) == []
    assert provider.accepted == []


@pytest.mark.parametrize(("seconds", "closes"), [(90, None), (150, Closure.AWAY)])
def test_after_a_time_away_texts_may_be_missing(
    session: Session, engine: Engine, mark: Mark, clock: Clock, seconds: float, closes: Closure | None
) -> None:
    waits = outbox.one_to_one(session)
    session.commit()
    gate.beat_and_check(engine, mark, receives=True)
    gone_at = clock.now()
    clock.forward(seconds=seconds)
    gate.beat_and_check(engine, mark, receives=True)
    gate.beat_and_check(engine, mark, receives=True)
    assert closure(engine) is closes
    unsure = row(engine).unsure_since
    assert unsure is None if closes is None else unsure is not None and unsure <= gone_at
    session.expire_all()
    assert waits.status == MessageStatus.QUEUED  # it is the same database: what waits may go afterwards


def test_an_unknown_machine_cannot_tell_a_time_away_from_a_backup(
    engine: Engine, mark: Mark, clock: Clock, tmp_path: Path
) -> None:
    gate.beat_and_check(engine, mark, receives=True)
    clock.forward(minutes=3)
    gate._seen = None
    gate.beat_and_check(engine, Mark(tmp_path / "another instance"), receives=True)
    assert closure(engine) is Closure.RESTORED


def test_a_worker_alone_takes_in_nothing(engine: Engine, mark: Mark, clock: Clock) -> None:
    gate.beat_and_check(engine, mark, receives=True)
    for _ in range(3):
        clock.forward(minutes=1)
        gate.beat_and_check(engine, mark, receives=False)
    assert closure(engine) is Closure.AWAY
    with Session(engine) as session:
        shut = gate.closure(session)
        assert shut
        assert not gate.open_again(session, shut)  # still nobody takes in texts


def test_a_gate_that_closed_anew_is_not_opened(engine: Engine, mark: Mark, clock: Clock) -> None:
    with engine.begin() as connection:
        connection.execute(delete(SendingGate))
    gate.beat_and_check(engine, mark, receives=True)
    with Session(engine) as session:
        before = gate.closure(session)
        assert before
        gate.close(session, session.get_one(SendingGate, 1), Closure.RESTORED, clock.forward(minutes=1), clock.now())
        session.commit()
        assert not gate.open_again(session, before)


def test_every_page_says_so_and_nobody_writes(agent: Browser, session: Session) -> None:
    outbox.sender(session)
    person = outbox.one_to_one(session)
    session.execute(delete(SendingGate))
    for address in ("/", "/keywords", f"/inbox/{person.conversation_id}"):
        assert "Nothing is being sent for now. The database was restored from a backup" in agent.get(address).text
    answer = agent.post(f"/conversations/{person.conversation_id}/messages", data={"body": "Hello?"})
    assert answer.status_code == 422
    assert "You can’t text (415) 555-0134 right now." in answer.text
    assert "Hello?" in answer.text


def _put_back(engine: Engine, *, beats: int) -> None:
    """Let the database be as it was so many signs of life ago."""
    with engine.begin() as connection:
        connection.execute(update(SendingGate).values(beat=SendingGate.beat - beats))


def test_the_margin_reaches_back(engine: Engine, mark: Mark, clock: Clock) -> None:
    gate.beat_and_check(engine, mark, receives=True)
    alive = clock.now()
    clock.forward(minutes=5)
    gate.beat_and_check(engine, mark, receives=True)
    assert abs((row(engine).unsure_since or alive) - (alive - gate.MARGIN)) < timedelta(seconds=5)
