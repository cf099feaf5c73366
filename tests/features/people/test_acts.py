"""Acts on ticked people and on all that match: what is said first, what is done, to whom not, and who may."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import OptInStatus, PersonKind, Role
from optin.features.people import acts
from optin.jobs import background
from optin.models import AuditEntry, BackgroundTask, Keyword, Message, OptIn, Person, Suppression
from optin.queries import look
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser


def make(session: Session, count: int, kind: PersonKind = PersonKind.LEAD, company: str = "Harbor") -> list[Person]:
    made = [world.person(session, f"P{each} {company}", f"+1415555{each:04}", kind) for each in range(count)]
    for person in made:
        person.company = company
    session.commit()
    return made


def finish(app: Flask, session: Session, between: Callable[[], object] = lambda: None) -> BackgroundTask:
    """Do what is left of the task step after step; `between` comes before each."""
    session.commit()
    with app.app_context():
        engine = db.engine
        task_id = session.scalars(select(BackgroundTask.id).order_by(BackgroundTask.id.desc()).limit(1)).one()
        session.commit()
        for _ in range(500):
            between()
            session.commit()
            if not background._step(engine, task_id):
                break
    session.expire_all()
    return session.get_one(BackgroundTask, task_id)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in acts.AT_ONCE:
        monkeypatch.setitem(acts.AT_ONCE, name, 4)
    monkeypatch.setattr(look, "MOST", 7)


def test_ticked_people_get_another_owner(agent: Browser, session: Session) -> None:
    made, user = make(session, 3), agent.user
    assert user is not None
    address = f"/leads/act?act=owner&id={made[0].id}&id={made[2].id}&sort=-name"
    page = agent.get(address).text
    assert "Change the owner of the selected leads" in page
    assert "2 leads" in page
    assert agent.post(address, data={"owner": "999"}).status_code == 422
    made[2].owner_id = user.id
    answer = agent.post(address, data={"owner": user.id}, follow_redirects=True)
    assert "1 person got the new owner; 1 was so already." in answer.text
    assert answer.request.full_path == "/leads?sort=-name"
    assert [person.owner_id for person in made] == [user.id, None, user.id]
    told = session.scalars(select(AuditEntry).where(AuditEntry.field == "owner")).one()
    assert (told.subject_id, told.after) == (made[0].id, user.name)
    assert "Nobody was selected." in agent.get("/leads/act?act=owner", follow_redirects=True).text


@pytest.mark.usefixtures("small_parts")
def test_all_that_match_are_converted_each_once_and_asked_again(app: Flask, agent: Browser, session: Session) -> None:
    made = make(session, 20)
    make(session, 3, company="Hill")
    page = agent.get("/leads/act?act=conversion&all=1&company.contains=harbor").text
    assert "Convert all matching leads" in page
    assert "Company contains “harbor”" in page
    agent.post("/leads/act?act=conversion&all=1&company.contains=harbor", data={"expected": "20"})
    made[-1].company = "Moved away"
    late = world.person(session, "Late Harbor", "+14155559999", PersonKind.LEAD)
    late.company = "Harbor"
    task = finish(app, session)
    assert acts.report(task) == acts.Report(done=19, same=0, expected=20)
    page = agent.get(f"/leads/acts/{task.id}").text
    assert "19 leads became contacts; 1 had been changed or deleted in the meantime." in page
    leads = session.scalars(select(Person.company).where(Person.kind == "lead").order_by(Person.id)).all()
    assert leads == ["Moved away", "Hill", "Hill", "Hill", "Harbor"], "who came later is none of them"
    converted = select(func.count()).where(AuditEntry.action == "converted")
    assert session.scalar(converted) == 19


@pytest.mark.usefixtures("small_parts")
def test_who_owns_what_after_a_filter_by_the_owner_itself(app: Flask, agent: Browser, session: Session) -> None:
    """What the act changes is what the filter asks: everybody is come by once all the same."""
    make(session, 15)
    assert agent.user is not None
    agent.post("/leads/act?act=owner&all=1&owner=nobody", data={"owner": agent.user.id, "expected": "15"})
    task = finish(app, session)
    assert acts.report(task) == acts.Report(15, 0, 15)


@pytest.mark.usefixtures("small_parts")
def test_deleting_many_keeps_what_is_the_numbers(app: Flask, admin: Browser, session: Session) -> None:
    volunteer: Keyword = world.keyword(session)
    made = make(session, 9)
    campaign = scene.campaign(session, volunteer)
    for person in made:
        scene.member(session, campaign, person)
    world.text(session, "volunteer", made[0].mobile or "")
    world.text(session, "STOP", made[1].mobile or "")
    address = "/leads/act?act=deletion&all=1&company.equals=harbor"
    assert "Type “delete” to confirm" in admin.get(address).text
    refused = admin.post(address, data={"expected": "9", "confirmed": "yes"})
    assert refused.status_code == 422
    assert session.scalar(select(func.count()).select_from(Person)) == 9
    admin.post(address, data={"expected": "9", "confirmed": "Delete "})
    task = finish(app, session)
    assert (acts.report(task).done, task.ended_because) == (9, "")
    assert session.scalar(select(func.count()).select_from(Person)) == 0
    assert session.scalars(select(OptIn.status)).all() == [OptInStatus.ACTIVE]
    assert session.scalars(select(Suppression.number)).all() == ["+14155550001"]
    assert session.scalar(select(func.count()).select_from(Message)) >= 2


@pytest.mark.usefixtures("small_parts")
def test_it_stops_when_asked_to(app: Flask, agent: Browser, session: Session) -> None:
    make(session, 20)
    answer = agent.post("/leads/act?act=conversion&all=1", data={"expected": "20"})
    assert agent.post(f"{answer.location}/stop", follow_redirects=True).status_code == 200
    task = finish(app, session)
    assert task.ended_because == acts.STOPPED
    assert 0 < acts.report(task).done < 20
    assert "in the meantime" not in agent.get(answer.location).text


def test_people_of_a_list_are_added_to_a_campaign(agent: Browser, session: Session) -> None:
    make(session, 3)
    campaign = scene.campaign(session, name="March")
    address = "/leads/act?act=campaign&all=1&company.contains=harbor"
    assert "March" in agent.get(address).text
    assert agent.post(address, data={}).status_code == 422
    answer = agent.post(address, data={"campaign": campaign.id}, follow_redirects=True)
    assert answer.status_code == 200
    assert "3" in answer.text


def test_counting_goes_on_where_it_stopped(agent: Browser, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    make(session, 30)
    monkeypatch.setattr(look, "MOST", 10)
    monkeypatch.setattr(look, "SECONDS", 0)
    page = agent.get("/leads/act?act=owner&all=1").text
    assert "More than 10 leads" in page
    for _ in range(3):
        url = page.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
        if not url or "count" not in url:
            break
        page = agent.get(url, lint=False).text
    assert "30 leads" in page
    assert 'name="expected" value="30"' in page


def test_who_may_do_what_to_many(agent: Browser, viewer: Browser, session: Session) -> None:
    ticked = f"id={make(session, 1)[0].id}"
    assert agent.get(f"/leads/act?act=deletion&{ticked}").status_code == 403
    assert agent.post(f"/leads/act?act=deletion&{ticked}", data={"confirmed": "delete"}).status_code == 403
    assert viewer.get(f"/leads/act?act=owner&{ticked}").status_code == 403
    assert "Change owner" not in viewer.get("/leads").text
    assert agent.get("/leads/act?act=explode&all=1").status_code == 404
    assert "Delete…" not in agent.get("/leads").text
    assert session.scalar(select(func.count()).select_from(Person)) == 1
    assert Role.ADMIN is acts.Act.DELETION.role
