"""Whether the process lives and whether it can work."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from optin.access import public
from optin.config import Config
from optin.extensions import db, migrate

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> dict[str, str]:
    """Say that the process answers; nothing else is asked."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@public
def readyz() -> tuple[dict[str, str], int]:
    """Say whether the database has this version's tables and the queue's database answers; 503 if not."""
    parts = {"database": database_state(db.engine), "queue": queue_state(current_app.config["OPTIN"])}
    ready = set(parts.values()) == {"ok"}
    return {"status": "ok" if ready else "not ready", **parts}, 200 if ready else 503


def database_state(engine: Engine) -> str:
    """Return "ok", "away", or "old tables" where migrations have not run yet."""
    newest = ScriptDirectory(str(migrate.directory)).get_current_head()
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        return "away"
    return "ok" if current == newest else "old tables"


def queue_state(config: Config) -> str:
    """Return "ok" or "away"; a queue in the app's own database is as well as that database."""
    if config.queue_url == config.database_url:
        return database_state(db.engine).replace("old tables", "ok")
    engine = create_engine(config.queue_url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "away"
    return "ok"
