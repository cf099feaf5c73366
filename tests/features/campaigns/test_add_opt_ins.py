"""+ Add Opt-Ins: which numbers come in as whom, what stays out, what it says, and two users who press at once."""

import re
import threading
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.database.session import db
from optin.enums import OptInSource, PersonKind
from optin.features.campaigns import add_opt_ins
from optin.models import CampaignMember, Keyword, OptIn, OptInPerson, Person
from optin.queries import cached_counts
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

CONTACT, LEAD = PersonKind.CONTACT, PersonKind.LEAD
A, B, C = "+14155550134", "+16465550177", "+13125550118"


@dataclass
class Case:
    """People are (name, kind, number), in the order of their ids; members and removed name them.

    `expected` are the names of the members afterwards, numbers for leads that were created.
    """

    people: list[tuple[str, PersonKind, str]] = field(default_factory=list)
    opted_in: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    leads: bool = True
    again: bool = False
    expected: list[str] = field(default_factory=list)
    said: str = ""


CASES = {
    "nobody has opted in": Case(people=[("Maya Chen", CONTACT, A)], expected=[], said="0 members added. Nobody"),
    "a contact comes in": Case(
        people=[("Maya Chen", CONTACT, A)], opted_in=[A], expected=["Maya Chen"], said="1 member added. Nobody"
    ),
    "who did not opt in stays out": Case(
        people=[("Maya Chen", CONTACT, A), ("Tom Reyes", CONTACT, B)], opted_in=[A], expected=["Maya Chen"]
    ),
    "a contact stands for a number before a lead": Case(
        people=[("Ana Lead", LEAD, A), ("Maya Chen", CONTACT, A)], opted_in=[A], expected=["Maya Chen"]
    ),
    "the oldest of two contacts stands for a number": Case(
        people=[("Maya Chen", CONTACT, A), ("Mei Chen", CONTACT, A)], opted_in=[A], expected=["Maya Chen"]
    ),
    "a member with the number keeps others out": Case(
        people=[("Maya Chen", CONTACT, A), ("Mei Chen", CONTACT, A)],
        opted_in=[A],
        members=["Mei Chen"],
        expected=["Mei Chen"],
        said="0 members added, 1 is already in the campaign",
    ),
    "an unknown number becomes a lead": Case(opted_in=[A], expected=[A], said="1 member added, 1 lead created. Nobody"),
    "an unknown number stays out": Case(
        opted_in=[A], leads=False, expected=[], said="0 members added, 1 left out: no contact or lead"
    ),
    "who was removed stays out": Case(
        people=[("Maya Chen", CONTACT, A), ("Tom Reyes", CONTACT, B)],
        opted_in=[A, B],
        removed=["Maya Chen"],
        expected=["Tom Reyes"],
        said="1 member added, 1 left out: removed earlier",
    ),
    "nobody takes the place of who was removed": Case(
        people=[("Maya Chen", CONTACT, A), ("Mei Chen", CONTACT, A)], opted_in=[A], removed=["Mei Chen"], expected=[]
    ),
    "who was removed comes back": Case(
        people=[("Maya Chen", CONTACT, A)],
        opted_in=[A],
        removed=["Maya Chen"],
        again=True,
        expected=["Maya Chen"],
        said="1 member added, 1 of them had been removed earlier",
    ),
    "the one who was removed comes back, not the older one": Case(
        people=[("Maya Chen", CONTACT, A), ("Mei Chen", CONTACT, A)],
        opted_in=[A],
        removed=["Mei Chen"],
        again=True,
        expected=["Mei Chen"],
    ),
    "of two who were removed one comes back": Case(
        people=[("Ana Lead", LEAD, A), ("Maya Chen", CONTACT, A)],
        opted_in=[A],
        removed=["Ana Lead", "Maya Chen"],
        again=True,
        expected=["Maya Chen"],
    ),
    "a member with the number and one who was removed": Case(
        people=[("Maya Chen", CONTACT, A), ("Mei Chen", CONTACT, A)],
        opted_in=[A],
        members=["Maya Chen"],
        removed=["Mei Chen"],
        again=True,
        expected=["Maya Chen"],
    ),
    "everything at once": Case(
        people=[("Maya Chen", CONTACT, A), ("Tom Reyes", LEAD, B)],
        opted_in=[A, B, C],
        removed=["Tom Reyes"],
        expected=[C, "Maya Chen"],
        said="2 members added, 1 lead created, 1 left out: removed earlier",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_which_numbers_come_in_as_whom(session: Session, agent: Browser, case: Case) -> None:
    keyword = world.keyword(session)
    campaign = scene.campaign(session, keyword)
    people = {name: world.person(session, name, number, kind) for name, kind, number in case.people}
    for name in case.members:
        scene.member(session, campaign, people[name])
    rows = {scene.member(session, campaign, people[name], removed=True).id for name in case.removed}
    for number in case.opted_in:
        scene.opts_in(session, number, keyword)
    ticked = {name: "y" for name, on in (("create_leads", case.leads), ("include_removed", case.again)) if on}

    response = agent.post(f"/campaigns/{campaign.id}/opt-ins", data=ticked, follow_redirects=True)

    found = scene.members(session, campaign)
    names = [row.person.name_in("US") if row.person.last_name else row.number for row in found]
    assert sorted(names) == sorted(case.expected)
    assert case.said in response.text
    if case.again:
        everybody = session.scalar(select(func.count()).select_from(CampaignMember))
        assert everybody == len(case.members) + len(rows)  # who comes back does so in the row that they had


def test_members_carry_number_and_zones(session: Session, agent: Browser) -> None:
    keyword = world.keyword(session)
    campaign = scene.campaign(session, keyword)
    maya = world.person(session, "Maya Chen", A)
    maya.zones = "America/Los_Angeles"
    scene.opts_in(session, A, keyword)
    scene.opts_in(session, B, keyword)
    agent.post(f"/campaigns/{campaign.id}/opt-ins", data={"create_leads": "y"})
    rows = {row.number: row for row in scene.members(session, campaign)}
    assert (rows[A].person_id, rows[A].zones) == (maya.id, "America/Los_Angeles")
    assert (rows[B].zones, rows[B].person.zones) == ("America/New_York", "America/New_York")
    assert rows[B].added_by_id == agent.user.id


def test_a_created_lead_is_sorted_by_its_number_and_linked_to_its_opt_ins(session: Session, agent: Browser) -> None:
    volunteer, donate = world.keyword(session), world.keyword(session, "donate")
    campaign = scene.campaign(session, volunteer)
    opt_ins = {scene.opts_in(session, A, volunteer), scene.opts_in(session, A, donate)}
    agent.post(f"/campaigns/{campaign.id}/opt-ins", data={"create_leads": "y"})
    lead = session.scalars(select(Person)).one()
    assert (lead.kind, lead.mobile, lead.last_name, lead.sort_name) == (LEAD, A, "", A)
    assert set(session.scalars(select(OptInPerson.opt_in_id).where(OptInPerson.person_id == lead.id))) == opt_ins


@pytest.mark.parametrize("source", list(OptInSource))
def test_every_source_counts(session: Session, agent: Browser, source: OptInSource) -> None:
    keyword = world.keyword(session)
    campaign = scene.campaign(session, keyword)
    scene.opts_in(session, A, keyword, source)
    agent.post(f"/campaigns/{campaign.id}/opt-ins", data={"create_leads": "y"})
    assert [row.number for row in scene.members(session, campaign)] == [A]


def test_only_active_opt_ins_of_this_keyword_count(session: Session, agent: Browser) -> None:
    keyword, other = world.keyword(session), world.keyword(session, "donate")
    asking = world.keyword(session, "march", double_opt_in=True)
    campaign, march = scene.campaign(session, keyword), scene.campaign(session, asking)
    scene.opts_in(session, A, other)
    scene.opts_in(session, B, keyword)
    scene.opts_in(session, C, asking)
    ledger.opt_out(session, B, Act(source=OptInSource.SMS, at=clock.now(), text="STOP"))
    for one in (campaign, march):
        agent.post(f"/campaigns/{one.id}/opt-ins", data={"create_leads": "y"})
        assert scene.members(session, one) == []


def test_the_preview_says_what_will_happen_and_changes_nothing(session: Session, agent: Browser) -> None:
    keyword = world.keyword(session)
    campaign = scene.campaign(session, keyword)
    world.person(session, "Maya Chen", A)
    scene.member(session, campaign, world.person(session, "Tom Reyes", B), removed=True)
    for number in (A, B, C, "+12065550147"):
        scene.opts_in(session, number, keyword)
    page = agent.get(f"/campaigns/{campaign.id}/opt-ins").text
    assert "4 numbers have" in page
    assert "3 new" in page
    assert ">1 new<" in page
    assert ", 1 back" in page
    assert re.search(r'<input [^>]*\bchecked\b[^>]*name="create_leads"', page)
    assert "Include people who were removed earlier by hand" in page
    assert [row.person_id for row in scene.members(session, campaign)] == []
    found = add_opt_ins.preview(session, campaign)
    assert (found.known, found.unknown, found.already, found.removed) == (1, 2, 0, 1)


def test_very_many_are_counted_behind(
    app: Flask, session: Session, agent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(add_opt_ins, "MANY", 3)
    keyword = world.keyword(session)
    campaign = scene.campaign(session, keyword)
    world.person(session, "Maya Chen", A)
    for number in (A, B, C):
        scene.opts_in(session, number, keyword)
    page = agent.get(f"/campaigns/{campaign.id}/opt-ins").text
    assert "They are still being counted" in page
    assert 'hx-trigger="every 3s"' in page
    with app.app_context():
        assert cached_counts.refresh(db.engine) > 0
    page = agent.get(f"/campaigns/{campaign.id}/opt-ins").text
    assert "3 numbers have" in page
    assert "3 new" in page
    assert "hx-trigger" not in page[page.index("found-opt-ins") : page.index("Numbers with no contact")]


def test_a_campaign_without_keyword_has_no_opt_ins_to_add(session: Session, agent: Browser) -> None:
    campaign = scene.campaign(session)
    assert "no opt-in keyword" in agent.get(f"/campaigns/{campaign.id}/opt-ins").text
    answer = agent.post(f"/campaigns/{campaign.id}/opt-ins", data={"create_leads": "y"}, follow_redirects=True)
    assert "so there are no opt-ins to add" in answer.text


def test_a_viewer_may_not(session: Session, viewer: Browser) -> None:
    keyword = world.keyword(session)
    campaign = scene.campaign(session, keyword)
    scene.opts_in(session, A, keyword)
    assert viewer.get(f"/campaigns/{campaign.id}/opt-ins").status_code == 403
    assert viewer.post(f"/campaigns/{campaign.id}/opt-ins").status_code == 403
    assert scene.members(session, campaign) == []


def test_users_who_press_at_once_add_everybody_once(app: Flask, session: Session) -> None:
    """Eight presses in two campaigns of one keyword: each number is a member once in each, and one lead in all."""
    keyword = world.keyword(session)
    campaigns = [scene.campaign(session, keyword), scene.campaign(session, keyword, "March")]
    numbers = [f"+1415555{number:04d}" for number in range(100, 140)]
    for index, number in enumerate(numbers):
        scene.opts_in(session, number, keyword)
        if index % 2:
            world.person(session, f"Person {index}", number)
    with app.app_context():
        engine = db.engine
    start, reports, errors = threading.Barrier(8), [], []

    def press(campaign_id: int) -> None:
        try:
            with Session(engine) as own:
                start.wait()
                reports.append(add_opt_ins.add(own, campaign_id, None, create_leads=True, include_removed=False))
                own.commit()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=press, args=(campaigns[index % 2].id,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for campaign in campaigns:
        assert [row.number for row in scene.members(session, campaign)] == numbers
    assert session.scalar(select(func.count()).select_from(Person).where(Person.kind == LEAD)) == 20
    assert sum(report.leads for report in reports) == 20
    assert sum(report.members for report in reports) == 80


def test_a_thousand_known_numbers_are_added_by_one_insert(app: Flask, session: Session) -> None:
    keyword = world.keyword(session)
    campaign = scene.campaign(session, keyword)
    _store_many(session, keyword, 1000)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        report = add_opt_ins.add(session, campaign.id, None, create_leads=True, include_removed=True)
        event.remove(db.engine, "before_cursor_execute", note)
    session.commit()
    assert isinstance(report, add_opt_ins.AddOptInsReport)
    assert report.members == 1000
    assert sum("INSERT INTO campaign_member" in statement for statement in statements) == 1
    assert len(statements) < 12


def _store_many(session: Session, keyword: Keyword, count: int) -> None:
    """Store people with active opt-ins, without the ledger's care for each one."""
    now = clock.now()
    numbers = [f"+1415{2000000 + index}" for index in range(count)]
    session.add_all(
        Person(kind=CONTACT, sort_name=number, mobile=number, created_at=now, updated_at=now) for number in numbers
    )
    session.add_all(
        OptIn(number=number, keyword_id=keyword.id, status="active", source="sms", requested_at=now, activated_at=now)
        for number in numbers
    )
    session.commit()


def test_opt_ins_of_names_and_short_codes_are_no_people(agent: Browser, session: Session) -> None:
    campaign = scene.campaign(session, world.keyword(session))
    for number in (A, "SUPPORT", "40404", "Acme & Co"):  # as older versions took them in
        session.add(
            OptIn(
                number=number, keyword_id=campaign.keyword_id, status="active", source="sms", requested_at=clock.now()
            )
        )
    session.commit()
    found = add_opt_ins.preview(session, campaign)
    assert (found.total, found.unknown) == (1, 1)
    report = add_opt_ins.add(session, campaign.id, None, create_leads=True, include_removed=True)
    assert isinstance(report, add_opt_ins.AddOptInsReport)
    assert (report.members, report.leads) == (1, 1)
    assert session.scalars(select(Person.mobile)).all() == [A]
