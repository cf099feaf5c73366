"""Moves from Twilio for Salesforce at each of their steps, for the gallery; nothing of them is really moved."""

import io
import zipfile

from sqlalchemy.orm import Session

from optin import clock
from optin.features.moving import runs, work
from optin.features.moving.terms import MoveState
from optin.models import ImportRun, Move, User
from optin.refused import done
from tests.support.salesforce_export import generate

OBJECTS = ("Opt_In_Keyword__c", "Contact", "Opt_In__c", "Campaign", "CampaignMember", "Message__c")


def moves(session: Session, admin: User) -> dict[str, str]:
    """Have moves that are read, checked, under way, paused and done; return the addresses of their pages."""
    reading = _received(session, admin)
    read = {state: _read(session, _received(session, admin)) for state in ("checked", "running", "paused", "done")}
    for state, run in read.items():
        move = session.get_one(Move, run.id)
        if state != "checked":
            run.state, run.started_at, move.stage, move.counts = state, clock.now(), work.CONSENT, move.checked
        if state in ("running", "paused"):
            run.total *= 2
        if state == "done":
            run.finished_at = clock.now()
    return {
        "move-reading": f"/settings/move/{reading.id}",
        "move": f"/settings/move/{read['checked'].id}",
        "moving": f"/settings/move/{read['running'].id}",
        "move-paused": f"/settings/move/{read['paused'].id}",
        "moved": f"/settings/move/{read['done'].id}",
    }


def _received(session: Session, admin: User) -> ImportRun:
    file = io.BytesIO(generate(80).zip(OBJECTS))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("Notes of last year.csv", "Who,What\nMaya,Has a boat\n")
    file.seek(0)
    return done(runs.receive(session, [("Data Loader 27 Nov.zip", file)], admin.id))


def _read(session: Session, run: ImportRun) -> ImportRun:
    while run.state == MoveState.CHECKING:
        work.step(session, run, session.get_one(Move, run.id))
    return run
