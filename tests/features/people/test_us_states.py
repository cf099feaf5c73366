"""The US state of a person's address: typed, imported, moved, merged, shown and in files; memberships follow."""

import csv
import io
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import PersonKind, Role
from optin.models import CampaignMember, Person
from optin.person import merging, records, undoing_merges
from optin.policy import policy
from optin.refused import Refused, done
from tests.conftest import Clock, add_user
from tests.support import campaign_scene as scene
from tests.support import importing, world
from tests.support.clients import Browser
from tests.support.moving import move
from tests.support.salesforce_export import Export, Style, record

HEADERS = "First name;Last name;Mobile;State"
LOS_ANGELES, NEW_YORK = "America/Los_Angeles", "America/New_York"


def said(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def maya(session: Session) -> Person:
    return session.scalars(select(Person).where(Person.mobile == world.MAYA)).one()


def placed(session: Session) -> tuple[str, str]:
    """Return the state and zones of the one membership."""
    session.expire_all()
    return session.execute(select(CampaignMember.us_state, CampaignMember.zones)).one()


@pytest.fixture
def member(session: Session) -> CampaignMember:
    return scene.member(session, scene.campaign(session), world.person(session, "Maya Chen", world.MAYA))


def test_a_form_sets_it_and_memberships_follow(agent: Browser, session: Session, member: CampaignMember) -> None:
    assert placed(session) == ("", LOS_ANGELES)
    typed = {"first_name": "Maya", "last_name": "Chen", "mobile": world.MAYA, "owner_id": "", "time_zone": ""}
    person = maya(session)
    url = f"/contacts/{person.id}"
    assert agent.post(f"{url}/edit", data={**typed, "us_state": "NJ"}).status_code == 303
    assert placed(session) == ("NJ", f"{LOS_ANGELES}|{NEW_YORK}")
    details = said(agent.get(f"{url}?tab=details").text)
    assert "State (US) New Jersey" in details
    assert "From the phone number and the state" in details
    assert '<option selected value="NJ">New Jersey</option>' in agent.get(f"{url}/edit").text
    assert "State (US)" in said(agent.get(f"{url}?tab=history").text)
    assert "Not a valid choice." in agent.post(f"{url}/edit", data={**typed, "us_state": "ON"}).text
    assert agent.post(f"{url}/edit", data={**typed, "us_state": ""}).status_code == 303
    assert placed(session) == ("", LOS_ANGELES)
    assert agent.post(f"{url}/edit", data={**typed, "us_state": "NJ", "time_zone": NEW_YORK}).status_code == 303
    assert placed(session) == ("NJ", NEW_YORK)


def test_scripts_may_write_it_as_people_do(session: Session) -> None:
    made = done(records.create(session, PersonKind.LEAD, {"first_name": "Al", "us_state": "new jersey"}, None))
    assert (made.us_state, made.zones) == ("NJ", "")
    refused = records.create(session, PersonKind.LEAD, {"first_name": "Al", "us_state": "Bavaria"}, None)
    assert isinstance(refused, Refused)
    assert (refused.field, "Bavaria" in refused.sentence) == ("us_state", True)


def test_an_import_reads_it_fills_it_and_takes_it_back(
    app: Flask, agent: Browser, session: Session, member: CampaignMember
) -> None:
    file = importing.table(
        "Maya;Chen;(415) 555-0134;New Jersey", "Tom;Weber;646 555 0177;tx", "Ines;Gray;312-555-0118;Ontario",
        headers=HEADERS,
    )  # fmt: skip
    run_id = importing.upload(agent, file)
    assert importing.selected(agent.get(f"/imports/{run_id}/columns").text)["column-3"] == "us_state"
    run = importing.import_file(app, session, agent, file)
    assert (run.counts["new"], run.counts["changed"]) == (2, 1)
    assert placed(session) == ("NJ", f"{LOS_ANGELES}|{NEW_YORK}")
    found = {person.mobile: person for person in session.scalars(select(Person))}
    assert (found[world.TOM].us_state, found[world.INES].us_state) == ("TX", "")
    assert set(found[world.TOM].zones.split("|")) >= {NEW_YORK, "America/Chicago"}
    assert found[world.MAYA].zones == f"{LOS_ANGELES}|{NEW_YORK}"
    agent.post(f"/imports/{run.id}/undo")
    importing.work(app, session)
    assert placed(session) == ("", LOS_ANGELES)


def test_it_moves_over_from_salesforce(app: Flask, session: Session) -> None:
    export = Export(Style())
    names = {"FirstName": "Maya", "LastName": "Chen", "MobilePhone": "(415) 555-0134"}
    export.add("Contact", Id=record("003", 1), AccountId="", **names, MailingState="New Jersey")
    export.add("Lead", Id=record("00Q", 1), IsConverted=False, LastName="Weber", MobilePhone="646 555 0177", State="TX")
    move(app, session, export, add_user(session, Role.ADMIN).id)
    found = {person.mobile: person.us_state for person in session.scalars(select(Person))}
    assert found == {world.MAYA: "NJ", world.TOM: "TX"}
    assert maya(session).zones == f"{LOS_ANGELES}|{NEW_YORK}"


def test_a_merge_keeps_it_and_an_undo_gives_it_back(session: Session, member: CampaignMember) -> None:
    kept = maya(session)
    other = done(records.create(session, PersonKind.CONTACT, {"last_name": "Chen", "us_state": "NJ"}, None))
    session.commit()
    values = {name: getattr(kept, name) or getattr(other, name) for name in records.FIELDS}
    merged = done(merging.merge(session, kept, other, values, None))
    session.commit()
    assert placed(session) == ("NJ", f"{LOS_ANGELES}|{NEW_YORK}")
    done(undoing_merges.undo(session, merged.merge_id, None))
    session.commit()
    assert placed(session) == ("", LOS_ANGELES)
    assert session.get_one(Person, other.id).us_state == "NJ"


def test_lists_and_files_have_it(agent: Browser, session: Session, member: CampaignMember) -> None:
    done(records.change(session, maya(session), {"us_state": "NJ"}, None))
    session.commit()
    assert "NJ" in said(agent.get("/contacts?columns=email,state").text)
    for url in ("/contacts/file?columns=state", f"/campaigns/{member.campaign_id}/members/file"):
        file = agent.get(url).get_data().decode("utf-8-sig")
        assert [row["State (US)"] for row in csv.DictReader(io.StringIO(file))] == ["NJ"], url


def test_why_names_the_state_and_whence_it_is_known(
    viewer: Browser, session: Session, member: CampaignMember, clock: Clock
) -> None:
    """On Sunday at 11 in Texas, when California may be texted."""
    scene.opts_in(session, world.MAYA, world.keyword(session))
    clock.set(datetime(2026, 11, 29, 11, tzinfo=ZoneInfo("America/Chicago")))
    policy.change(session, None, state_rules=True, sending_hours=False)
    done(records.change(session, maya(session), {"us_state": "TX"}, None))
    session.commit()
    why = said(viewer.get(f"/campaigns/{member.campaign_id}/members/{member.id}/why").text)
    assert "Waits: wait for sending hours (row 15 of the rule)." in why
    assert "Texas (by the address): Sunday from 12:00." in why
    assert "by the number’s area code or country and the state of the address" in why


def test_the_address_alone_is_a_setting(admin: Browser, session: Session) -> None:
    saved = admin.post("/settings/states", data={"state_rules": "y", "state_by_address": "y"}, follow_redirects=True)
    assert "By the address alone where it has a state" in said(saved.text)
    assert policy.load(session).state_by_address
