"""Processes that make and start the dates of recurring broadcasts are killed: each date is made and sent once."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.database.transactions import reading
from optin.enums import BroadcastState, Every, MessageStatus
from optin.models import Broadcast, Keyword
from optin.sending import recurring
from optin.texts.recurrence import Recurrence
from tests.support import outbox
from tests.support.faults.processes import WORKER, let_leases_end, messages, running, until
from tests.support.provider import serve_provider

PEOPLE = 2


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def arrange(engine: Engine, count: int) -> list[int]:
    """Have so many recurring broadcasts whose first date has come, each of a campaign with two who opted in."""
    with Session(engine) as session:
        outbox.without_sending_hours(session)
        keyword = outbox.keyword(session)
        ids = [_recurring(session, keyword, index) for index in range(count)]
        session.commit()
        return ids


def _recurring(session: Session, keyword: Keyword, index: int) -> int:
    broadcast = outbox.due(session, keyword, f"Text {index}", outbox.numbers(PEOPLE, index * PEOPLE))
    assert broadcast.starts_at
    rule = Recurrence(Every.DAYS, broadcast.starts_at.replace(tzinfo=None), ZoneInfo("UTC"), 1)
    return recurring.begin(session, broadcast, rule, None).id


def occurrences(engine: Engine) -> Counter[tuple[int | None, int | None]]:
    with reading(engine) as session:
        return Counter(session.execute(select(Broadcast.recurring_id, Broadcast.occurrence)).all())


def test_a_date_whose_maker_is_killed_before_its_commit_is_made_by_another(
    database: str, engine: Engine, tmp_path: Path
) -> None:
    (recurring_id,) = arrange(engine, 1)
    with Session(engine) as session:
        session.scalars(select(Broadcast)).one().state = BroadcastState.SENT
        session.commit()
    half, said = ("-m", "tests.support.faults.half_next", str(recurring_id)), tmp_path / "half"
    with serve_provider() as provider, running(half, database, tmp_path, provider):
        until(lambda: said.exists() and said.read_text() == "2")
        assert occurrences(engine) == {(recurring_id, 1): 1}
    until(lambda: recurring.make_next(engine, recurring_id) == 1)
    assert recurring.behind(engine) == []
    assert recurring.make_next(engine, recurring_id) == 0
    assert occurrences(engine) == {(recurring_id, 1): 1, (recurring_id, 2): 1}


def test_two_workers_of_which_one_is_killed_make_each_date_once(database: str, engine: Engine, tmp_path: Path) -> None:
    ids = arrange(engine, 20)
    with serve_provider() as provider, ExitStack() as survives:
        provider.seconds = 0.1
        with running(WORKER, database, tmp_path / "killed", provider):
            survives.enter_context(running(WORKER, database, tmp_path / "survives", provider))
            until(lambda: len(provider.accepted) >= PEOPLE * 2)
        let_leases_end(engine)
        until(lambda: len(occurrences(engine)) == 2 * len(ids) and _first_are_over(engine), 90)
    assert set(Counter(provider.texts).values()) == {1}
    assert occurrences(engine) == {(each, number): 1 for each in ids for number in (1, 2)}
    made = messages(engine)
    assert len(made) == len(ids) * PEOPLE
    assert sum(message.status == MessageStatus.UNKNOWN for message in made) < len(made) / 2


def _first_are_over(engine: Engine) -> bool:
    with reading(engine) as session:
        states = session.scalars(select(Broadcast.state).where(Broadcast.occurrence == 1)).all()
    return set(states) == {BroadcastState.SENT}
