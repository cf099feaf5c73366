"""Runs migrations on the app's own engine. Tables that are not ours (the job engine keeps some) are left alone."""

from typing import Any

from alembic import context
from flask import current_app

import optin.models  # noqa: F401  the tables
from optin.extensions import Base, UTCDateTime, db


def is_ours(_thing: Any, name: str | None, kind: str, reflected: bool, counterpart: Any) -> bool:
    """Leave out tables that only the database knows: they belong to the job engine."""
    return not (kind == "table" and reflected and counterpart is None) and name != "alembic_version"


def render_item(kind: str, thing: Any, _autogen: Any) -> str | bool:
    """Write our moments as plain SQLAlchemy, so that old migrations never depend on today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UTCDateTime) else False


def run() -> None:
    """Run in one transaction: a migration that fails leaves nothing half-done."""
    options: dict[str, Any] = {
        "target_metadata": Base.metadata,
        "include_object": is_ours,
        "render_item": render_item,
        "transactional_ddl": True,  # SQLite can, since our connections say BEGIN themselves
        **current_app.extensions["migrate"].configure_args,
    }
    with db.engine.connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()


run()
