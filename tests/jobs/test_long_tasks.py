"""Tasks of one piece: one process at a time, anew after a kill, never beside another."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.database.transactions import reading, writing
from optin.jobs import background, long_task
from optin.jobs.long_task import Ended, Life
from optin.models import BackgroundTask
from tests.conftest import Clock

NAME = "a test"


@pytest.fixture
def engine(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(long_task, "BEAT", -1.0)
    with app.app_context():
        yield db.engine
    background._WHOLES.pop(NAME, None)


def begun(session: Session) -> int:
    made = background.begin(session, NAME, NAME, {"a": 1}, total=3, user_id=None)
    session.commit()
    return made


def run(engine: Engine, task_id: int, stopping: threading.Event | None = None) -> BackgroundTask:
    background.run(engine, task_id, 1, stopping or threading.Event())
    with reading(engine) as session:
        return session.get_one(BackgroundTask, task_id)


def test_it_is_done_once_and_says_how_far_it_is(engine: Engine, session: Session) -> None:
    seen = []

    @long_task.task(NAME)
    def work(life: Life, arguments: dict[str, Any]) -> None:
        for _ in range(3):
            life.beat(1)
            with reading(engine) as other:
                seen.append(other.get_one(BackgroundTask, task_id).done)
        assert arguments == {"a": 1}

    task_id = begun(session)
    task = run(engine, task_id)
    assert (seen, task.done, task.ended_because) == ([1, 2, 3], 3, "")
    assert task.finished_at is not None
    run(engine, task_id)
    assert len(seen) == 3


def test_of_several_processes_one_does_it(engine: Engine, session: Session) -> None:
    begin, entered = threading.Barrier(4), []

    @long_task.task(NAME)
    def work(life: Life, _arguments: dict[str, Any]) -> None:
        entered.append(life.token)
        threading.Event().wait(0.3)

    task_id = begun(session)

    def one(_: int) -> None:
        begin.wait()
        background.run(engine, task_id, 1, threading.Event())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))
    assert len(entered) == 1


def test_a_silent_one_is_begun_anew_and_then_writes_nothing_more(
    engine: Engine, session: Session, clock: Clock
) -> None:
    """The first was not killed, only slow: when it looks up, the task is another's."""
    lives: list[Life] = []

    @long_task.task(NAME)
    def work(life: Life, _arguments: dict[str, Any]) -> None:
        lives.append(life)
        if len(lives) == 1:
            run(engine, task_id)
            assert len(lives) == 1, "it is at work"
            clock.forward(seconds=long_task.SILENT.total_seconds() + 1)
            run(engine, task_id)
            assert len(lives) == 2
            with pytest.raises(long_task._Interrupted), writing(engine) as other:
                life.assure(other)
            life.beat()
            raise AssertionError("it went on")

    task_id = begun(session)
    task = run(engine, task_id)
    assert (task.ended_because, task.failures) == ("", 0)
    assert task.finished_at is not None


@pytest.mark.parametrize("asked", ["before", "meanwhile"])
def test_it_can_be_stopped(engine: Engine, session: Session, asked: str) -> None:
    @long_task.task(NAME)
    def work(life: Life, _arguments: dict[str, Any]) -> None:
        if asked == "before":
            raise AssertionError("it began")
        with writing(engine) as other:
            background.ask_to_stop(other, task_id)
        life.beat()
        raise AssertionError("it went on")

    task_id = begun(session)
    if asked == "before":
        background.ask_to_stop(session, task_id)
        session.commit()
    assert run(engine, task_id).ended_because == long_task.STOPPED


def fails(error: Exception) -> Callable[[Life, dict[str, Any]], None]:
    def work(_life: Life, _arguments: dict[str, Any]) -> None:
        raise error

    return work


def test_what_can_not_be_done_ends_with_its_sentence(engine: Engine, session: Session) -> None:
    long_task.task(NAME)(fails(Ended("There is no room.")))
    task_id = begun(session)
    assert run(engine, task_id).ended_because == "There is no room."


def test_an_error_is_tried_again_and_then_ends_it(engine: Engine, session: Session) -> None:
    long_task.task(NAME)(fails(ZeroDivisionError()))
    task_id = begun(session)
    tries = [run(engine, task_id) for _ in range(background.FAILURES)]
    assert [task.finished_at is not None for task in tries] == [False, False, True]
    assert tries[-1].ended_because == background.FAILED


def test_a_process_that_ends_leaves_it_to_the_next_at_once(engine: Engine, session: Session) -> None:
    stopping = threading.Event()
    entered = []

    @long_task.task(NAME)
    def work(life: Life, _arguments: dict[str, Any]) -> None:
        entered.append(life)
        if len(entered) == 1:
            stopping.set()
        life.beat()

    task_id = begun(session)
    assert run(engine, task_id, stopping).finished_at is None
    assert run(engine, task_id).finished_at is not None
    assert timedelta(seconds=30) < long_task.SILENT, "a copy of the database may take as long"
