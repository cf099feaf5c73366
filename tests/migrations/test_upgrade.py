"""A database of the first version with thirty days in it comes through all migrations, and the app goes on with it."""

from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import MetaData, select
from sqlalchemy.orm import Session

from optin.consent import consent_status
from optin.database.session import db
from optin.enums import OptInStatus
from optin.models import Message, OptIn
from optin.sample_data import seed
from tests.support.clients import Browser
from tests.support.twilio_requests import post, text_form

pytestmark = pytest.mark.slow

FIRST = "0001"
Rows = dict[str, list[dict[str, Any]]]
"""Rows by the names of their tables, in order."""
GONE = {("user", "session_key")}
MAYA = "+14155550134"
PAGES = (
    "/",
    "/keywords",
    "/keywords/1",
    "/campaigns",
    "/campaigns/1",
    "/contacts",
    "/inbox",
    "/review",
    "/broadcasts/1",
)


def test_thirty_days_of_the_first_version_come_through(app: Flask, agent: Browser, session: Session) -> None:
    session.commit()
    assert seed(app.config["OPTIN"])
    numbers = session.scalars(select(Message.number).distinct()).all()
    stood = consent_status.of_numbers(session, numbers)
    session.commit()
    with app.app_context():
        flask_migrate.downgrade(revision=FIRST)
        before = rows()
        flask_migrate.upgrade()
        after = rows()
    assert len(before["consent_event"]) > 50
    assert len(before["message"]) > 100
    all_kept(before, after)
    assert consent_status.of_numbers(session, numbers) == stood
    assert agent.get("/account").status_code == 303, "cookies of before name no session"
    assert agent.user is not None
    agent.sign_in(agent.user)
    for page in PAGES:
        assert agent.get(page).status_code == 200
    assert post(agent, "/webhooks/twilio/sms", text_form(app, "STOP", number=MAYA)).status_code == 200
    session.expire_all()
    statuses = session.scalars(select(OptIn.status).where(OptIn.number == MAYA)).all()
    assert set(statuses) == {OptInStatus.INACTIVE}


def all_kept(before: Rows, after: Rows) -> None:
    """See that each row of before is there after, in all columns that later versions still have."""
    for table, found in before.items():
        if table != "alembic_version":
            columns = [column for column in (found[0] if found else ()) if (table, column) not in GONE]
            kept = [[[row[column] for column in columns] for row in rows] for rows in (found, after[table])]
            assert kept[0] == kept[1], table


def rows() -> Rows:
    """Return what stands in the tables, in order."""
    found = MetaData()
    with db.engine.connect() as connection:
        found.reflect(connection)
        return {
            name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for name, table in found.tables.items()
        }
