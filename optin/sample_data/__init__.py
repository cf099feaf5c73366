"""Thirty days of an imaginary organisation, so that a new machine has something to look at.

Nothing is written past the app: people text through the simulator, whose webhooks reach the app; what the app sends
goes through the SDK to the simulator. Only the clock is moved, and all of it happens inside this process.
"""

import json
from contextlib import closing
from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from optin import clock, create_app
from optin.config import Config, Workers
from optin.database.session import db
from optin.database.transactions import writing
from optin.enums import Role
from optin.features.home.checklist import SAMPLE_DATA_ENDS
from optin.first_start import prepare
from optin.models import Keyword, Message, Person, Setting, User
from optin.sample_data import story
from optin.sample_data.town import Town, number_of

_KINDS: tuple[Any, ...] = (Person, Keyword, Message)


def seed(config: Config) -> bool:
    """Fill the database with sample data if it has no people, keywords and messages; tell whether it was filled.

    For simulator mode only, and while no server and no jobs run on this database. Raises ValueError in another mode.
    """
    if not config.is_simulator:
        raise ValueError("sample data is for the simulator: with a real account it would text strangers")
    if number_of(config) is None:
        return False
    # An app of our own: it has no jobs, and it calls none that run elsewhere.
    app = create_app(replace(config, workers=Workers.EMBEDDED))
    with app.app_context():
        try:
            return _seed(app, config)
        finally:
            db.engine.dispose()


def _seed(app: Flask, config: Config) -> bool:
    event.listen(db.engine, "connect", _without_waiting_for_the_disk)
    with writing(db.engine) as session:
        if any(session.scalar(select(kind.id).limit(1)) is not None for kind in _KINDS):
            return False
        prepare(session, config)
        _mark_the_end(session)
        admin_id = session.scalars(select(User.id).order_by(User.role != Role.ADMIN, User.id)).first() or 0
    with closing(Town(app, admin_id)) as town:
        story.tell(town)
    return True


def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
    """Let SQLite be quick: a power cut may cost the sample, which starts anew, and nothing else is written here."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA synchronous=OFF")


def _mark_the_end(session: Session) -> None:
    """Keep the moment up to which everything is sample data: all of it lies in the past."""
    now = clock.now()
    session.merge(Setting(name=SAMPLE_DATA_ENDS, value=json.dumps(now.isoformat()), updated_at=now))
