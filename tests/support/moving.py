"""Moving over from Twilio for Salesforce in tests: an export's files in, and the jobs' work done."""

import io

from flask import Flask
from sqlalchemy.orm import Session

from optin.features.moving import runs, tasks
from optin.models import ImportRun, Move
from optin.refused import done
from tests.support.importing import work
from tests.support.salesforce_export import Export


def check(app: Flask, session: Session, data: bytes, user_id: int) -> ImportRun:
    """Give a ZIP file and let it be read to its end."""
    with app.app_context():
        run = done(runs.receive(session, [("export.zip", io.BytesIO(data))], user_id))
    work(app, session)
    return session.get_one(ImportRun, run.id, populate_existing=True)


def move(app: Flask, session: Session, export: Export | bytes, user_id: int) -> Move:
    """Move an export from its files to its end."""
    run = check(app, session, export if isinstance(export, bytes) else export.zip(), user_id)
    assert run.state == "checked", run.state
    with app.app_context():
        locked = tasks.locked(session, run.id)
        assert locked is not None
        assert runs.start(session, locked, session.get_one(Move, run.id), user_id) is None
        session.commit()
    work(app, session)
    found = session.get_one(Move, run.id, populate_existing=True)
    assert session.get_one(ImportRun, run.id, populate_existing=True).state == "done"
    return found
