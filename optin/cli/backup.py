"""`backup` and `restore`: a whole copy of the database in one file. What is restored sends nothing at first."""

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import click
import flask_migrate
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Engine, create_engine, delete, make_url, select
from sqlalchemy.pool import NullPool

from optin import clock
from optin.cli.start import answers
from optin.config import Config
from optin.consent.events import payload_hash
from optin.database.session import db
from optin.database.statements import insert
from optin.database.transactions import reading, writing
from optin.environment import sqlite_url
from optin.models import ConsentEvent, ConsentPayload, SendingGate, SendingStop, Setting, User
from optin.monitoring.health import database_state
from optin.sending import stop_all
from optin.sending.gate import BACKUP_SETTING

POSTGRESQL_FILE = b"PGDMP"
SQLITE_FILE = b"SQLite format 3\0"


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def command(file: Path) -> None:
    """Write a copy of the database to FILE, while the app runs; SQLite's file or pg_dump's custom format."""
    config: Config = current_app.config["OPTIN"]
    draft = file.with_name(file.name + ".draft")
    _remember_the_backup()
    old = os.umask(0o077)
    try:
        if _is_sqlite(config):
            _copy(Path(str(make_url(config.database_url).database)), draft)
            _leave_the_gate_out(draft)
        else:
            without = ("--exclude-table-data=sending_gate", "--no-owner", "--format=custom")
            _run("pg_dump", config.database_url, *without, f"--file={draft}")
        draft.replace(file)
    finally:
        os.umask(old)
        draft.unlink(missing_ok=True)
    click.echo(f"{file} holds the whole database ({file.stat().st_size:,} bytes). Keep the instance folder as well.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.confirmation_option(prompt="This replaces everything in the database. Continue?")
@with_appcontext
def restore_command(file: Path) -> None:
    """Replace the database by the copy in FILE; sending stays closed until Twilio's list has been compared."""
    config: Config = current_app.config["OPTIN"]
    if answers(config):
        raise click.ClickException(f"Optin is running at {config.local_url}. Stop it and its workers first.")
    wanted = SQLITE_FILE if _is_sqlite(config) else POSTGRESQL_FILE
    with file.open("rb") as opened:
        if opened.read(len(wanted)) != wanted:
            raise click.ClickException(f"{file} is not a backup of this kind of database.")
    stop = _stop_in_force()
    if _is_sqlite(config):
        _restore_sqlite(file, Path(str(make_url(config.database_url).database)))
    else:
        _run("pg_restore", config.database_url, "--clean", "--if-exists", "--no-owner", "--single-transaction", file)
    flask_migrate.upgrade()
    with writing(db.engine) as session:
        session.execute(delete(SendingGate))  # also for copies that were not made by our command
        stop_all.keep(session, stop, set(session.scalars(select(User.id))))
    _check(db.engine)
    click.echo(
        "Restored. Start Optin: it sends nothing until it has fetched what Twilio has received since the backup."
    )


def _stop_in_force() -> SendingStop | None:
    """Return the stop of all sending in the database that is about to be replaced, None if it can't be read."""
    if database_state(db.engine) != "ok":
        return None
    with reading(db.engine) as session:
        return stop_all.current(session)


def _is_sqlite(config: Config) -> bool:
    return config.database_url.startswith("sqlite")


def _remember_the_backup() -> None:
    """Note when it was made, inside of it: from then on texts are missing in what is restored from it."""
    values = {"value": json.dumps(clock.now().isoformat()), "updated_at": clock.now()}
    with writing(db.engine) as session:
        session.execute(
            insert(Setting)
            .values(name=BACKUP_SETTING, **values)
            .on_conflict_do_update(index_elements=["name"], set_=values)
        )


def _copy(source: Path, target: Path) -> None:
    """Copy a SQLite database with its own backup interface: consistent, while others write."""
    with closing(sqlite3.connect(source)) as opened, closing(sqlite3.connect(target)) as copy:
        opened.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def _leave_the_gate_out(copy: Path) -> None:
    """Make the copy one that sends nothing when it is restored, and see that it is sound."""
    with closing(sqlite3.connect(copy)) as opened:
        opened.execute("DELETE FROM sending_gate")
        opened.commit()
    _see_that_it_is_sound(copy)
    engine = create_engine(sqlite_url(copy), poolclass=NullPool)
    _check(engine)
    with closing(sqlite3.connect(copy)) as opened:
        opened.execute("PRAGMA journal_mode=DELETE")


def _restore_sqlite(file: Path, target: Path) -> None:
    _see_that_it_is_sound(file)
    if target.exists():
        kept = target.with_name(f"{target.name}.before-{clock.now():%Y%m%d-%H%M%S}")
        _copy(target, kept)
        click.echo(f"The previous database was kept as {kept}.")
    db.engine.dispose()
    with closing(sqlite3.connect(file)) as copy, closing(sqlite3.connect(target)) as opened:
        copy.backup(opened)


def _see_that_it_is_sound(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened:
        try:
            faults = [row[0] for row in opened.execute("PRAGMA integrity_check") if row[0] != "ok"]
        except sqlite3.DatabaseError as error:
            faults = [str(error)]
    if faults:
        raise click.ClickException(f"{file} is damaged: {faults[0]}")


def _check(engine: Engine) -> None:
    """Refuse a database whose consent events and payloads do not belong together."""
    pairs = select(ConsentEvent, ConsentPayload).join(ConsentPayload, ConsentPayload.event_id == ConsentEvent.id)
    with reading(engine) as session:
        for event, payload in session.execute(pairs.execution_options(yield_per=1000)):
            if payload_hash(payload.salt, payload.number, payload.text) != event.payload_hash:
                raise click.ClickException(f"The ledger is damaged: the payload of event {event.id} has been changed.")


def _run(program: str, url: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs on the database; the password travels in the environment only."""
    found = shutil.which(program)
    if found is None:
        raise click.ClickException(f"{program} is not on the PATH: install PostgreSQL's client programs.")
    where = make_url(url).set(drivername="postgresql")
    environ = {**os.environ, **({"PGPASSWORD": str(where.password)} if where.password else {})}
    plain = where.set(password=None).render_as_string(hide_password=False)
    done = subprocess.run(  # noqa: S603  a program of PostgreSQL, with arguments of ours
        [found, f"--dbname={plain}", *arguments], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise click.ClickException(f"{program} failed: {done.stderr.strip() or done.returncode}")
