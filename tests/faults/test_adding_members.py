"""Two tasks that add the same people are killed with SIGKILL in their middle: they go on; each is a member once."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.campaign_members import tasks
from optin.database.transactions import reading
from optin.enums import PersonKind
from optin.features.campaigns import other_campaign
from optin.features.campaigns.other_campaign import Which
from optin.models import BackgroundTask, CampaignMember, Person
from tests.support import campaign_scene as scene
from tests.support.faults.processes import SERVER, running, until
from tests.support.provider import serve_provider

PEOPLE = 900
SLOWLY = {"AT_ONCE": "20", "DEADLINE": "5"}


def arrange(session: Session) -> tuple[int, list[int]]:
    """Have two campaigns with two thirds of the people each, and a task that adds the members of each to a third."""
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
    return target.id, ids


def test_what_a_killed_process_was_adding_goes_on(
    database: str, app: Flask, engine: Engine, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "ADDED_AT_ONCE", 20)
    with app.app_context():
        target, ids = arrange(session)

    def done() -> int:
        with reading(engine) as own:
            return sum(own.get_one(BackgroundTask, task_id).done for task_id in ids)

    def ended() -> bool:
        with reading(engine) as own:
            return all(own.get_one(BackgroundTask, task_id).finished_at for task_id in ids)

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
        assert own.execute(rows).one() == (PEOPLE, PEOPLE)
        reports = [tasks.report(own.get_one(BackgroundTask, task_id)) for task_id in ids]
        assert sum(report.members for report in reports) == PEOPLE
        assert sum(report.already for report in reports) == PEOPLE // 3
