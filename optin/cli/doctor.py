"""`doctor`: says what is wrong with the configuration and how to fix it."""

import stat
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from optin import clock
from optin.config import Config, Workers
from optin.consent.proof import troubles as troubles_of_the_log
from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from optin.enums import Role
from optin.environment import LOOPBACK
from optin.models import User
from optin.monitoring.health import database_state, queue_state, working_state
from optin.provider import senders
from optin.sending import gate, pauses
from optin.storage import free_space, troubles
from optin.storage.troubles import Trouble
from optin.witnesses import records

Check = Callable[[Config], Iterator[str]]


@click.command("doctor")
@with_appcontext
def command() -> None:
    """Look for what is wrong with the configuration; exit with 1 if there is something."""
    config: Config = current_app.config["OPTIN"]
    click.echo(f"Mode: {config.mode.label}")
    checks: tuple[Check, ...] = (database, queue, room, secret_keys, addresses)
    problems = [sentence for check in checks for sentence in check(config)]
    if database_state(db.engine) == "ok":
        problems += [sentence for check in (our_senders, sending, users, consent_log) for sentence in check(config)]
    for sentence in problems:
        click.echo(f"Problem: {sentence}")
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"No problems found. Twilio should call {config.inbound_webhook} for incoming messages.")


def database(_config: Config) -> Iterator[str]:
    """Say whether the database answers with this version's tables, and can store something."""
    state = working_state(db.engine)
    if state == "old tables":
        yield "the database has not been upgraded to this version. Run: flask --app app db upgrade"
    elif state == Trouble.AWAY:
        yield f"the database does not answer. {troubles.LOOK_AT_THE_SERVER}"
    elif state != "ok":
        yield in_a_list(Trouble(state).sentence)


def queue(config: Config) -> Iterator[str]:
    """Say whether the job queue's database answers."""
    state = queue_state(config)
    if config.queue_url == config.database_url or state == "ok":
        return
    if state == Trouble.AWAY:
        yield "the queue's database does not answer. Is OPTIN_QUEUE_URL right?"
    else:
        yield f"the queue has a problem: {in_a_list(Trouble(state).sentence)}"


def room(config: Config) -> Iterator[str]:
    """Say whether a disk is nearly full."""
    if words := free_space.warning(config):
        yield in_a_list(words)


def in_a_list(sentence: str) -> str:
    """Begin a sentence small, as the others that follow "Wrong:"."""
    return sentence[:1].lower() + sentence[1:]


def secret_keys(config: Config) -> Iterator[str]:
    """Say whether others on this machine can read the key that signs sessions, or that of the consent log."""
    for file in (config.instance_path / "secret_key", config.instance_path / "log_key"):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield f"{file} can be read by others on this machine. Run: chmod 600 '{file}'"


def addresses(config: Config) -> Iterator[str]:
    """Say what keeps Twilio from reaching us, or lets texts travel unencrypted."""
    if config.is_simulator:
        return
    parts = urlsplit(config.public_url)
    if parts.hostname in LOOPBACK and not config.twilio_api_url:
        yield f"Twilio cannot reach {config.public_url}: set OPTIN_PUBLIC_URL to the address that the internet sees."
    elif parts.scheme != "https" and not config.twilio_api_url:
        yield f"texts would travel to {config.public_url} unencrypted: use an https address in OPTIN_PUBLIC_URL."


def our_senders(_config: Config) -> Iterator[str]:
    """Say whether there is an address to send from."""
    if not senders.in_use(db.session()):
        yield "there is no number to send from: set TWILIO_FROM, or add a sender under Settings, Twilio."


def sending(_config: Config) -> Iterator[str]:
    """Say why nothing is sent, and what Twilio refuses for now."""
    if why := gate.why_closed(db.session()):
        yield in_a_list(why)
    yield from pauses.sentences(db.session())


def users(config: Config) -> Iterator[str]:
    """Say whether an admin can sign in."""
    admins = db.session.scalars(select(User).where(User.role == Role.ADMIN, User.disabled_at.is_(None))).all()
    if not admins:
        yield "there is no admin. Run: flask --app app user add YOUR@EMAIL --role admin"
    elif not config.is_simulator and not any(admin.password_hash for admin in admins):
        yield f"no admin has a password. Make a sign-in link with: flask --app app sign-in-link {admins[0].email}"


def consent_log(config: Config) -> Iterator[str]:
    """Say what keeps the consent log from being sealed and signed, and which witness remembers another log."""
    session, now, keeper = db.session(), clock.now(), Keeper.of(config)
    if config.workers is Workers.EMBEDDED or keeper.head():  # else another machine signs
        yield from troubles_of_the_log.of_key(session, keeper)
        yield from troubles_of_the_log.of_file(session, str(keeper.head_file), now)
    yield from troubles_of_the_log.of_sealing(session, now)
    yield from troubles_of_the_log.of_file(session, config.checkpoint_file, now)
    for witness in records.disputes(session):
        yield f"the witness {witness.name} remembers another consent log. {witness.dispute}"
