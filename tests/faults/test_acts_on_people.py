"""An act on many people is killed with SIGKILL in the middle: it goes on, and each is done once."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.database.transactions import reading
from optin.enums import PersonKind
from optin.features.people import acts, selection
from optin.models import AuditEntry, BackgroundTask, Person
from optin.person.filters.field import Asker
from optin.person.filters.terms import Filter, Operator
from tests.support.faults.processes import SERVER, running, until
from tests.support.provider import serve_provider

PEOPLE = 750
SLOWLY = {"AT_ONCE": "15", "DEADLINE": "5"}


def test_a_killed_act_goes_on_and_does_each_once(
    database: str, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(acts.AT_ONCE, "conversion", 15)
    with app.app_context():
        engine, now = db.engine, clock.now()
    with app.app_context(), Session(engine) as session:
        moments = {"created_at": now, "updated_at": now}
        session.add_all(
            Person(kind=PersonKind.LEAD, sort_name=f"{each:05}", company=("", "Harbor", "Harbor")[each % 3], **moments)
            for each in range(PEOPLE)
        )  # fmt: skip
        session.flush()
        filters = [Filter("company", Operator.EQUALS, ("harbor",))]
        asker = Asker(None, now, ZoneInfo("UTC"))
        chosen = selection.of(session, PersonKind.LEAD, None, filters, "", region="US", asker=asker)
        task_id = acts.begin(session, acts.Act.CONVERSION, chosen, None, PEOPLE * 2 // 3).id
        session.commit()

    def done() -> int:
        with reading(engine) as own:
            return acts.report(own.get_one(BackgroundTask, task_id)).done

    def has_ended() -> bool:
        with reading(engine) as own:
            return own.get_one(BackgroundTask, task_id).finished_at is not None

    begun = done()
    with serve_provider() as provider:
        for kill in (1, 2):
            with running(SERVER, database, tmp_path / "killed", provider, **SLOWLY):
                until(lambda kill=kill: done() > begun + kill * 60)
            assert not has_ended()
        with running(SERVER, database, tmp_path / "killed", provider, **SLOWLY):
            until(has_ended)
    with Session(engine) as session:
        assert acts.report(session.get_one(BackgroundTask, task_id)) == acts.Report(500, 0, 500)
        kinds = dict(session.execute(select(Person.kind, func.count()).group_by(Person.kind)).all())
        assert kinds == {"contact": 500, "lead": 250}
        told = select(func.count(), func.count(AuditEntry.subject_id.distinct())).where(
            AuditEntry.action == "converted"
        )
        assert session.execute(told).one() == (500, 500)
