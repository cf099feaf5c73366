"""Statements that run in one go, and connections that died while they lay in the pool; on both databases."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.statements import MOST_IN_ARRAYS, MOST_ROWS, among, in_one_go, insert, insert_rows, run, table
from optin.models import DuplicateGroup, Setting, StatusEvent

SETTING, REPORT, GROUP = table(Setting), table(StatusEvent), table(DuplicateGroup)
NEW = insert(SETTING).inline()


def a_row(name: str) -> dict[str, object]:
    return {"name": name, "value": "1", "updated_at": clock.now()}


def test_statements_in_one_go_are_all_done_in_their_order(session: Session) -> None:
    with in_one_go(session):
        run(session, NEW, a_row("one"))
        run(session, NEW, a_row("two"))
        run(session, update(SETTING).where(SETTING.c.name == "one"), {"value": "2"})
    session.commit()
    assert dict(session.execute(select(Setting.name, Setting.value)).all()) == {"one": "2", "two": "1"}


@pytest.mark.parametrize("count", [0, 1, 2 * MOST_ROWS + 3, MOST_IN_ARRAYS + 1])
def test_rows_of_one_insert_are_stored_in_their_order(session: Session, count: int) -> None:
    rows = [{"sid": f"SM{index:032x}", "status": "sent", "received_at": clock.now()} for index in range(count)]
    new = insert(REPORT).returning(REPORT.c.sid, REPORT.c.id)
    given = dict(insert_rows(session, new, rows))
    session.commit()
    stored = session.execute(select(REPORT.c.sid, REPORT.c.id).order_by(REPORT.c.id)).all()
    assert [row.sid for row in stored] == [row["sid"] for row in rows]
    assert given == dict(stored)


def test_values_of_every_kind_are_stored_as_they_are(session: Session) -> None:
    names = ["", 'a "quoted" word, {in braces}', "back\\\\slash", "NULL", "é\n"]
    rows = [
        {"place": name, "people": index, "person_ids": [[], [index], [1, 2, 3]][index % 3], "round": -1}
        for index, name in enumerate(names)
    ]
    insert_rows(session, insert(GROUP), rows)
    stored = session.execute(select(GROUP).order_by(GROUP.c.people)).mappings()
    assert [dict(row) for row in stored] == rows


@pytest.mark.parametrize("count", [0, 1, 3000])
def test_any_number_of_values_is_looked_up_at_once(session: Session, count: int) -> None:
    names = [f'it\'s \\{index}, {{"in"}} braces' for index in range(count)]
    insert_rows(session, NEW, [a_row(name) for name in [*names, "other"]])
    assert set(session.scalars(select(Setting.name).where(among(session, Setting.name, names)))) == set(names)


def test_one_that_is_refused_undoes_all_that_went_in_one_go(session: Session) -> None:
    with pytest.raises((IntegrityError, psycopg.errors.UniqueViolation)):
        _the_same_twice(session)
    session.rollback()
    assert session.scalars(select(Setting)).all() == []


def _the_same_twice(session: Session) -> None:
    with in_one_go(session):
        run(session, NEW, a_row("one"))
        run(session, NEW, a_row("one"))


def test_what_a_statement_writes_is_seen_in_objects_that_were_loaded(session: Session) -> None:
    session.add(Setting(**a_row("one")))
    session.commit()
    loaded = session.scalars(select(Setting)).one()
    loaded.value = "2"  # not written yet: it goes first
    run(session, update(SETTING).where(SETTING.c.value == "2"), {"value": "3"})
    assert loaded.value == "3"


FORMS: tuple[Callable[[Any], Any], ...] = (
    lambda new: new.values(name="one").on_conflict_do_nothing(),
    lambda new: new.on_conflict_do_nothing(index_elements=["name"]).returning(SETTING.c.name),
    lambda new: new.values([a_row("one"), a_row("two")]).on_conflict_do_nothing(),
    lambda new: new.from_select(["name"], select(SETTING.c.value)).on_conflict_do_nothing(index_elements=["name"]),
    lambda new: new.on_conflict_do_update(index_elements=["name"], set_={"value": new.excluded.value}),
    lambda new: new.on_conflict_do_update(
        index_elements=["name"],
        index_where=SETTING.c.value != "",
        set_={"value": SETTING.c.value + "1"},
        where=SETTING.c.value != new.excluded.value,
    ),
)


@pytest.mark.parametrize("form", FORMS)
def test_sqlite_gets_the_insert_that_is_its_own(form: Callable[[Any], Any]) -> None:
    ours, its = (form(new(SETTING)).compile(dialect=sqlite.dialect()) for new in (insert, sqlite.insert))
    assert (str(ours), ours.params.keys()) == (str(its), its.params.keys())


def test_an_insert_that_meets_a_row_changes_it_or_leaves_it(session: Session) -> None:
    new = insert(Setting).values(a_row("one")).returning(Setting.value)
    assert session.scalar(new) == "1"
    assert session.scalar(new.on_conflict_do_nothing(index_elements=["name"])) is None
    changed = new.on_conflict_do_update(index_elements=["name"], set_={"value": Setting.value + new.excluded.value})
    assert session.scalar(changed.execution_options(populate_existing=True)) == "11"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_connections_that_died_in_the_pool_are_replaced(app: Flask) -> None:
    with app.app_context():
        engine: Engine = db.engine
    with engine.connect() as first, engine.connect() as second:
        pids = {each.scalar(text("SELECT pg_backend_pid()")) for each in (first, second)}
    with psycopg.connect(engine.url.render_as_string(hide_password=False).replace("+psycopg", "", 1)) as other:
        for pid in pids:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with engine.connect() as first, engine.connect() as second:
        assert pids.isdisjoint(each.scalar(text("SELECT pg_backend_pid()")) for each in (first, second))
