"""Importing contacts and leads, as a user does it: from the file to the result, and back."""

import io
import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import EndReason, OptInSource, OptInStatus
from optin.models import (
    AuditEntry,
    ConsentEvent,
    ConsentPayload,
    Message,
    OptIn,
    OptInPerson,
    Person,
    Suppression,
)
from optin.person import records
from optin.refused import done
from tests.conftest import Clock
from tests.support import campaign_scene, importing, world
from tests.support.clients import Browser
from tests.support.importing import table
from tests.support.world import INES, MAYA, TOM

FILE = table(
    "Maya;Ortiz;(415) 555-0134;maya@example.org;Harbor;;",
    "Tom;Weber;646 555 0177;;;Brings a boat;",
    "Ines;Gray;312-555-0118;ines@example.org;;;yes",
    "Maya again;;+1 415 555 0134;;;;",
    "Ben;Stone;12345;;;;",
    "Nobody;Here;;;;;",
)


def people(session: Session) -> dict[str | None, Person]:
    """Return everybody by their number."""
    return {person.mobile: person for person in session.scalars(select(Person).order_by(Person.id))}


def test_a_file_becomes_contacts(app: Flask, agent: Browser, session: Session) -> None:
    """The whole story: file, columns, what will happen, result, file of what was left out, undo."""
    assert "/imports/new/contact" in agent.get("/contacts").text
    run_id = importing.upload(agent, FILE)
    page = agent.get(f"/imports/{run_id}/columns").text
    assert "Unicode (UTF-8)" in page
    assert "Brings a boat" in page
    columns = importing.selected(page)
    assert [columns[f"column-{index}"] for index in range(7)] == [
        "first_name", "last_name", "mobile", "email", "company", "notes", "opted_out",
    ]  # fmt: skip
    preview = importing.choose(agent, run_id)
    assert importing.shown(preview) == [
        ("3", "New"), ("0", "Gaps filled"), ("0", "No change"), ("1", "Left out"), ("2", "Can’t be read"),
    ]  # fmt: skip
    assert "Import 3 people" in preview
    assert session.scalars(select(Person)).all() == []
    left_out = agent.get(f"/imports/{run_id}/rows?known=fill&outcome=left_out").text
    assert "The same number is in row 2, and the first row counts." in left_out
    importing.start(agent, run_id)
    result = agent.get(f"/imports/{run_id}").text
    assert importing.shown(result)[0] == ("3", "New")
    found = people(session)
    assert set(found) == {MAYA, TOM, INES}
    assert (found[MAYA].name_in("US"), found[MAYA].email, found[MAYA].company) == (
        "Maya Ortiz",
        "maya@example.org",
        "Harbor",
    )
    assert {(person.kind, person.owner_id) for person in found.values()} == {("contact", agent.user.id)}
    assert found[TOM].notes == "Brings a boat"
    assert found[TOM].zones == "America/New_York"
    assert found[MAYA].sort_name == "ortiz maya"
    assert [row.number for row in session.scalars(select(Suppression))] == [INES]
    file = agent.get(f"/imports/{run_id}/rows/file").text
    assert file.count("\n") == 4
    assert "The same number is in row 2" in file
    assert '"12345"' in file
    assert session.scalars(select(Message)).all() == []
    assert agent.get(f"/contacts/{found[MAYA].id}").text.count("people.csv") == 1
    assert agent.post(f"/imports/{run_id}/undo").status_code == 303
    importing.work(app, session)
    assert session.scalars(select(Person)).all() == []
    assert [row.number for row in session.scalars(select(Suppression))] == [INES]
    assert "Undone" in agent.get(f"/imports/{run_id}").text
    actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "import").distinct()))
    assert set(actions) == {"uploaded", "imported", "undone"}


@pytest.mark.parametrize(
    ("headers", "warns"),
    [("Mobile;Finger weg", True), ("Mobile;Finger weg;Opted out", False), ("Mobile;Opted out", False)],
)
def test_a_column_that_is_not_imported_is_said(agent: Browser, headers: str, warns: bool) -> None:
    """Nobody knows every name of it: whoever left may stand in a column that becomes nothing."""
    row = ";".join(["(415) 555-0134", "ja", "no"][: headers.count(";") + 1])
    preview = importing.choose(agent, importing.upload(agent, importing.table(row, headers=headers)))
    assert ("Not imported: Finger weg" in preview) is ("Finger" in headers)
    assert ("If one of these says who must not be texted" in preview) is warns


def test_twice_changes_nothing(app: Flask, agent: Browser, session: Session) -> None:
    importing.import_file(app, session, agent, FILE)
    again = importing.import_file(app, session, agent, FILE)
    assert again.counts.get("new", 0) == 0
    assert again.counts["same"] == 3
    assert len(people(session)) == 3
    events = session.scalars(select(ConsentEvent.kind)).all()
    assert events == ["opted_out"]


def test_opt_ins_of_the_number_are_shown_with_the_new_person(app: Flask, agent: Browser, session: Session) -> None:
    world.keyword(session)
    world.text(session, "volunteer", MAYA)
    importing.import_file(app, session, agent, FILE)
    person = people(session)[MAYA]
    assert session.scalars(select(OptInPerson.person_id)).all() == [person.id]
    assert session.scalars(select(OptIn.status)).all() == [OptInStatus.ACTIVE]


def test_a_change_of_number_ends_what_it_ends_by_hand(app: Flask, agent: Browser, session: Session) -> None:
    """It is said before, and it follows the campaigns."""
    keyword = world.keyword(session)
    world.text(session, "volunteer", MAYA)
    person = world.person(session, "Maya Ortiz", MAYA)
    person.email = "maya@example.org"
    member = campaign_scene.member(session, campaign_scene.campaign(session, keyword), person)
    data = table("Maya;Ortiz;646 555 0177;maya@example.org;;;")
    run_id = importing.upload(agent, data)
    preview = importing.choose(agent, run_id)
    assert "1 mobile number changes, which ends 1 opt-in." in preview
    assert (
        "The change of number ends 1 opt-in."
        in agent.get(f"/imports/{run_id}/rows?known=overwrite&outcome=changed").text
    )
    importing.start(agent, run_id, "overwrite")
    session.expire_all()
    assert (person.mobile, member.number) == (TOM, TOM)
    ended = session.scalars(select(OptIn)).one()
    assert (ended.status, ended.end_reason) == (OptInStatus.INACTIVE, EndReason.NUMBER_CHANGED)
    assert "Opt-ins ended by a new number" in agent.get(f"/imports/{run_id}").text
    assert agent.post(f"/imports/{run_id}/undo").status_code == 303
    session.expire_all()
    assert person.mobile == MAYA
    assert session.scalars(select(OptIn.status)).one() == OptInStatus.INACTIVE


def test_who_opted_out_with_an_earlier_number_stays_out(app: Flask, agent: Browser, session: Session) -> None:
    """As with a change by hand; the page says so before."""
    person = world.person(session, "Maya Ortiz", MAYA)
    person.email = "maya@example.org"
    world.text(session, "stop", MAYA)
    run_id = importing.upload(agent, table("Maya;Ortiz;646 555 0177;maya@example.org;;;"))
    importing.choose(agent, run_id)
    rows = agent.get(f"/imports/{run_id}/rows?known=overwrite&outcome=changed").text
    assert "They opted out with an earlier number and stay opted out." in rows
    importing.start(agent, run_id, "overwrite")
    session.expire_all()
    assert person.mobile == TOM
    assert set(session.scalars(select(Suppression.number).where(Suppression.ended_at.is_(None)))) == {MAYA, TOM}


def test_what_a_user_changes_is_in_the_history(app: Flask, agent: Browser, session: Session) -> None:
    person = world.person(session, "Maya Ortiz", MAYA)
    run = importing.import_file(app, session, agent, FILE)
    assert run.counts["changed"] == 1
    entries = session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "person")).all()
    assert {(entry.field, entry.after, entry.subject_id) for entry in entries} == {
        ("email", "maya@example.org", person.id), ("company", "Harbor", person.id),
    }  # fmt: skip
    assert {entry.user_id for entry in entries} == {agent.user.id}
    assert "maya@example.org" in agent.get("/contacts?q=maya@example.org").text


def test_a_row_that_says_opted_out_counts_whatever_else_is_wrong(app: Flask, agent: Browser, session: Session) -> None:
    keyword = world.keyword(session)
    for number in (MAYA, TOM):
        world.text(session, "volunteer", number)
    data = table(
        f"{'x' * 81};;4155550134;not an email;;;yes",
        ";;646-555-0177 / 312-555-0118;;;;",
        ";;646-555-0177 / 312-555-0118;;;;yes",
    )
    run = importing.import_file(app, session, agent, data)
    assert (run.counts["unreadable"], run.counts["left_out"], run.counts["opted_out"]) == (1, 1, 3)
    assert set(session.scalars(select(Suppression.number))) == {MAYA, TOM, INES}
    assert {row.end_reason for row in session.scalars(select(OptIn))} == {EndReason.OPTED_OUT}
    event = session.scalars(select(ConsentEvent).where(ConsentEvent.source == OptInSource.IMPORT)).first()
    assert event is not None
    assert event.actor_id == agent.user.id
    payload = session.get_one(ConsentPayload, event.id)
    assert payload.text.endswith("of people.csv")
    assert keyword.id


def test_only_what_nobody_has_touched_is_undone(app: Flask, agent: Browser, session: Session) -> None:
    """Who was changed, is in a campaign or was written to stays, and is listed."""
    world.person(session, "Known One", "+12065550163")
    data = table(
        *(f"Person;{index};(206) 555-01{index};;;;" for index in range(10, 15)),
        "Known;One;206 555 0163;one@example.org;;;",
    )
    run = importing.import_file(app, session, agent, data)
    made = {person.last_name: person for person in people(session).values()}
    done(records.change(session, made["10"], {"company": "Harbor"}, agent.user.id))
    campaign_scene.member(session, campaign_scene.campaign(session), made["11"])
    records.delete(session, made["12"], agent.user.id)
    done(records.change(session, made["One"], {"company": "Harbor"}, agent.user.id))
    agent.post(f"/imports/{run.id}/undo")
    importing.work(app, session)
    assert {person.last_name for person in people(session).values()} == {"10", "11", "One"}
    assert "Not undone" in agent.get(f"/imports/{run.id}").text
    page = agent.get(f"/imports/{run.id}/rows?outcome=kept").text
    assert (page.count("Changed since the import."), page.count("A member of a campaign by now.")) == (2, 1)
    assert agent.post(f"/imports/{run.id}/undo", follow_redirects=True).text.count("can no longer be undone") == 1


def test_after_a_day_nothing_is_undone(app: Flask, agent: Browser, session: Session, clock: Clock) -> None:
    run = importing.import_file(app, session, agent, FILE)
    clock.forward(hours=25)
    assert "Undo the import" not in agent.get(f"/imports/{run.id}").text
    assert "can no longer be undone" in agent.post(f"/imports/{run.id}/undo", follow_redirects=True).text
    assert len(people(session)) == 3


def test_a_number_that_has_opt_ins_now_is_not_taken_away(app: Flask, agent: Browser, session: Session) -> None:
    """Taking it away would end what its owner has agreed to."""
    person = world.person(session, "Maya Ortiz", None)
    person.email = "maya@example.org"
    world.keyword(session)
    world.text(session, "volunteer", MAYA)
    run = importing.import_file(app, session, agent, FILE)
    session.expire_all()
    assert person.mobile == MAYA
    agent.post(f"/imports/{run.id}/undo")
    importing.work(app, session)
    assert session.get_one(Person, person.id).mobile == MAYA
    assert session.scalars(select(OptIn.status)).one() == OptInStatus.ACTIVE
    assert "The number has opt-ins" in agent.get(f"/imports/{run.id}/rows?outcome=kept").text


def test_a_page_belongs_to_the_tab_of_what_is_imported(app: Flask, admin: Browser, session: Session) -> None:
    campaign = campaign_scene.campaign(session)
    session.commit()
    tabs = {"contact": "Contacts", "lead": "Leads", "opt_in": "Opt-In Keywords", "opted_out": "Settings"}
    for kind, tab in {**tabs, "member": "Campaigns"}.items():
        address = f"/imports/new/{kind}" + (f"?campaign={campaign.id}" if kind == "member" else "")
        file = (io.BytesIO(importing.table("415 555 0134", headers="Phone")), "list.csv")
        columns = admin.post(address, data={"file": file}).location
        for page in (address, columns):
            lit = re.findall(r'class="tab"[^>]* aria-current="page"[^>]*>([^<]*)', admin.get(page).text)
            assert [each.strip() for each in lit] == [tab], page
