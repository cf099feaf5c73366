"""Members from a file and from pasted numbers: what becomes of each row, who would receive, adding, undoing."""

import html
import re
import threading
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import audience_counts, ledger
from optin.consent.audience import ask
from optin.database.session import db
from optin.enums import BroadcastState, PersonKind
from optin.features.imports import member_undo, work
from optin.features.imports.terms import Known
from optin.jobs import background
from optin.models import Campaign, CampaignMember, ConsentEvent, ImportRun, Message, Person
from optin.policy import cache, policy
from tests.support import campaign_scene as scene
from tests.support import importing, outbox, world
from tests.support.clients import Browser
from tests.support.importing import shown
from tests.support.importing import work as jobs

A, B, C, D = "+14155550134", "+16465550177", "+13125550118", "+12065550150"
HEADERS = "Name;Mobile;Email;Opted out"


@dataclass(frozen=True)
class Case:
    """A row, and how its people stand to the campaign: what becomes of it by each way."""

    row: str
    leads: str
    here: str
    leads_back: str
    here_back: str
    people: tuple[tuple[str, str | None, str], ...] = ()
    """Each with a number and "new", "member" or "removed"."""


NEW, CHANGED, SAME, OUT, BAD = "new", "changed", "same", "left_out", "unreadable"
CASES = {
    "nobody is here": Case("Tom;6465550177;;", NEW, OUT, NEW, OUT),
    "nobody is here, and there is no number": Case("Tom;;tom@example.org;", NEW, OUT, NEW, OUT),
    "somebody is here": Case("Tom;6465550177;;", NEW, NEW, NEW, NEW, (("Maya Ortiz", B, "new"),)),
    "a member": Case(";6465550177;;", SAME, SAME, SAME, SAME, (("Maya Ortiz", B, "member"),)),
    "somebody who was removed": Case(";6465550177;;", OUT, OUT, CHANGED, CHANGED, (("Maya Ortiz", B, "removed"),)),
    "another with the number is a member": Case(
        "Maya Ortiz;6465550177;;", SAME, SAME, SAME, SAME, (("Maya Ortiz", B, "new"), ("Tom Ortiz", B, "member"))
    ),
    "another with the number was removed": Case(
        ";6465550177;;", OUT, OUT, CHANGED, CHANGED, (("Maya Ortiz", B, "new"), ("Tom Ortiz", B, "removed"))
    ),
    "who of them is not said": Case(
        "Ann Ortiz;6465550177;;", OUT, OUT, OUT, OUT, (("Maya Ortiz", B, "new"), ("Tom Ortiz", B, "new"))
    ),
    "no number": Case("Tom;12;;", BAD, BAD, BAD, BAD),
    "nothing": Case("Tom;;;", BAD, BAD, BAD, BAD),
}
WAYS = [("leads", True, False), ("here", False, False), ("leads_back", True, True), ("here_back", False, True)]


@pytest.fixture
def campaign(session: Session) -> Campaign:
    policy.change(session, None, sending_hours=False)
    return scene.campaign(session, world.keyword(session))


def upload(browser: Browser, campaign: Campaign, *rows: str) -> int:
    """Choose a file and take the columns as they are guessed; return the run's id."""
    run_id = importing.upload(browser, importing.table(*rows, headers=HEADERS), f"member?campaign={campaign.id}")
    importing.choose(browser, run_id)
    return run_id


def start(browser: Browser, run_id: int, *, leads: bool = True, back: bool = False) -> None:
    """Press Add."""
    ticked = {name: "y" for name, on in (("create_leads", leads), ("include_removed", back)) if on}
    assert browser.post(f"/imports/{run_id}/start", data=ticked).status_code == 303


def paste(browser: Browser, campaign: Campaign, numbers: str) -> int:
    """Paste numbers; return the run's id."""
    answer = browser.post(f"/campaigns/{campaign.id}/members/numbers", data={"numbers": numbers})
    assert answer.status_code == 303, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def names(session: Session, campaign: Campaign) -> list[str]:
    return sorted(row.person.name_in("US") for row in scene.members(session, campaign))


@pytest.mark.parametrize(("way", "leads", "back"), WAYS, ids=[way for way, _, _ in WAYS])
def test_what_becomes_of_a_row(
    app: Flask, session: Session, agent: Browser, campaign: Campaign, way: str, leads: bool, back: bool
) -> None:
    """All rows of the table in one file, each with a number of its own."""
    rows, expected = [], []
    for index, case in enumerate(CASES.values()):
        number = f"64655501{index + 10}"
        for name, mobile, kind in case.people:
            person = world.person(session, name, mobile and f"+1{number}")
            if kind != "new":
                scene.member(session, campaign, person, removed=kind == "removed")
        rows.append(case.row.replace("6465550177", number))
        expected.append(getattr(case, way))
    before = len(scene.members(session, campaign))
    run_id = upload(agent, campaign, *rows)
    start(agent, run_id, leads=leads, back=back)
    run = session.get_one(ImportRun, run_id, populate_existing=True)
    counts = {name: expected.count(name) for name in (NEW, CHANGED, SAME, OUT, BAD)}
    assert {name: run.counts.get(name, 0) for name in counts} == counts
    assert {name: run.checked[way].get(name, 0) for name in counts} == counts
    assert len(scene.members(session, campaign)) == before + counts[NEW] + counts[CHANGED]
    assert run.counts.get("leads", 0) == (2 if leads else 0)


def test_what_is_shown_before_is_what_happens(
    app: Flask, session: Session, agent: Browser, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule says of the rows, known and unknown, what it says of the members once they are there."""
    monkeypatch.setattr(work, "AT_ONCE", 2)
    keyword = campaign.keyword
    assert keyword is not None
    for index in range(4):
        scene.opts_in(session, f"+1415555010{index}", keyword)
    world.person(session, "Kim Known", "+14155550100")
    world.person(session, "Otto Optout", "+14155550102")
    for number in ("+14155550102", "+14155550103"):
        ledger.opt_out(session, number, outbox.act("STOP"))
    rows = [f";415555010{index};;" for index in range(4)]
    rows += [";4155550104;;", "Mail;;mail@example.org;", "Left;4155550105;;yes"]
    run_id = upload(agent, campaign, *rows)
    jobs(app, session)
    page = agent.get(f"/imports/{run_id}").text
    expected = {"": 2, "opted_out": 3, "not_opted_in": 1, "no_number": 1}
    run = session.get_one(ImportRun, run_id, populate_existing=True)
    assert {name[4:]: n for name, n in run.checked["leads"].items() if name.startswith("why:")} == expected
    assert {name[4:]: n for name, n in run.checked["here"].items() if name.startswith("why:")} == {
        "": 1,
        "opted_out": 1,
    }
    assert ("2", "Will receive") in shown(page)
    assert ("3", "Opted out") in shown(page)
    start(agent, run_id)
    jobs(app, session)
    asked = ask(session, campaign, "", "sms", cache.policy(session))
    after = audience_counts.deliverability(session, asked)
    assert {"": after.will_receive} | {str(why): count for why, count in after.reasons.items()} == expected


def test_no_consent_is_made_and_known_people_stay_as_they_are(
    app: Flask, session: Session, agent: Browser, admin: Browser, campaign: Campaign
) -> None:
    maya = world.person(session, "Maya Chen", A)
    before = session.scalars(select(ConsentEvent.id)).all()
    run_id = upload(admin, campaign, f"Maria Other;{A};new@example.org;", f"Tom Baker;{B};;")
    assert admin.get(f"/imports/{run_id}/consent").status_code == 404
    assert admin.post(f"/imports/{run_id}/consent").status_code == 404
    assert "Consent" not in admin.get(f"/imports/{run_id}/columns").text
    start(admin, run_id)
    session.refresh(maya)
    assert (maya.name_in("US"), maya.email) == ("Maya Chen", "")
    assert session.scalars(select(ConsentEvent.id)).all() == before
    assert names(session, campaign) == ["Maya Chen", "Tom Baker"]
    assert session.scalars(select(Person.kind).where(Person.mobile == B)).one() == PersonKind.LEAD


BAD_PIECES = {
    "12": "too short",
    "ask Tom": "no letters",
    "415 555 0134 x 3": "without an extension",
    "=1+1": "Only digits",
    'say "hi" | now\t': "no letters",
    "٤": "",
}


@pytest.mark.parametrize("separator", ["\n", ", ", ";\r\n"])
def test_good_numbers_go_on_and_bad_ones_are_listed(
    session: Session, agent: Browser, campaign: Campaign, separator: str
) -> None:
    world.person(session, "Maya Chen", A)
    pieces = [B, *list(BAD_PIECES)[:3], "(312) 555-0118", *list(BAD_PIECES)[3:], "415 555 0134", B, "+1 312-555-0118"]
    run_id = paste(agent, campaign, separator.join(pieces))
    page = html.unescape(agent.get(f"/imports/{run_id}").text)
    assert ("3", "New members") in shown(page)
    assert ("6", "Can’t be read") in shown(page)
    assert ("1", "Left out") in shown(page)
    for piece, sentence in BAD_PIECES.items():
        assert re.search(f"<li[^>]*>“{re.escape(piece.strip())}[^<]*{sentence}", page), piece
    again = html.unescape(agent.get(f"/campaigns/{campaign.id}/members/numbers?run={run_id}").text)
    for piece in pieces:
        assert piece.strip() in again
    start(agent, run_id)
    assert [row.number for row in scene.members(session, campaign)] == sorted([A, B, C])
    result = agent.get(f"/imports/{run_id}").text
    assert "Download the rows left out" in result
    assert f"/campaigns/{campaign.id}?tab=members" in html.unescape(result)


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ("", "Enter a number."),
        (" \n ", "Enter a number."),
        (",;\n", "Enter a number."),
        ("1" * 2_000_001, "Paste at most 2,000,000"),
    ],
)
def test_what_is_nothing_comes_back(agent: Browser, campaign: Campaign, numbers: str, sentence: str) -> None:
    answer = agent.post(f"/campaigns/{campaign.id}/members/numbers", data={"numbers": numbers})
    assert answer.status_code == 422
    assert sentence in answer.text


def test_very_many_numbers_are_added_in_parts(
    app: Flask, session: Session, agent: Browser, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 3)
    run_id = paste(agent, campaign, "\n".join(f"415555{number}" for number in range(2000, 2010)))
    assert "Rows checked" in agent.get(f"/imports/{run_id}").text
    jobs(app, session)
    start(agent, run_id)
    assert len(scene.members(session, campaign)) == 3
    jobs(app, session)
    assert len(scene.members(session, campaign)) == 10
    again = paste(agent, campaign, "\n".join(f"415555{number}" for number in range(2000, 2010)))
    jobs(app, session)
    assert ("10", "Already members") in shown(agent.get(f"/imports/{again}").text)


def test_undoing_takes_out_whom_it_added_and_nobody_else(
    app: Flask, session: Session, agent: Browser, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_undo, "AT_ONCE", 2)
    kim, ann, rob, will = (
        world.person(session, name, f"+1415555010{index}")
        for index, name in enumerate(("Kim Known", "Ann Already", "Rob Removed", "Will Written"))
    )
    scene.member(session, campaign, ann)
    removed = scene.member(session, campaign, rob, removed=True)
    moment = removed.removed_at
    run_id = paste(agent, campaign, "\n".join(f"415555010{index}" for index in range(6)))
    start(agent, run_id, back=True)
    assert len(scene.members(session, campaign)) == 6
    broadcast = scene.broadcast(session, campaign, scene.sender(session), BroadcastState.SENT)
    sent = {"direction": "outbound", "number": will.mobile, "status": "sent", "broadcast_id": broadcast.id}
    session.add(Message(person_id=will.id, created_at=broadcast.created_at, updated_at=broadcast.created_at, **sent))
    hand = session.scalars(select(CampaignMember).where(CampaignMember.number == "+14155550105")).one()
    agent.post(f"/campaigns/{campaign.id}/members/{hand.id}/removal")
    session.commit()
    assert (
        "4 members taken out of the campaign, 1 removed again, 2 leads deleted"
        in agent.get(f"/imports/{run_id}").text.lower()
    )
    agent.post(f"/imports/{run_id}/undo")
    jobs(app, session)
    assert names(session, campaign) == ["Ann Already", "Will Written"]
    session.refresh(removed)
    assert removed.removed_at == moment
    rows = {row.person_id: row.removed_at for row in session.scalars(select(CampaignMember))}
    assert kim.id not in rows
    run = session.get_one(ImportRun, run_id, populate_existing=True)
    assert (run.state, run.counts["members_gone"], run.counts["removed_again"], run.counts["kept"]) == (
        "undone",
        2,
        1,
        2,
    )
    kept = agent.get(f"/imports/{run_id}/rows?outcome=kept").text
    assert member_undo.WRITTEN_TO in kept
    assert member_undo.REMOVED in kept


def test_two_at_once_add_each_number_once(
    app: Flask, session: Session, agent: Browser, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same numbers pasted twice and imported by two processes: one lead and one member for each."""
    monkeypatch.setattr(work, "AT_ONCE", 5)
    for number in range(2000, 2100, 3):
        world.person(session, f"Person {number}", f"+1415555{number}")
    runs = [paste(agent, campaign, "\n".join(f"415555{number}" for number in range(2000, 2100))) for _ in range(2)]
    jobs(app, session)
    for run_id in runs:
        start(agent, run_id)
    session.commit()
    with app.app_context():
        engine = db.engine
    errors: list[Exception] = []

    def run(task_id: int) -> None:
        try:
            background.run(engine, task_id, 60, threading.Event())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(task_id,)) for task_id in background.unfinished(engine) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.expire_all()
    assert errors == []
    assert len(threads) == 4
    assert [row.number for row in scene.members(session, campaign)] == [f"+1415555{n}" for n in range(2000, 2100)]
    assert len(session.scalars(select(Person)).all()) == 100
    found = [session.get_one(ImportRun, run_id, populate_existing=True) for run_id in runs]
    assert [run.state for run in found] == ["done", "done"]
    assert sum(run.counts.get(NEW, 0) for run in found) == 100


def test_the_page_shows_what_is_ticked(session: Session, agent: Browser, campaign: Campaign) -> None:
    scene.member(session, campaign, world.person(session, "Rob Removed", A), removed=True)
    run_id = paste(agent, campaign, f"{A}\n{B}")
    for query, button in (
        ("", "Add 1 member"),
        ("?ticked=y&create_leads=y&include_removed=y", "Add 2 members"),
        ("?ticked=y&include_removed=y", "Add 1 member"),
        ("?ticked=y", ""),
    ):
        page = agent.get(f"/imports/{run_id}{query}").text
        assert re.findall(r'btn-primary">(Add [^<]*)<', page) == ([button] if button else []), query


def test_members_need_their_campaign(agent: Browser, viewer: Browser, campaign: Campaign) -> None:
    for address in ("/imports/new/member", "/imports/new/member?campaign=99", f"/imports/new/member?campaign={10**30}"):
        assert agent.get(address).status_code == 404, address
        assert agent.post(address).status_code == 404, address
    assert agent.get("/campaigns/99/members/numbers").status_code == 404
    assert viewer.get(f"/campaigns/{campaign.id}/members/numbers").status_code == 403
    assert viewer.post(f"/campaigns/{campaign.id}/members/numbers").status_code == 403
    assert "member" not in agent.get("/imports").text.lower().split("<main", 1)[1].split("import contacts")[0]


def test_each_way_is_one_of_members() -> None:
    assert {Known.of_members(makes_leads=leads, brings_back=back) for _, leads, back in WAYS} == {
        Known(way) for way, _, _ in WAYS
    }
