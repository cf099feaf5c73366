"""Filling an empty database from an export, in one transaction: all of it or nothing.

What was waiting to be sent is set aside, since the installation that the export was made of may send it.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Engine, Table, create_engine, delete, event, exists, select, text, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin.archive import cells, tables
from optin.archive.opening import Archive, BadArchive
from optin.database.postgresql import analyse
from optin.database.sqlite import roomy
from optin.database.statements import insert, is_postgresql
from optin.database.transactions import writing
from optin.enums import BroadcastState, MessageStatus, RecurrenceState, SeriesState
from optin.models import Broadcast, ImportRun, Message, RecurringBroadcast, SendingGate, Series, SeriesStep, Setting

ROWS_AT_ONCE, FILES_AT_ONCE = 2000, 4
NOT_EMPTY = (
    "This Optin is not empty: there are rows in {}. Nothing was changed. Fill a new database: set "
    "OPTIN_DATABASE_URL to one, or to a SQLite file that does not exist yet."
)
WAITED = "It was waiting when the export was made, and may have been sent from there."
UNFINISHED = "It was not finished when the export was made, and may go on there."
ENDED = (BroadcastState.SENT, BroadcastState.CANCELLED)
IMPORTING = ("checking", "running", "undoing")
"""States of an import (features/imports/terms.py) that go on by themselves."""
_REFERENCES = """
    SELECT conname AS name, relname AS of, pg_get_constraintdef(pg_constraint.oid) AS made
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
"""


def fill(url: str, archive: Archive, now: datetime, progress: Callable[[int], None] = lambda _: None) -> None:
    """Put all rows of the export into the empty, migrated database at `url`. Raises BadArchive and changes nothing."""
    engine = create_engine(url, poolclass=NullPool)
    event.listen(engine, "connect", _check_references_at_the_end)
    try:
        with writing(engine) as session, roomy(session):
            _see_that_it_is_empty(session)
            with _without_indexes(session), _without_references(session):
                for table in tables.in_order():
                    _load(session, table, archive, progress)
            settle(session, now)
            session.execute(delete(SendingGate))  # a database without it was restored: it sends nothing at first
            _note(session, archive, now)
            for model in tables.EXPORTED:
                analyse(session, model)
    except (IntegrityError, DataError) as error:
        raise BadArchive("The export contradicts itself: its rows do not fit together. Nothing was changed.") from error
    finally:
        engine.dispose()


def settle(session: Session, now: datetime) -> None:
    """Let nothing go out that was on its way: what waits is cancelled, what may have gone has an unknown outcome.

    Recurring broadcasts and series are paused: where they come from they may go on.
    """
    waits = (MessageStatus.QUEUED, MessageStatus.CLAIMED)
    aside = update(Message).execution_options(synchronize_session=False)
    said = {"error_text": WAITED, "lease_until": None, "updated_at": now}
    session.execute(aside.where(Message.status.in_(waits)).values(status=MessageStatus.CANCELLED, **said))
    session.execute(aside.where(Message.status == MessageStatus.SENDING).values(status=MessageStatus.UNKNOWN, **said))
    steps = select(SeriesStep.broadcast_id).where(SeriesStep.broadcast_id.is_not(None))
    of_series = update(Broadcast).where(Broadcast.state.not_in(ENDED), Broadcast.id.in_(steps))
    session.execute(of_series.values(state=BroadcastState.SENT, finished_at=now))
    session.execute(
        update(Broadcast)
        .where(Broadcast.state.not_in(ENDED))
        .values(state=BroadcastState.CANCELLED, finished_at=now, ended_because=UNFINISHED)
    )
    on = update(Series).where(Series.state.in_((SeriesState.ACTIVE, SeriesState.PAUSED)))
    session.execute(on.values(state=SeriesState.PAUSED, is_copy=True))
    goes_on = update(RecurringBroadcast).where(RecurringBroadcast.state == RecurrenceState.ACTIVE)
    session.execute(goes_on.values(state=RecurrenceState.PAUSED))
    session.execute(update(ImportRun).where(ImportRun.state.in_(IMPORTING)).values(state="expired", finished_at=now))


def _note(session: Session, archive: Archive, now: datetime) -> None:
    """Remember where all of it is from."""
    told = {name: getattr(archive.manifest, name) for name in ("moment", "made_by", "last_event")}
    session.execute(insert(Setting).values(name="filled_from_export", value=json.dumps(told), updated_at=now))


def _see_that_it_is_empty(session: Session) -> None:
    found = [table.name for table in tables.in_order() if session.scalar(select(exists(select(table))))]
    if found:
        raise BadArchive(NOT_EMPTY.format(", ".join(sorted(found)[:5])))


def _load(session: Session, table: Table, archive: Archive, progress: Callable[[int], None]) -> None:
    rows = archive.rows(table)
    at_once = FILES_AT_ONCE if any(cells.is_file(column) for column in table.columns) else ROWS_AT_ONCE
    while some := list(islice(rows, at_once)):
        session.execute(insert(table), some)
        progress(len(some))
    key = table.autoincrement_column
    if key is not None and is_postgresql(session):
        newest = f"(SELECT coalesce(max({key.name}), 0) + 1 FROM {_quoted(table.name)})"  # noqa: S608
        session.execute(text(f"SELECT setval(pg_get_serial_sequence('{_quoted(table.name)}', 'id'), {newest}, false)"))


@contextmanager
def _without_indexes(session: Session) -> Iterator[None]:
    """Take the indexes away and make them anew: of many rows at once that takes a fraction of the time."""
    found = _indexes(session)
    for name, _ in found:
        session.execute(text(f"DROP INDEX {_quoted(name)}"))
    yield
    for _, made in found:
        session.connection().exec_driver_sql(made)


def _indexes(session: Session) -> Sequence[tuple[str, str]]:
    """List the indexes of our tables with the statements that make them; those of constraints stay."""
    names = [table.name for table in tables.in_order()]
    if is_postgresql(session):
        asked = """SELECT indexname, indexdef, tablename FROM pg_indexes WHERE schemaname = current_schema()
                   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)"""
    else:
        asked = "SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    return [(name, made) for name, made, of in session.execute(text(asked)) if of in names]


@contextmanager
def _without_references(session: Session) -> Iterator[None]:
    """Look at what rows refer to when all are there: they refer to one another in circles."""
    names = [table.name for table in tables.in_order()]
    kept = [row for row in session.execute(text(_REFERENCES)) if row.of in names] if is_postgresql(session) else []
    for row in kept:
        session.execute(text(f"ALTER TABLE {_quoted(row.of)} DROP CONSTRAINT {_quoted(row.name)}"))
    yield
    for row in kept:
        session.execute(text(f"ALTER TABLE {_quoted(row.of)} ADD CONSTRAINT {_quoted(row.name)} {row.made}"))
    wrong: Any = None if is_postgresql(session) else session.execute(text("PRAGMA foreign_key_check")).first()
    if wrong is not None:
        raise BadArchive(
            f"The export contradicts itself: a row of {wrong[0]} refers to one of {wrong[2]} that it does not have. "
            "Nothing was changed."
        )


def _quoted(name: str) -> str:
    return f'"{name}"'


def _check_references_at_the_end(connection: Any, _record: object) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA foreign_keys=OFF")


def engine_of(url: str) -> Engine:
    """Return an engine on a database that nobody else uses."""
    return create_engine(url, poolclass=NullPool)
