"""Items of several threads in one transaction: one commit, each answered after its own, a bad one fails alone."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from optin import clock
from optin.database import together
from optin.database.session import db
from optin.database.statements import insert, run, table
from optin.database.together import APART, MOST, Apart, Together
from optin.models import Setting
from tests.support.faults.processes import until

NEW = insert(table(Setting)).inline()
GATE = "gate"


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


class Work:
    """Stores names. The name GATE waits until it is let go, "bad" raises, "busy" has to be done apart."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.gate, self.at_gate = threading.Event(), threading.Event()
        self.batches: list[list[str]] = []
        self.told = 0
        self.together: Together[str, str] = Together(engine, self.each, self.several, self.tell)

    def each(self, session: Session, name: str) -> str:
        if name == GATE:
            self.at_gate.set()
            assert self.gate.wait(30)
        if name.startswith("bad"):
            raise ArithmeticError(name)
        run(session, NEW, {"name": name, "value": "1", "updated_at": clock.now()})
        return name.upper()

    def several(self, session: Session, names: Sequence[str]) -> list[str | Apart]:
        self.batches.append(list(names))
        return [APART if name.startswith("busy") else self.each(session, name) for name in names]

    def tell(self) -> None:
        self.told += 1

    def all_at_once(self, names: Sequence[str]) -> list[str | BaseException]:
        """Let one item be at work until all others wait, in this order; return what each got."""
        with ThreadPoolExecutor(len(names) + 1) as threads:
            first = threads.submit(self.together.do, GATE)
            assert self.at_gate.wait(30)
            asked: list[Future[str]] = []
            for count, name in enumerate(names, 1):
                asked.append(threads.submit(self.together.do, name))
                until(lambda count=count: len(self.together._waiting) == count, 30)
            self.gate.set()
            assert first.result(30) == GATE.upper()
            return [future.exception(30) or future.result() for future in asked]

    def stored(self) -> set[str]:
        with Session(self.engine) as session:
            return set(session.scalars(select(Setting.name))) - {GATE}


@pytest.fixture
def work(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Work:
    """As if all could be asked for within a turn, however busy the machine is."""
    monkeypatch.setattr(together, "TURN", 60.0)
    return Work(engine)


@pytest.fixture
def commits(engine: Engine) -> list[object]:
    seen: list[object] = []
    event.listen(engine, "commit", seen.append)
    return seen


def test_a_lone_item_is_done_at_once_by_itself(work: Work, commits: list[object]) -> None:
    assert [work.together.do(name) for name in ("a", "b")] == ["A", "B"]
    assert (work.stored(), work.batches, work.told, len(commits)) == ({"a", "b"}, [], 2, 2)


def test_who_comes_meanwhile_goes_together_in_the_order_of_coming(work: Work, commits: list[object]) -> None:
    names = [f"n{index}" for index in range(20)]
    assert work.all_at_once(names) == [name.upper() for name in names]
    assert work.batches == [names]
    assert (work.stored(), work.told, len(commits)) == ({*names}, 2, 2)


def test_a_turn_has_its_bound(work: Work) -> None:
    names = [f"n{index}" for index in range(MOST + 5)]
    work.all_at_once(names)
    assert work.batches == [names[:MOST], names[MOST:]]


def test_a_bad_one_fails_alone(work: Work) -> None:
    names = [f"n{index}" for index in range(MOST - 1)]
    answers = work.all_at_once([*names[:9], "bad", *names[9:]])
    assert isinstance(answers.pop(9), ArithmeticError)
    assert answers == [name.upper() for name in names]
    assert work.stored() == {*names}


def test_what_the_database_refuses_fails_alone(work: Work) -> None:
    work.together.do("twice")
    answers = work.all_at_once(["a", "twice", "b"])
    assert isinstance(answers[1], IntegrityError)
    assert (answers[0], answers[2], work.stored()) == ("A", "B", {"a", "b", "twice"})


def test_who_must_wait_waits_apart(work: Work) -> None:
    assert work.all_at_once(["a", "busy 1", "b", "busy 2"]) == ["A", "BUSY 1", "B", "BUSY 2"]
    assert work.batches == [["a", "busy 1", "b", "busy 2"]]
    assert work.stored() == {"a", "b", "busy 1", "busy 2"}


def test_an_error_that_took_long_is_everybodys(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """To wait for a database once more would take longer than Twilio waits."""
    monkeypatch.setattr(together, "LONG", 0.0)
    answers = work.all_at_once(["a", "bad", "b"])
    assert [type(answer) for answer in answers] == [ArithmeticError] * 3
    assert work.stored() == set()


def test_nobody_waits_long_behind_one_who_waits(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lone item may wait for the lock of its number: the others are not held up by it."""
    monkeypatch.setattr(together, "TURN", 0.2)
    with ThreadPoolExecutor(5) as threads:
        first = threads.submit(work.together.do, GATE)
        assert work.at_gate.wait(30)
        others = [threads.submit(work.together.do, name) for name in "abc"]
        assert [each.result(30) for each in others] == ["A", "B", "C"]
        assert not first.done()
        work.gate.set()
        assert first.result(30) == GATE.upper()
    assert work.together.do("d") == "D"
    assert (work.batches, work.stored()) == ([], {"a", "b", "c", "d"})


def test_nobody_is_answered_before_the_commit_of_their_own(engine: Engine, work: Work) -> None:
    seen: dict[str, bool] = {}

    def ask(name: str) -> None:
        work.together.do(name)
        seen[name] = name in work.stored()

    work.at_gate.clear()
    with ThreadPoolExecutor(40) as threads:
        list(threads.map(ask, [f"n{index}" for index in range(400)]))
    assert seen == {f"n{index}": True for index in range(400)}
    assert 0 < len(work.batches) < 400


def test_a_leader_that_is_ended_leaves_nobody_waiting(work: Work) -> None:
    def end(session: Session, name: str) -> str:
        if name == "end":
            raise KeyboardInterrupt
        return Work.each(work, session, name)

    work.together._each = end
    work.together._several = _one_by_one(end)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(work.together.do, GATE)
        assert work.at_gate.wait(30)
        asked = []
        for count, name in enumerate(("end", "a", "b"), 1):
            asked.append(threads.submit(work.together.do, name))
            until(lambda count=count: len(work.together._waiting) == count, 30)
        work.gate.set()
        first.result(30)
        assert isinstance(asked[0].exception(30), KeyboardInterrupt)
        assert [each.result(30) for each in asked[1:]] == ["A", "B"]
    assert work.together.do("c") == "C"


def _one_by_one(each: Callable[[Session, str], str]) -> Callable[[Session, Sequence[str]], list[str | Apart]]:
    return lambda session, names: [each(session, name) for name in names]
