"""Three tasks that add the same people are killed with SIGKILL in their middle: they go on; each is a member once."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.campaign_members import tasks
from optin.database.transactions import reading
from optin.enums import PersonKind, Role
from optin.features.campaigns import other_campaign
from optin.features.campaigns.other_campaign import Which
from optin.features.imports import runs, work
from optin.features.imports.terms import Known
from optin.models import BackgroundTask, CampaignMember, ImportRun, Person
from optin.refused import done as done_
from tests.conftest import add_user
from tests.support import campaign_scene as scene
from tests.support.faults.processes import SERVER, running, until
from tests.support.provider import serve_provider

PEOPLE, UNKNOWN = 900, 60
SLOWLY = {"AT_ONCE": "20", "DEADLINE": "5"}


def arrange(session: Session, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[int], int]:
    """Have two campaigns with two thirds of the people each, and a task that adds the members of each to a third one.

    Besides, the numbers of all and of some unknown people are pasted there. Return the third, the tasks, and the run.
    """
    target, *others = (scene.campaign(session, name=name) for name in ("Target", "First", "Second"))
    now = clock.now()
    given = {"kind": PersonKind.CONTACT, "created_at": now, "updated_at": now}
    numbers = [f"+1415{2000000 + index}" for index in range(PEOPLE)]
    people = [Person(sort_name=number, mobile=number, **given) for number in numbers]
    session.add_all(people)
    session.flush()
    for other, some in zip(others, (people[: PEOPLE * 2 // 3], people[PEOPLE // 3 :]), strict=True):
        row = {"campaign_id": other.id, "added_at": now}
        session.add_all(CampaignMember(person_id=each.id, number=each.mobile, **row) for each in some)
    session.commit()
    abouts = [other_campaign.about(other.id, Which.ALL, None) for other in others]
    ids = [tasks.begin(session, target.id, other_campaign.SOURCE, about, None) for about in abouts]
    session.commit()
    unknown = [f"+1415{3000000 + index}" for index in range(UNKNOWN)]
    run = done_(
        runs.paste(session, target.id, "Pasted numbers", [*numbers, *unknown], add_user(session, Role.AGENT).id)
    )
    monkeypatch.setattr(work, "AT_ONCE", 20)
    assert runs.start(session, run, Known.LEADS, run.created_by_id) is None
    session.commit()
    return target.id, ids, run.id


def test_what_a_killed_process_was_adding_goes_on(
    database: str, app: Flask, engine: Engine, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "ADDED_AT_ONCE", 20)
    with app.app_context():
        target, ids, run_id = arrange(session, monkeypatch)

    def done() -> int:
        with reading(engine) as own:
            return sum(own.get_one(BackgroundTask, task_id).done for task_id in ids)

    def ended() -> bool:
        with reading(engine) as own:
            tasks_ended = all(own.get_one(BackgroundTask, task_id).finished_at for task_id in ids)
            return tasks_ended and own.get_one(ImportRun, run_id).state == "done"

    with serve_provider() as provider:
        with running(SERVER, database, tmp_path / "app", provider, **SLOWLY):
            until(lambda: done() > PEOPLE / 2)
        assert not ended()
        with running(SERVER, database, tmp_path / "app", provider, **SLOWLY):
            until(ended)
    with reading(engine) as own:
        rows = select(func.count(), func.count(CampaignMember.person_id.distinct())).where(
            CampaignMember.campaign_id == target
        )
        assert own.execute(rows).one() == (PEOPLE + UNKNOWN, PEOPLE + UNKNOWN)
        assert own.scalar(select(func.count(Person.mobile.distinct()))) == PEOPLE + UNKNOWN
        reports = [tasks.report(own.get_one(BackgroundTask, task_id)) for task_id in ids]
        counts = own.get_one(ImportRun, run_id).counts
        assert sum(report.members for report in reports) + counts.get("new", 0) == PEOPLE + UNKNOWN
        assert counts["leads"] == UNKNOWN
