"""Adding the people of a source: who comes in, who would receive, in parts of any size, by several at once."""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import phone
from optin.campaign_members import adding, sources, tasks
from optin.campaign_members.adding import Added
from optin.campaign_members.sources import People
from optin.consent import audience_counts, ledger
from optin.consent.audience import ask
from optin.database.session import db
from optin.jobs import background
from optin.models import AuditEntry, BackgroundTask, Campaign, CampaignMember, Keyword, Person
from optin.policy import cache, policy
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.importing import work

NAMES = {
    "Oona Other": "+14155550103",
    "Ada Already": "+14155550101",
    "Rob Removed": "+14155550102",
    "Wanda Willing": "+14155550103",
    "Nils Notin": "+14155550104",
    "Otto Optout": "+14155550105",
    "Dora Double": "+14155550103",
    "Sam Same": "+14155550101",
    "Nora Nonumber": None,
    "Olga Other": "+14155550106",
}


@sources.source("company")
def by_company(_session: Session, about: Mapping[str, Any]) -> People | None:
    """People of a company."""
    if about["company"] == "Gone":
        return None
    return People(f"People of {about['company']}", select(Person.id).where(Person.company == about["company"]))


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign with one member and one who was removed, and people of a company of every kind."""
    policy.change(session, None, sending_hours=False)
    keyword = world.keyword(session)
    made = scene.campaign(session, keyword)
    people = {name: world.person(session, name, number) for name, number in NAMES.items()}
    for name, person in people.items():
        person.company = "Other" if "Other" in name else "Acme"
        person.zones = phone.zone_group(person.mobile, "US") if person.mobile else ""
    scene.member(session, made, people["Ada Already"])
    scene.member(session, made, people["Rob Removed"], removed=True)
    for number in ("+14155550101", "+14155550102", "+14155550103", "+14155550105", "+14155550106"):
        scene.opts_in(session, number, keyword)
    ledger.opt_out(session, "+14155550105", outbox.act("STOP"))
    session.commit()
    return made


ACME = {"company": "Acme"}


def look(app: Flask, session: Session, campaign: Campaign, about: Mapping[str, Any] = ACME) -> BackgroundTask:
    """Look at all people of a company."""
    with app.app_context():
        task_id = tasks.look(session, campaign.id, "company", about, None)
    work(app, session)
    return session.get_one(BackgroundTask, task_id)


def add(
    app: Flask, session: Session, campaign: Campaign, about: Mapping[str, Any] = ACME, **more: bool
) -> BackgroundTask:
    """Add all people of a company."""
    with app.app_context():
        task_id = tasks.begin(session, campaign.id, "company", about, None, **more)
    work(app, session)
    return session.get_one(BackgroundTask, task_id)


def names(session: Session, campaign: Campaign) -> list[str]:
    return sorted(row.person.name_in("US") for row in scene.members(session, campaign))


@pytest.fixture(params=[1, 2, 1000])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """So many people at a time."""
    monkeypatch.setattr(tasks, "LOOKED_AT_ONCE", request.param)
    monkeypatch.setattr(tasks, "ADDED_AT_ONCE", request.param)
    return request.param


@pytest.mark.parametrize("again", [False, True])
def test_what_is_shown_before_is_what_happens(
    app: Flask, session: Session, campaign: Campaign, size: int, again: bool
) -> None:
    """The rule says the same of those who would be members as it does once they are."""
    seen = tasks.preview(look(app, session, campaign))
    assert (seen.already, seen.removed, seen.removed_will_receive) == (1, 1, 1)
    assert dict(seen.reasons) == {"": 1, "not_opted_in": 1, "opted_out": 1, "duplicate": 2, "no_number": 1}
    done = tasks.report(add(app, session, campaign, include_removed=again))
    assert done == Added(seen.new + again, int(again), 1, int(not again))
    assert [name for name in NAMES if name not in names(session, campaign)] == (
        ["Oona Other", "Olga Other"] if again else ["Oona Other", "Rob Removed", "Olga Other"]
    )
    asked = ask(session, campaign, "", "sms", cache.policy(session))
    after = audience_counts.deliverability(session, asked)
    assert after.will_receive == 1 + seen.will_receive + (seen.removed_will_receive if again else 0)
    assert {str(why): count for why, count in after.reasons.items()} == {
        why: count for why, count in seen.reasons.items() if why
    }


def test_a_second_time_adds_nobody(app: Flask, session: Session, campaign: Campaign, size: int) -> None:
    add(app, session, campaign)
    again = add(app, session, campaign)
    assert tasks.report(again) == Added(already=7, left_removed=1)
    trail = select(AuditEntry.field, AuditEntry.after).where(AuditEntry.action == "added members")
    assert [tuple(row) for row in session.execute(trail)] == [("Members", "6"), ("From", "People of Acme")]


def test_what_is_gone_ends_it(app: Flask, session: Session, campaign: Campaign) -> None:
    assert add(app, session, campaign, {"company": "Gone"}).ended_because == tasks.SOURCE_GONE
    assert look(app, session, campaign, {"company": "Gone"}).ended_because == tasks.SOURCE_GONE


def test_sending_hours_count_for_people_of_other_zones(
    app: Flask, session: Session, campaign: Campaign, clock: Clock
) -> None:
    """The members have none that is outside them; those who come in may."""
    clock.set(datetime.fromisoformat(scene.NOON_IN_THE_US))
    policy.change(session, None, sending_hours=True)
    far = world.person(session, "Fay Far", "+819012345678")
    far.company, far.zones = "Acme", "Asia/Tokyo"
    scene.opts_in(session, "+819012345678", session.get_one(Keyword, campaign.keyword_id))
    assert tasks.preview(look(app, session, campaign)).reasons["outside_hours"] == 1


def test_several_at_once_add_each_once(
    app: Flask, session: Session, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tasks with the same people, each done by two jobs."""
    monkeypatch.setattr(tasks, "ADDED_AT_ONCE", 3)
    for number in range(200):
        world.person(session, f"Person {number}", f"+1415555{number + 200:04d}").company = "Acme"
    arguments = {"campaign_id": campaign.id, "source": "company", "about": ACME, "include_removed": True}
    ids = [
        background.begin(session, tasks.ADDING, key, arguments, total=0, user_id=None) for key in ("first", "second")
    ]
    session.commit()
    with app.app_context():
        database = db.engine
    errors: list[Exception] = []

    def run(task_id: int) -> None:
        try:
            background.run(database, task_id, 60, threading.Event())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(task_id,)) for task_id in ids * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.expire_all()
    assert errors == []
    rows = session.scalars(select(CampaignMember.person_id).where(CampaignMember.removed_at.is_(None))).all()
    assert len(rows) == len(set(rows)) == 208
    reports = [tasks.report(session.get_one(BackgroundTask, task_id)) for task_id in ids]
    assert sum(report.members for report in reports) == 207


def test_who_is_taken_out_stays_out_of_the_parts_to_come(
    app: Flask, session: Session, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "ADDED_AT_ONCE", 1)
    with app.app_context():
        task_id = tasks.begin(session, campaign.id, "company", ACME, None)
    last = session.scalars(select(Person).where(Person.company == "Acme").order_by(Person.id.desc()).limit(1)).one()
    last.company = "Other"
    work(app, session)
    assert session.get_one(BackgroundTask, task_id).finished_at
    assert last.name_in("US") not in names(session, campaign)


def test_a_stop_keeps_who_was_added(
    app: Flask, session: Session, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "ADDED_AT_ONCE", 4)
    with app.app_context():
        task_id = tasks.begin(session, campaign.id, "company", ACME, None)
    assert background.ask_to_stop(session, task_id)
    work(app, session)
    task = session.get_one(BackgroundTask, task_id)
    assert (task.ended_because, tasks.report(task).members) == (tasks.STOPPED, 1)


def test_kinds_of_people(session: Session, campaign: Campaign) -> None:
    found = adding.kinds_of(session, campaign.id, select(Person.id))
    by_name = {session.get_one(Person, person_id).first_name: kind for person_id, kind in found.items()}
    assert {name: kind for name, kind in by_name.items() if kind != "new"} == {"Ada": "member", "Rob": "removed"}
