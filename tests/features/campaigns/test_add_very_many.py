"""+ Add Opt-Ins in the background: the same people as at once, each once, shown as it goes, stopped, taken up again."""

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.database.session import db
from optin.enums import PersonKind
from optin.features.campaigns import add_opt_ins, add_opt_ins_task
from optin.jobs import background, engine
from optin.models import AuditEntry, BackgroundTask, Campaign, CampaignMember, Person
from tests.features.campaigns.test_add_opt_ins import CASES, Case
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.clients import Browser
from tests.support.faults.processes import until
from tests.support.jobs import end_jobs

NUMBERS = [f"+1415555{number:04d}" for number in range(100, 120)]


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(add_opt_ins, "MANY", 1)
    monkeypatch.setattr(add_opt_ins_task, "AT_ONCE", 3)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign with twenty opt-ins; every other number has a contact."""
    keyword = world.keyword(session)
    made = scene.campaign(session, keyword)
    for index, number in enumerate(NUMBERS):
        scene.opts_in(session, number, keyword)
        if index % 2:
            world.person(session, f"Person {index}", number)
    return made


@pytest.fixture
def work(app: Flask, session: Session) -> Callable[[], None]:
    """Do what the jobs of a process do."""
    with app.app_context():
        database = db.engine

    def do(steps: int = 1000) -> None:
        session.commit()
        for task_id in background.unfinished(database):
            for _ in range(steps):
                if not background._step(database, task_id):
                    break
        session.expire_all()

    return do


def press(agent: Browser, campaign: Campaign, **ticked: str) -> str:
    """Press + Add Opt-Ins and return the address of the page that it leads to."""
    answer = agent.post(f"/campaigns/{campaign.id}/opt-ins", data=ticked)
    assert answer.status_code == 303
    return answer.location


def run(app: Flask, session: Session, task_id: int) -> None:
    """Do what one job does."""
    session.commit()
    with app.app_context():
        background.run(db.engine, task_id, 60, threading.Event())
    session.expire_all()


def only_task(session: Session) -> BackgroundTask:
    return session.scalars(select(BackgroundTask)).one()


@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_same_people_come_in_as_at_once(
    session: Session, agent: Browser, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch, case: Case, size: int
) -> None:
    monkeypatch.setattr(add_opt_ins_task, "AT_ONCE", size)
    keyword = world.keyword(session)
    campaign = scene.campaign(session, keyword)
    people = {name: world.person(session, name, number, kind) for name, kind, number in case.people}
    for name in case.members:
        scene.member(session, campaign, people[name])
    for name in case.removed:
        scene.member(session, campaign, people[name], removed=True)
    for number in case.opted_in:
        scene.opts_in(session, number, keyword)
    ticked = {name: "y" for name, on in (("create_leads", case.leads), ("include_removed", case.again)) if on}
    page = press(agent, campaign, **ticked)
    work()
    found = scene.members(session, campaign)
    names = [row.person.name_in("US") if row.person.last_name else row.number for row in found]
    assert sorted(names) == sorted(case.expected)
    assert case.said in agent.get(page).text


def test_the_page_follows_it_with_and_without_a_script(
    session: Session, agent: Browser, work: Callable[..., None], campaign: Campaign
) -> None:
    page = press(agent, campaign, create_leads="y")
    before = agent.get(page).text
    assert "0 of 20 opt-ins checked" in before
    assert 'hx-trigger="every 2s"' in before
    assert f'<a class="no-js-only" href="{page}">Check again</a>' in before
    assert agent.get(f"{page}/progress?version=0").status_code == 204
    work(2)
    part = agent.get(f"{page}/progress?version=0").text
    assert "6 of 20 opt-ins checked" in part
    assert 'hx-trigger="every 2s"' in part
    work()
    after = agent.get(f"{page}/progress?version=6").text
    assert "20 members added, 10 leads created. Nobody was messaged." in after
    assert "hx-trigger" not in after
    assert "Stop" not in after
    assert session.scalars(select(AuditEntry.after).where(AuditEntry.action == "added opt-ins")).all() == ["20"]
    assert only_task(session).state["report"]["members"] == 20


def test_while_it_is_under_way_all_ways_lead_to_it(session: Session, agent: Browser, campaign: Campaign) -> None:
    page = press(agent, campaign, create_leads="y")
    assert press(agent, campaign) == page
    assert agent.get(f"/campaigns/{campaign.id}/opt-ins").location == page
    assert only_task(session).arguments["choices"] == {"create_leads": True, "include_removed": False}


def test_stopping_keeps_who_was_added_and_says_so(
    session: Session, agent: Browser, work: Callable[..., None], campaign: Campaign
) -> None:
    page = press(agent, campaign, create_leads="y")
    work(2)
    assert "Stopping" in agent.post(f"{page}/stop", follow_redirects=True).text
    work()
    said = agent.get(page).text
    assert "It was stopped." in said
    assert "6 members added, 3 leads created." in said
    assert len(scene.members(session, campaign)) == 6
    assert "It had already ended." in agent.post(f"{page}/stop", follow_redirects=True).text
    again = press(agent, campaign, create_leads="y")
    assert again != page
    work()
    assert len(scene.members(session, campaign)) == 20


def test_another_keyword_ends_it(
    session: Session, agent: Browser, work: Callable[..., None], campaign: Campaign
) -> None:
    page = press(agent, campaign)
    work(2)
    campaign.keyword = world.keyword(session, "donate")
    work()
    said = agent.get(page).text
    assert "The campaign’s opt-in keyword has been changed." in said
    assert "3 members added, 3 left out: no contact or lead." in said
    assert len(scene.members(session, campaign)) == 3


def test_a_campaign_that_is_gone_ends_it(
    session: Session, agent: Browser, work: Callable[..., None], campaign: Campaign
) -> None:
    press(agent, campaign)
    session.delete(campaign)
    work()
    assert only_task(session).ended_because == add_opt_ins_task.GONE


def test_who_opts_out_meanwhile_is_left_out_and_who_opts_in_comes_in(
    session: Session, agent: Browser, work: Callable[..., None], campaign: Campaign
) -> None:
    press(agent, campaign, create_leads="y")
    work(2)
    ledger.opt_out(session, NUMBERS[-1], outbox.act("STOP"))
    scene.opts_in(session, "+14155550999", campaign.keyword)
    work()
    expected = {*NUMBERS[:-1], "+14155550999"}
    assert {row.number for row in scene.members(session, campaign)} == expected


def test_a_step_that_fails_again_and_again_ends_it(
    app: Flask, session: Session, agent: Browser, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, errors = press(agent, campaign), [ZeroDivisionError(), ZeroDivisionError()]
    real = background._STEPS[add_opt_ins_task.NAME]

    def strikes(session: Session, task: BackgroundTask) -> None:
        real(session, task)
        if errors:
            raise errors.pop()

    monkeypatch.setitem(background._STEPS, add_opt_ins_task.NAME, strikes)
    run(app, session, only_task(session).id)
    assert len(scene.members(session, campaign)) == 10  # two failures were made good
    errors += [ZeroDivisionError()] * background.FAILURES
    page = press(agent, campaign)
    run(app, session, int(page.rsplit("/", 1)[1]))
    assert background.FAILED in agent.get(page).text


def test_what_only_a_newer_version_knows_waits_for_it(
    app: Flask, session: Session, agent: Browser, work: Callable[..., None], campaign: Campaign
) -> None:
    """As while some processes are upgraded and others not yet: an older one would end it with an error."""
    press(agent, campaign)
    task = only_task(session)
    task.name = "of a newer version"
    work()
    run(app, session, task.id)
    assert (task.finished_at, task.failures, task.done) == (None, 0, 0)
    task.name = add_opt_ins_task.NAME
    work()
    assert task.finished_at


def test_eight_jobs_at_once_add_everybody_once(
    app: Flask, session: Session, agent: Browser, campaign: Campaign
) -> None:
    press(agent, campaign, create_leads="y")
    task_id = only_task(session).id
    session.commit()
    with app.app_context():
        database = db.engine
    barrier, errors = threading.Barrier(8), []

    def run() -> None:
        try:
            barrier.wait(30)
            background.run(database, task_id, 60, threading.Event())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.expire_all()
    assert errors == []
    assert [row.number for row in scene.members(session, campaign)] == NUMBERS
    assert session.scalar(select(func.count()).select_from(Person).where(Person.kind == PersonKind.LEAD)) == 10
    report = add_opt_ins_task.report(only_task(session))
    assert (report.members, report.leads, report.already) == (20, 10, 0)


def test_nobody_else_sees_or_stops_it(session: Session, agent: Browser, viewer: Browser, campaign: Campaign) -> None:
    page = press(agent, campaign)
    other = scene.campaign(session, campaign.keyword, "March")
    elsewhere = page.replace(f"/campaigns/{campaign.id}/", f"/campaigns/{other.id}/")
    for address in (elsewhere, f"{elsewhere}/progress", f"/campaigns/{campaign.id}/opt-ins/999"):
        assert agent.get(address).status_code == 404, address
    assert agent.post(f"{elsewhere}/stop").status_code == 404
    assert viewer.get(page).status_code == 403
    assert viewer.post(f"{page}/stop").status_code == 403
    assert only_task(session).stop_asked_at is None


@pytest.fixture
def launched(app: Flask) -> Iterator[Engine]:
    engine.launch(app)
    with app.app_context():
        yield db.engine
    end_jobs()


@pytest.mark.slow
def test_the_engine_runs_it_at_once(session: Session, agent: Browser, campaign: Campaign, launched: Engine) -> None:
    press(agent, campaign, create_leads="y")
    session.commit()

    def ended() -> bool:
        with Session(launched) as own:
            return only_task(own).finished_at is not None

    until(ended, 10)
    with Session(launched) as own:
        assert own.scalar(select(func.count()).select_from(CampaignMember)) == 20
