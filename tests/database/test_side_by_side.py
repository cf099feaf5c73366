"""Pieces of work side by side: each gets its own results, PostgreSQL is asked once for all, an error ends them all."""

from contextvars import ContextVar
from functools import partial

import psycopg
import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from optin import clock
from optin.database.side_by_side import current_lane
from optin.database.statements import in_one_go, insert, is_postgresql, run, side_by_side, table
from optin.models import Setting

SETTING = table(Setting)
NEW = insert(SETTING).returning(SETTING.c.name)
QUIET = insert(SETTING).inline()
READ = select(SETTING.c.value).where(SETTING.c.name == bindparam("called"))
ADD = update(SETTING).where(SETTING.c.name == bindparam("called")).values(value=SETTING.c.value + bindparam("more"))
WHERE: ContextVar[str] = ContextVar("where", default="")


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the round trips that lanes make together."""
    seen: list[int] = []
    pipeline = psycopg.Connection.pipeline

    def counted(connection: psycopg.Connection) -> object:
        seen.append(1)
        return pipeline(connection)

    monkeypatch.setattr(psycopg.Connection, "pipeline", counted)
    return seen


def a_row(name: str) -> dict[str, object]:
    return {"name": name, "value": name[0], "updated_at": clock.now()}


def work(session: Session, name: str, steps: int) -> tuple[str, str]:
    made = run(session, NEW, a_row(name)).scalar_one()
    for step in range(steps):
        run(session, ADD, {"called": name, "more": str(step)})
    return made, run(session, READ, {"called": name}).scalar_one()


def test_each_gets_what_it_asked_for_whatever_its_length(session: Session, trips: list[int]) -> None:
    done = side_by_side(session, [partial(work, session, f"{index}x", index) for index in range(9)])
    expected = [(f"{index}x", f"{index}" + "".join(map(str, range(index)))) for index in range(9)]
    assert done == expected
    assert len(trips) == (2 + 8 if is_postgresql(session) else 0)


def test_none_and_one(session: Session) -> None:
    assert side_by_side(session, []) == []
    assert side_by_side(session, [lambda: 5]) == [5]
    assert current_lane() is None


def test_what_goes_in_one_go_is_one_trip_and_keeps_its_order(session: Session, trips: list[int]) -> None:
    def piece(name: str) -> str:
        with in_one_go(session):
            run(session, QUIET, a_row(name))
            run(session, ADD, {"called": name, "more": "1"})
            run(session, ADD, {"called": name, "more": "2"})
        with in_one_go(session):
            pass
        return str(run(session, READ, {"called": name}).scalar_one())

    assert side_by_side(session, [partial(piece, name) for name in "abc"]) == ["a12", "b12", "c12"]
    assert len(trips) == (2 if is_postgresql(session) else 0)


def test_objects_and_statements_of_several_rows_go_their_own_way(session: Session) -> None:
    def piece(name: str) -> str:
        session.add(Setting(**a_row(name)))
        run(session, ADD, {"called": name, "more": "1"})
        run(session, NEW, [a_row(f"{name}2"), a_row(f"{name}3")])
        return session.get_one(Setting, name).value

    assert side_by_side(session, [partial(piece, name) for name in "abc"]) == ["a1", "b1", "c1"]


def test_what_one_raises_ends_all(session: Session) -> None:
    ended: list[str] = []

    def piece(name: str) -> str:
        try:
            run(session, NEW, a_row(name))
            if name == "bad":
                raise ArithmeticError(name)
            return str(run(session, READ, {"called": name}).scalar_one())
        finally:
            ended.append(name)

    with pytest.raises(ArithmeticError):
        side_by_side(session, [partial(piece, name) for name in ("a", "bad", "c")])
    session.rollback()
    assert session.scalars(select(Setting)).all() == []
    assert set(ended) >= {"a", "bad"}
    assert side_by_side(session, [partial(work, session, "later", 0)]) == [("later", "l")]


def test_what_the_database_refuses_ends_all_as_sqlalchemy_says_it(session: Session) -> None:
    run(session, NEW, a_row("there"))
    session.commit()
    with pytest.raises(IntegrityError):
        side_by_side(session, [partial(work, session, name, 0) for name in ("a", "there", "c")])
    session.rollback()
    assert session.scalars(select(Setting.name)).all() == ["there"]


def test_what_is_refused_in_one_go_comes_as_sqlalchemy_says_it(session: Session) -> None:
    """Also alone, where it is found at the end of the block: pages and webhooks know a full disk by that."""
    run(session, QUIET, a_row("there"))
    with pytest.raises(IntegrityError), in_one_go(session):
        run(session, QUIET, a_row("there"))


def test_each_sees_the_context_of_who_asked(session: Session) -> None:
    token = WHERE.set("here")
    try:
        assert side_by_side(session, [WHERE.get, WHERE.get]) == ["here", "here"]
    finally:
        WHERE.reset(token)
