"""Runs migrations on the app's own engine. Tables that are not ours (the job engine keeps some) are left alone."""

from typing import Any

from alembic import context
from click import ClickException
from flask import current_app

import optin.models  # noqa: F401  the tables
from optin.database.session import Base, UTCDateTime, db
from optin.storage.troubles import in_words


def is_ours(_thing: Any, name: str | None, kind: str, reflected: bool, counterpart: Any) -> bool:
    """Leave out tables that only the database knows: they belong to the job engine."""
    return not (kind == "table" and reflected and counterpart is None) and name != "alembic_version"


def render_item(kind: str, thing: Any, _autogen: Any) -> str | bool:
    """Write our moments as plain SQLAlchemy, so that old migrations never depend on today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UTCDateTime) else False


def run() -> None:
    """Run in one transaction: a migration that fails leaves nothing half-done.

    On SQLite a table is changed by making it anew, which others that refer to it must bear; they are checked then.
    """
    options: dict[str, Any] = {
        "target_metadata": Base.metadata,
        "include_object": is_ours,
        "render_item": render_item,
        "transactional_ddl": True,  # SQLite can, since our connections say BEGIN themselves
        **current_app.extensions["migrate"].configure_args,
    }
    with db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            connection.connection.execute("PRAGMA foreign_keys = OFF")  # counts outside of a transaction only
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
            if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                raise RuntimeError(f"rows refer to what is not there: {broken[:5]}")
        if is_sqlite:
            connection.connection.execute("PRAGMA foreign_keys = ON")


try:
    run()
except Exception as error:
    if words := in_words(error, current_app.config["OPTIN"].database_url):
        raise ClickException(words) from None
    raise
