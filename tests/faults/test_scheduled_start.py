"""The start of a scheduled broadcast is killed with SIGKILL: it begins late rather than never, and never twice."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus
from optin.models import Broadcast, Keyword
from optin.sending import scheduled
from tests.support import outbox
from tests.support.faults.processes import WORKER, let_leases_end, messages, running, state, until
from tests.support.provider import serve_provider

PEOPLE = 3


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def arrange(engine: Engine, count: int) -> list[int]:
    """Have so many broadcasts whose time has come, each of a campaign with three people who opted in."""
    with Session(engine) as session:
        outbox.without_sending_hours(session)
        keyword = outbox.keyword(session)
        ids = [_due(session, keyword, index) for index in range(count)]
        session.commit()
        return ids


def _due(session: Session, keyword: Keyword, index: int) -> int:
    return outbox.due(session, keyword, f"Text {index}", outbox.numbers(PEOPLE, index * PEOPLE)).id


def test_one_that_is_killed_before_its_commit_is_started_by_another(
    database: str, engine: Engine, tmp_path: Path
) -> None:
    (broadcast_id,) = arrange(engine, 1)
    half, said = ("-m", "tests.support.faults.half_start", str(broadcast_id)), tmp_path / "half"
    with serve_provider() as provider:
        with running(half, database, tmp_path, provider):
            until(lambda: said.exists() and said.read_text() == str(PEOPLE))
            assert messages(engine) == []
        until(lambda: scheduled.start_or_end(engine, broadcast_id))
    assert state(engine, broadcast_id) == BroadcastState.SENDING
    assert len(messages(engine)) == PEOPLE
    assert scheduled.due(engine) == []
    assert not scheduled.start_or_end(engine, broadcast_id)


def test_two_workers_of_which_one_is_killed_send_each_text_once(database: str, engine: Engine, tmp_path: Path) -> None:
    ids = arrange(engine, 30)
    with serve_provider() as provider, ExitStack() as survives:
        provider.seconds = 0.1
        with running(WORKER, database, tmp_path / "killed", provider):
            survives.enter_context(running(WORKER, database, tmp_path / "survives", provider))
            until(lambda: len(provider.accepted) >= PEOPLE * 2)
        let_leases_end(engine)
        until(lambda: {state(engine, broadcast_id) for broadcast_id in ids} == {BroadcastState.SENT})
    assert set(Counter(provider.texts).values()) == {1}
    made = messages(engine)
    assert len(made) == len(ids) * PEOPLE
    # What the killed one had begun may have been sent or not: it is unknown, and nobody sends it again.
    known = {(message.number, message.body) for message in made if message.status != MessageStatus.UNKNOWN}
    assert known <= set(provider.texts) <= {(message.number, message.body) for message in made}
    assert len(known) > len(made) / 2
    with Session(engine) as session:
        assert None not in session.scalars(select(Broadcast.started_at)).all()
