"""Processes that put out the texts of a series are killed: each number gets each of them once."""

from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.transactions import reading
from optin.enums import MessageStatus
from optin.models import CampaignMember, Message, OptIn, Series, SeriesNumber
from optin.sending import series_intake, series_put_out
from optin.sending.series_turns import HOUR, Wait
from tests.support import campaign_scene as scene
from tests.support import outbox, series_scene, world
from tests.support.faults.processes import WORKER, let_leases_end, running, until
from tests.support.provider import serve_provider

PEOPLE = 60


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def arrange(engine: Engine, people: int) -> int:
    """Have a series whose first text is due for so many numbers that nobody has yet; return its id."""
    with Session(engine) as session:
        outbox.without_sending_hours(session)
        keyword = world.keyword(session)
        scene.sender(session)
        made = series_scene.make(session, scene.campaign(session, keyword), Wait(HOUR), Wait(HOUR))
        for number in outbox.numbers(people):
            outbox.opted_in(session, number, keyword)
        series_id = made.id
        session.commit()
        series_intake.take_in(engine, series_id)
        so_long = {"started_at": clock.now() - timedelta(hours=2)}
        session.execute(update(Series).values(**so_long))
        session.execute(update(OptIn).values(activated_at=clock.now() - timedelta(hours=2)))
        session.execute(update(SeriesNumber).values(due_at=clock.now() - timedelta(seconds=1)))
        session.commit()
        return series_id


def put_out(engine: Engine) -> Counter[str]:
    with reading(engine) as session:
        return Counter(session.scalars(select(Message.number).where(Message.broadcast_id.is_not(None))))


def test_what_was_put_out_by_one_that_is_killed_before_its_commit_is_put_out_by_another(
    database: str, engine: Engine, tmp_path: Path
) -> None:
    series_id, numbers = arrange(engine, 5), outbox.numbers(5)
    half, said = ("-m", "tests.support.faults.half_series", str(series_id)), tmp_path / "half"
    with serve_provider() as provider, running(half, database, tmp_path, provider):
        until(lambda: said.exists() and said.read_text() == "put out")
        assert put_out(engine) == {}
    until(lambda: series_put_out.put_out_due(engine, series_id) == 5)
    assert series_put_out.put_out_due(engine, series_id) == 0
    assert put_out(engine) == dict.fromkeys(numbers, 1)


def test_of_two_workers_of_which_one_is_killed_each_number_gets_it_once(
    database: str, engine: Engine, tmp_path: Path
) -> None:
    arrange(engine, PEOPLE)
    with serve_provider() as provider, ExitStack() as survives:
        provider.seconds = 0.05
        with running(WORKER, database, tmp_path / "killed", provider):
            survives.enter_context(running(WORKER, database, tmp_path / "survives", provider))
            until(lambda: len(provider.accepted) >= PEOPLE // 4)
        let_leases_end(engine)
        until(lambda: _are_over(engine), 90)
    assert put_out(engine) == dict.fromkeys(outbox.numbers(PEOPLE), 1)
    assert set(Counter(provider.texts).values()) == {1}
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(CampaignMember)) == PEOPLE
        assert set(session.scalars(select(SeriesNumber.step))) == {2}


def _are_over(engine: Engine) -> bool:
    over = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNKNOWN, MessageStatus.NOT_FOUND)
    with reading(engine) as session:
        found = session.scalars(select(Message.status).where(Message.broadcast_id.is_not(None))).all()
    return len(found) == PEOPLE and set(found) <= set(over)
