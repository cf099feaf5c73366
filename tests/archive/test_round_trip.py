"""Everything out, into an empty database of either kind, and out again: the same files."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    Table,
    create_engine,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin import clock as the_clock
from optin.archive import filling, tables
from optin.consent import decisions, ledger
from optin.consent.verifying import Found, differences
from optin.database.session import UTCDateTime
from optin.enums import BroadcastState, Every, MessageStatus, RecurrenceState, Role, SeriesState
from optin.features.broadcasts import series_acts
from optin.models import (
    Broadcast,
    ConsentPayload,
    Keyword,
    Message,
    OptIn,
    Person,
    PersonWord,
    RecurringBroadcast,
    SendingGate,
    Series,
    Setting,
    User,
)
from optin.policy import policy
from optin.sending import recurring, series_look
from optin.sending.series_turns import HOUR, Wait
from optin.texts.recurrence import Recurrence
from tests.conftest import add_user
from tests.support import archives, campaign_scene, outbox, series_scene, world

SIGNS = "aZ é\\'=+-@\"|,;\t\n\r\x01😀ß0"
ROWS = 6


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, shared_folder: Path, tmp_path: Path) -> Iterator[str]:
    with archives.empty_database(request.param, shared_folder, tmp_path / "target") as url:
        yield url


def any_value(draw: random.Random, column: Column[Any], ids: dict[str, list[Any]], number: int) -> Any:
    """Return a value that the column takes; what is unique differs by the row's number."""
    is_own = column.table.name == "own_value"  # each has either a text or an option
    if (column.nullable and not is_own and draw.random() < 0.3) or (is_own and column.name == "option_id"):
        return None
    if column.foreign_keys:
        known = ids.get(next(iter(column.foreign_keys)).column.table.name)
        return known[number % len(known)] if known else None
    kind = column.type
    if isinstance(kind, UTCDateTime):
        return datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=draw.randrange(10**15))
    if isinstance(kind, Boolean):
        return column.name != "is_main" and draw.random() < 0.5
    if isinstance(kind, Float):
        return draw.choice([3, -0.5, 123456789.125])
    if isinstance(kind, Integer):
        return number if column.primary_key else draw.randrange(2**31)
    if isinstance(kind, JSON):
        return {"a": [draw.random(), None, any_text(draw)], any_text(draw): True}
    if isinstance(kind, LargeBinary):
        return draw.randbytes(50)
    if column.name == "state":
        return BroadcastState.SENT
    longest = getattr(kind, "length", None) or 300
    full = column.unique or column.name in ("name", "email", "number") or draw.random() < 0.9
    return f"{number}{any_text(draw)}"[:longest] if full else ""


def any_text(draw: random.Random) -> str:
    return "".join(draw.choices(SIGNS, k=draw.randrange(9)))


def any_rows(draw: random.Random, table: Table, ids: dict[str, list[Any]]) -> list[dict[str, Any]]:
    rows = [
        {column.name: any_value(draw, column, ids, number) for column in table.columns} for number in range(1, ROWS + 1)
    ]
    if table.name == "not_duplicate":  # two people, the older one first
        rows = [{**row, "low_id": ids["person"][0], "high_id": each} for row, each in zip(rows, ids["person"][1:])]  # noqa: B905
    keys = [column.name for column in table.primary_key.columns]
    found = {tuple(row[name] for name in keys): row for row in rows}
    unique = {}
    for row in found.values():  # pairs that are unique together, which the columns do not say
        row |= {name: f"{row['id']}{row[name]}"[:20] for name in ("number", "normal") if row.get(name) and "id" in row}
        if table.name == "disclosure":
            row["version"] = row["id"]
        unique[str(row)] = row
    if len(keys) == 1 and keys[0] in ("id", "event_id") and rows:
        ids[table.name] = [row[keys[0]] for row in unique.values()]
    return list(unique.values())


def test_any_rows_come_back_as_they_were(database: str, target: str, tmp_path: Path) -> None:
    """Whatever stands in them, and from whichever database into which."""
    draw, ids = random.Random("a" + database[:3] + target[:3]), {}
    engine = create_engine(database, poolclass=NullPool)
    with Session(engine) as session:
        for table in tables.in_order():
            if rows := any_rows(draw, table, ids):
                session.execute(insert(table), rows)
        session.execute(text("DELETE FROM setting WHERE name LIKE '%key%'"))
        session.commit()
    engine.dispose()
    first = archives.export(database, tmp_path)
    archives.fill(target, first, tmp_path)
    second = archives.export(target, tmp_path)
    assert archives.files(second) == archives.files(first)
    assert len(archives.files(first)) > len(tables.in_order()), "images are files of their own"


@pytest.mark.parametrize("target", ["postgresql"], indirect=True)
def test_postgresql_knows_at_once_how_large_its_tables_are(
    database: str, target: str, session: Session, tmp_path: Path
) -> None:
    """By itself it looks a minute later, and reads whole tables for each page until then."""
    for number in range(3):
        world.person(session, f"Maya {number}", None)
    session.commit()
    archives.fill(target, archives.export(database, tmp_path), tmp_path)
    engine = create_engine(target, poolclass=NullPool)
    with Session(engine) as filled:
        assert filled.scalar(text("SELECT reltuples FROM pg_class WHERE oid = 'person'::regclass")) == 3
    engine.dispose()


def test_what_is_new_afterwards_gets_new_numbers(
    app: Flask, database: str, target: str, session: Session, tmp_path: Path
) -> None:
    """Ids go on, people are found by their words, opt-ins stand, and nothing that waited goes out from here as well."""
    add_user(session, Role.ADMIN)
    keyword = outbox.keyword(session)
    world.text(session, "VOLUNTEER")
    world.person(session, "Maya Cole", world.MAYA)
    for each in MessageStatus:
        outbox.one_to_one(session).status = each
    session.execute(update(User).values(password_hash="not for others"))
    session.commit()
    zipped = archives.export(database, tmp_path)
    assert b"not for others" not in b"".join(archives.files(zipped).values())
    archives.fill(target, zipped, tmp_path)
    engine = create_engine(target, poolclass=NullPool)
    with Session(engine, expire_on_commit=False) as filled:
        assert filled.scalars(select(OptIn.status).where(OptIn.keyword_id == keyword.id)).all() == ["active"]
        assert filled.scalars(select(User.password_hash)).all() == [None]
        assert filled.scalar(select(func.count()).select_from(SendingGate)) == 0
        assert "cole" in filled.scalars(select(PersonWord.word)).all()
        told = json.loads(filled.scalars(select(Setting.value).where(Setting.name == "filled_from_export")).one())
        assert told["made_by"] == "a test"
        before = dict(session.execute(select(Message.id, Message.status)).all())
        after = dict(filled.execute(select(Message.id, Message.status)).all())
        stays = {id_: status for id_, status in before.items() if status not in ("queued", "claimed", "sending")}
        assert {id_: after[id_] for id_ in stays} == stays
        aside = {before[id_]: after[id_] for id_ in set(before) - set(stays)}
        assert aside == {"queued": "cancelled", "claimed": "cancelled", "sending": "unknown"}
        newest = filled.scalar(select(func.max(Person.id))) or 0
        assert world.person(filled, "Tom Ash", None).id > newest
    engine.dispose()


def test_no_broadcast_begins_from_here_as_well(
    app: Flask, database: str, target: str, session: Session, tmp_path: Path
) -> None:
    for state in BroadcastState:
        made = outbox.broadcast(session)
        made.state = state
    session.commit()
    archives.fill(target, archives.export(database, tmp_path), tmp_path)
    engine = create_engine(target, poolclass=NullPool)
    with Session(engine) as filled:
        states = filled.scalars(select(Broadcast.state).order_by(Broadcast.id)).all()
    engine.dispose()
    assert states == ["sent" if each == "sent" else "cancelled" for each in BroadcastState]


def test_no_recurring_broadcast_goes_on_from_here_as_well(
    app: Flask, database: str, target: str, session: Session, tmp_path: Path
) -> None:
    """Neither by itself nor, as an admin lets it go on, with a date that the export had."""
    first = datetime.fromisoformat("2026-01-01T10:00")
    rule = Recurrence(Every.DAYS, first, ZoneInfo("UTC"), 1)
    for state in RecurrenceState:
        made = outbox.broadcast(session)
        made.state, made.starts_at = BroadcastState.SCHEDULED, first.replace(tzinfo=UTC)
        recurring.begin(session, made, rule, None).state = state
    session.commit()
    archives.fill(target, archives.export(database, tmp_path), tmp_path)
    engine = create_engine(target, poolclass=NullPool)
    with the_clock.at(datetime(2026, 1, 1, 9, tzinfo=UTC)):
        for recurring_id in recurring.behind(engine):
            recurring.make_next(engine, recurring_id)
    with Session(engine) as filled:
        states = filled.scalars(select(RecurringBroadcast.state).order_by(RecurringBroadcast.id)).all()
        dates = select(Broadcast.recurring_id, Broadcast.occurrence, Broadcast.state).order_by(Broadcast.id)
        rows = filled.execute(dates).all()
    engine.dispose()
    assert states == ["paused", "paused", "ended"]
    assert rows[:3] == [(1, 1, "cancelled"), (2, 1, "cancelled"), (3, 1, "cancelled")]
    assert rows[3:] == [(1, 2, "scheduled"), (2, 2, "scheduled")]


def test_no_series_goes_on_from_here_as_well(
    app: Flask, database: str, target: str, session: Session, tmp_path: Path
) -> None:
    """Nor, as somebody lets it go on, with a text that the export had: it may have been sent there."""
    keyword = world.keyword(session)
    made = series_scene.make(session, campaign_scene.campaign(session, keyword), Wait(HOUR), Wait(HOUR), Wait(3 * HOUR))
    outbox.without_sending_hours(session)
    outbox.opted_in(session, world.MAYA, keyword)
    session.commit()
    with app.app_context(), the_clock.at(the_clock.now() + timedelta(hours=1.1)):
        series_look.look(session.get_bind().engine, made.id)
    archives.fill(target, archives.export(database, tmp_path), tmp_path)
    engine = create_engine(target, poolclass=NullPool)
    with Session(engine) as filled:
        filled.merge(SendingGate(id=1, alive_at=the_clock.now() + timedelta(hours=3)))
        filled.commit()
        found = filled.get_one(Series, made.id)
        assert (found.state, filled.scalars(select(Broadcast.state)).all()) == ("paused", ["sent"])
        for hours in (3, 4.2, 5.2):
            with the_clock.at(the_clock.now() + timedelta(hours=hours)):
                if hours == 3:
                    assert series_acts.bring_to(filled, made.id, SeriesState.ACTIVE, outbox.author(filled)) is None
                    filled.commit()
                series_look.look(engine, made.id)
        bodies = filled.scalars(select(Broadcast.body).order_by(Broadcast.id)).all()
        statuses = filled.scalars(select(Message.status).where(Message.broadcast_id.is_not(None)).order_by(Message.id))
        assert (bodies, list(statuses)) == (["Text 1", "Text 2", "Text 3"], ["cancelled", "skipped", "queued"])
    engine.dispose()


def decided(session: Session) -> dict[tuple[str, int | None], str]:
    """Return for every number and keyword why a broadcast would not be sent to it now, "" where it would."""
    rule = {"policy": policy.load(session), "scope": world.OURS, "channel": "sms"}
    numbers = session.scalars(select(ConsentPayload.number).distinct()).all()
    keywords = [None, *session.scalars(select(Keyword.id))]
    return {
        (number, keyword_id): str(decisions.of_campaign(session, number, keyword_id=keyword_id, **rule).reason or "")
        for number in numbers
        for keyword_id in keywords
    }


def test_the_same_may_be_sent_to_everybody(
    app: Flask, database: str, target: str, session: Session, tmp_path: Path
) -> None:
    """And the log leads to it, there as here."""
    outbox.keyword(session), outbox.keyword(session, "GARDEN", double_opt_in=True)
    texts = ("VOLUNTEER", "GARDEN", "we have to stop this bill", "STOP", "START", "VOLUNTEER")
    for each, number in enumerate(outbox.numbers(len(texts) + 1)):
        for body in texts[: each + 1]:
            world.text(session, body, number)
    ledger.lose_number(session, outbox.numbers(1)[0], outbox.act())
    session.commit()
    before = decided(session)
    archives.fill(target, archives.export(database, tmp_path), tmp_path)
    engine = create_engine(target, poolclass=NullPool)
    with Session(engine) as filled:
        assert decided(filled) == before
    assert list(differences(engine, Found())) == []
    engine.dispose()
    assert {"", "opted_out", "number_lost", "on_hold", "pending", "not_opted_in"} <= set(before.values())


def test_what_breaks_off_in_the_middle_leaves_it_empty(
    database: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a kill does: it is one transaction, indexes and references included."""
    engine = create_engine(target, poolclass=NullPool)
    shape = text(
        "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'"
        if engine.dialect.name == "postgresql"
        else "SELECT count(*) FROM sqlite_master WHERE type = 'index'"
    )
    with Session(engine) as session:
        indexes = session.scalar(shape)
    load = filling._load

    def fail(session: Session, table: Table, *rest: Any) -> None:
        if table.name == "consent_event":
            raise KeyboardInterrupt
        load(session, table, *rest)

    with Session(create_engine(database, poolclass=NullPool)) as session:
        add_user(session, Role.ADMIN)
    zipped = archives.export(database, tmp_path)
    monkeypatch.setattr(filling, "_load", fail)
    with pytest.raises(KeyboardInterrupt):
        archives.fill(target, zipped, tmp_path)
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(User)) == 0
        assert session.scalar(shape) == indexes
    engine.dispose()
