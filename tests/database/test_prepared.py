"""Statements made ready once give the same rows and the same errors as SQLAlchemy's own way; on both databases."""

import gc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, Executable, bindparam, column, event, exists, func, literal, select, text, update
from sqlalchemy.exc import IntegrityError, NoResultFound, OperationalError, ProgrammingError, StatementError
from sqlalchemy.orm import Session

from optin import clock
from optin.database import prepared
from optin.database.session import UTCDateTime
from optin.database.statements import insert, is_away, run, table
from optin.models import Keyword, Message, Setting

SETTING, KEYWORD, MESSAGE = table(Setting), table(Keyword), table(Message)
NEW = insert(SETTING).returning(SETTING.c.name, SETTING.c.updated_at)
NOON = datetime(2026, 7, 1, 12, 30, 1, 234567, UTC)
NAMED = select(SETTING.c.name, SETTING.c.updated_at).where(SETTING.c.name == bindparam("called"))


def a_row(name: str, at: datetime = NOON) -> dict[str, object]:
    return {"name": name, "value": "1", "updated_at": at}


def ready(session: Session, statement: Executable, values: Mapping[str, Any]) -> prepared.PreparedStatement | None:
    return prepared.prepared(statement, session.connection().dialect, values)


def test_rows_are_those_of_sqlalchemy(session: Session) -> None:
    made = run(session, NEW, a_row("one")).one()
    assert ready(session, NEW, a_row("one")) is not None
    assert made == session.connection().execute(NAMED, {"called": "one"}).one() == ("one", NOON)
    assert (made.name, made.updated_at) == ("one", NOON)
    assert run(session, NAMED, {"called": "nobody"}).first() is None
    with pytest.raises(NoResultFound):
        run(session, NAMED, {"called": "nobody"}).one()


def test_moments_are_kept_in_utc_and_naive_ones_refused(session: Session) -> None:
    there = timezone(timedelta(hours=-7))
    assert run(session, NEW, a_row("one", NOON.astimezone(there))).one().updated_at == NOON
    with pytest.raises((ValueError, StatementError)):
        run(session, NEW, a_row("two", NOON.replace(tzinfo=None)))


def test_a_value_that_stands_in_the_statement_goes_with_it(session: Session) -> None:
    run(session, NEW, a_row("one"))
    asked = select(literal("%s ? :x").label("odd"), exists().where(SETTING.c.name == "one").label("there"))
    assert ready(session, asked, {}) is not None
    assert run(session, asked).one() == ("%s ? :x", True)


def test_a_truth_value_is_read_as_one(session: Session) -> None:
    session.add(Keyword(word="volunteer", created_at=NOON, double_opt_in=True))
    session.flush()
    assert run(session, select(KEYWORD.c.double_opt_in)).scalar() is True


def test_values_of_other_names_are_another_statement(session: Session) -> None:
    run(session, NEW, a_row("one"))
    change = (
        update(SETTING).where(SETTING.c.name == bindparam("called")).returning(SETTING.c.value, SETTING.c.updated_at)
    )
    later = NOON + timedelta(days=1)
    assert run(session, change, {"called": "one", "value": "2"}).one() == ("2", NOON)
    assert run(session, change, {"called": "one", "updated_at": later}).one() == ("2", later)
    assert run(session, change, {"value": "3", "called": "one"}).one() == ("3", later)  # in another order


def test_what_has_work_for_each_run_goes_the_way_of_sqlalchemy(session: Session) -> None:
    """A list in an IN, and a default that is made in Python."""
    run(session, NEW, a_row("one"))
    among = select(SETTING.c.name).where(SETTING.c.name.in_(bindparam("names", expanding=True)))
    assert ready(session, among, {"names": ["one"]}) is None
    assert run(session, among, {"names": ["one", "two"]}).scalars().all() == ["one"]
    plain = insert(MESSAGE).returning(MESSAGE.c.body, MESSAGE.c.attempts)
    sent = {
        "direction": "inbound",
        "number": "+14155550134",
        "status": "received",
        "created_at": NOON,
        "updated_at": NOON,
    }
    assert ready(session, plain, sent) is None
    assert run(session, plain, sent).one() == ("", 0)


def test_several_rows_are_inserted_at_once(session: Session) -> None:
    assert [row.name for row in run(session, NEW, [a_row("b"), a_row("a")])] == ["b", "a"]


def test_errors_are_those_of_sqlalchemy_and_hold_no_values(session: Session) -> None:
    kept = {**a_row("one"), "value": "a secret"}
    run(session, NEW, kept)
    with pytest.raises(IntegrityError) as raised:
        run(session, NEW, kept)
    assert not is_away(raised.value)
    assert "a secret" not in str(raised.value)
    session.rollback()
    with pytest.raises((OperationalError, ProgrammingError)):
        run(session, select(column("nothing")).select_from(text("nowhere")))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_is_lost_is_not_used_again(session: Session) -> None:
    with session.get_bind().engine.begin() as other:
        other.execute(select(func.pg_terminate_backend(session.scalar(select(func.pg_backend_pid())))))
    with pytest.raises(OperationalError) as raised:
        run(session, NAMED, {"called": "one"})
    assert is_away(raised.value)
    assert raised.value.connection_invalidated
    session.rollback()
    assert run(session, NAMED, {"called": "one"}).all() == []


def test_listeners_hear_of_each_statement(session: Session) -> None:
    heard: list[str] = []
    event.listen(Engine, "before_cursor_execute", listener := lambda *given: heard.append(given[2]))
    try:
        with Session(session.get_bind()) as fresh:
            run(fresh, NAMED, {"called": "one"})
    finally:
        event.remove(Engine, "before_cursor_execute", listener)
    assert any("FROM setting" in each for each in heard)


def test_statements_that_are_gone_are_forgotten(session: Session) -> None:
    gc.collect()
    before = len(prepared._ready)
    for _ in range(5):
        run(
            session,
            select(SETTING.c.name, SETTING.c.updated_at > clock.now()).where(
                SETTING.c.updated_at < literal(NOON, UTCDateTime())
            ),
        )
    gc.collect()
    assert len(prepared._ready) == before
