"""Long work in parts: all of it is done, it ends when it is told to, and others write in between."""

import threading
import time

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from optin import clock
from optin.database import sqlite
from optin.database.session import db
from optin.database.statements import insert
from optin.database.transactions import writing
from optin.database.turns import take_turns, until
from optin.models import Setting


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def note(engine: Engine, name: str) -> None:
    with writing(engine) as session:
        session.execute(insert(Setting).values(name=name, value="", updated_at=clock.now()))


def test_it_goes_on_until_nothing_is_left_and_says_how_much_it_was(engine: Engine) -> None:
    left = [5, 5, 2, 0, 9]
    assert take_turns(engine, lambda: left.pop(0)) == 12
    assert left == [9]


def test_it_ends_at_its_time_and_when_the_process_stops(engine: Engine) -> None:
    stopping = threading.Event()
    assert take_turns(engine, lambda: 1, until(time.monotonic() - 1, stopping)) == 0
    parts: list[int] = []

    def part() -> int:
        parts.append(1)
        if len(parts) == 3:
            stopping.set()
        return 1

    assert take_turns(engine, part, until(time.monotonic() + 60, stopping)) == 3


def test_who_asks_during_a_part_writes_before_the_next_one(engine: Engine) -> None:
    """On SQLite, where only one writes; on PostgreSQL nobody waits."""
    others: list[threading.Thread] = []
    seen: list[bool] = []

    def part() -> int:
        with writing(engine) as session:
            seen.append(session.scalar(select(Setting.name).where(Setting.name == "stop")) is not None)
            if not others:
                others.append(threading.Thread(target=note, args=(engine, "stop")))
                others[0].start()
                if engine.dialect.name == "sqlite":
                    while not sqlite._turns[str(engine.url.database)]._waiting:
                        time.sleep(0.001)
                else:
                    others[0].join()
        return len(seen) < 2

    take_turns(engine, part)
    others[0].join()
    assert seen == [False, True]


def test_between_two_parts_is_a_pause_for_other_processes_on_sqlite_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(sqlite.time, "sleep", pauses.append)
    left = [1, 1, 0]
    take_turns(engine, lambda: left.pop(0))
    assert pauses == ([sqlite.BREATH] * 2 if engine.dialect.name == "sqlite" else [])
