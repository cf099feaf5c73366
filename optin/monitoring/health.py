"""Whether the process lives and whether it can work."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from optin import clock
from optin.config import Config
from optin.database.session import db
from optin.database.transactions import reading
from optin.jobs import worker_registry
from optin.sending import gate, pauses, stop_all
from optin.storage import free_space, write_check
from optin.storage.troubles import Trouble, trouble_of
from optin.web.access import public
from optin.web.extensions import migrate

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> dict[str, str]:
    """Say that the process answers; nothing else is asked."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@public
def readyz() -> tuple[dict[str, str], int]:
    """Say whether the database has this version's tables and can store, and the queue's database answers; 503 if not.

    Room, workers and the sending gate are told as well, but refuse nothing: texts must still be taken in.
    """
    config: Config = current_app.config["OPTIN"]
    parts = {"database": working_state(db.engine), "queue": queue_state(config)}
    ready = set(parts.values()) == {"ok"}
    parts["disk"] = disk_state(config)
    told = {"worker": worker_state(config), "sending": sending_state()} if ready else {}
    return {"status": "ok" if ready else "not ready", **parts, **told}, 200 if ready else 503


def worker_state(config: Config) -> str:
    """Return "ok", or "none" where no process that runs jobs has given a sign of life lately."""
    ago = last_sign_of_a_worker(config)
    return "ok" if ago is not None and ago < worker_registry.DEAD_AFTER else "none"


def last_sign_of_a_worker(config: Config) -> float | None:
    """Return how many seconds ago a worker gave a sign of life; None where none ever did."""
    if config.queue_url == config.database_url:
        return worker_registry.last_sign(db.engine)
    queue = create_engine(config.queue_url, poolclass=NullPool)
    return worker_registry.last_sign(queue)


def sending_state() -> str:
    """Return "open", or why the sending gate is closed, or what Twilio refuses for now."""
    shut = gate.closure(db.session())
    closed = [shut.closure.value] if shut else []
    if stop_all.current(db.session()):
        closed.append("stopped by a user")
    if closed:
        return f"closed: {', '.join(closed)}"
    stopped = pauses.open_pauses(db.session(), clock.now()).rows
    return "; ".join(f"paused ({row.scope}): error {row.error_code or row.http_status}" for row in stopped) or "open"


def working_state(engine: Engine) -> str:
    """Return "ok", "old tables", or the trouble that keeps the database from being read or written."""
    state = database_state(engine)
    return (write_check.checks().trouble(engine) or "ok") if state == "ok" else state


def disk_state(config: Config) -> str:
    """Return "ok", or "low: " and what has little room left."""
    low = [space.what for space in free_space.too_little(config)]
    return f"low: {', '.join(low)}" if low else "ok"


def database_state(engine: Engine) -> str:
    """Return "ok", a trouble such as "away", or "old tables" where migrations have not run yet."""
    newest = ScriptDirectory(str(migrate.directory)).get_current_head()
    try:
        with reading(engine) as session:
            current = MigrationContext.configure(session.connection()).get_current_revision()
    except SQLAlchemyError as error:
        return trouble_of(error) or Trouble.AWAY
    return "ok" if current == newest else "old tables"


def queue_state(config: Config) -> str:
    """Return "ok" or the trouble that it has; a queue in the app's own database is as well as that database."""
    if config.queue_url == config.database_url:
        return working_state(db.engine).replace("old tables", "ok")
    engine = create_engine(config.queue_url, poolclass=NullPool)
    try:
        worker_registry.try_writing(engine)
    except SQLAlchemyError as error:
        return trouble_of(error) or Trouble.AWAY
    return "ok"
