"""`verify`: whether the log of consent is as it was sealed and leads to what is stored, here or in an export."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import flask_migrate
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Engine

from optin import clock, create_app
from optin.archive import copying, filling, making, opening
from optin.archive.opening import BadArchive
from optin.config import Config, Workers
from optin.consent import verifying
from optin.consent.proof import checking
from optin.consent.proof.checking import Looked, Progress
from optin.consent.verifying import Found
from optin.database.session import db
from optin.environment import sqlite_url

MOST_SHOWN = 100


@click.command("verify")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def command(file: Path | None) -> None:
    """Check that the log of consent is as it was sealed, and leads to the opt-ins, opt-outs, holds and blocks that are
    stored.

    Without FILE in the database, while the app runs; else in FILE, an export of everything, and its hashes as well.
    """
    if file is None:
        report(db.engine)
        return
    try:
        with _as_a_database(current_app.config["OPTIN"], file) as engine:
            click.echo(f"{file} is whole: each file in it is what its manifest says.")
            report(engine)
    except BadArchive as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _as_a_database(config: Config, file: Path) -> Iterator[Engine]:
    """Fill a database for the time being with an export."""
    with opening.opened(file) as archive, TemporaryDirectory(prefix=copying.PREFIX, dir=config.instance_path) as folder:
        archive.check()
        url = sqlite_url(Path(folder) / "verified.db")
        app = create_app(replace(config, database_url=url, queue_url=url, workers=Workers.EXTERNAL))
        with app.app_context():
            flask_migrate.upgrade()
            opening.see_version(archive, making.version(db.engine))
            filling.fill(url, archive, clock.now())
            yield db.engine
            db.engine.dispose()


def report(engine: Engine) -> None:
    """Print what is not as it was sealed, and what differs. Raises ClickException where there is such a thing."""
    looked, found = Looked(), Found()
    with _progress(checking.total(engine), "Checking the sealed events") as progress, collecting_seldom():
        broken = _tell(checking.broken(engine, looked, progress))
    differing = _tell(verifying.differences(engine, found))
    for sentence in (*checking.limits(looked), *verifying.limits(found)):
        click.echo(sentence)
    sealed = f"{_count(looked.leaves, 'sealed event')} and {_count(looked.checkpoints, 'checkpoint')}"
    if looked.leaves and not broken:
        click.echo(f"The log is as it was sealed: {sealed}.")
    looked_at = f"{_count(found.events, 'event')} of {_count(found.numbers, 'number')}"
    if differing:
        raise click.ClickException(f"{_count(differing, 'difference')} in {looked_at}.")
    click.echo(f"The log leads to what is stored: {looked_at}, no difference.")
    if broken:
        raise click.ClickException(f"{_count(broken, 'fault')} in {sealed}.")


def _tell(sentences: Iterator[str]) -> int:
    """Print the first of the sentences and return how many there are."""
    count = 0
    for sentence in sentences:
        count += 1
        if count <= MOST_SHOWN:
            click.echo(sentence)
    if count > MOST_SHOWN:
        click.echo(f"… and {count - MOST_SHOWN:,} more.")
    return count


@contextmanager
def _progress(length: int, label: str) -> Iterator[Progress]:
    """Show how far it is, where somebody looks at a terminal."""
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield bar.update


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Have the garbage collector look seldom through rows by the thousand, which go without it: a third of the time."""
    young, *older = gc.get_threshold()
    gc.set_threshold(100 * young, *older)
    yield
    gc.set_threshold(young, *older)


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
