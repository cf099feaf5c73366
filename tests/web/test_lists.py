"""What all lists share: orders that an index serves, both ways through the pages, search, and the list as a file."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import BroadcastState, MessageStatus, OptInSource, PersonKind, Role
from optin.features.campaigns import index_list as campaigns
from optin.features.keywords import index_list as keywords
from optin.features.people import columns as people
from optin.models import Message, Person
from optin.policy import audit
from optin.provider import senders
from optin.web import lists
from optin.web.lists import Column
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.clients import Browser
from tests.support.page_tree import Element, TreeBuilder

MANY = 120


def tree(html: str) -> Element:
    builder = TreeBuilder()
    builder.feed(html)
    return builder.root


def said(cell: Element) -> str:
    """Return what stands in a cell beside its tick box."""
    return re.sub(r"^Select (.+)\1$", r"\1", cell.text)


def first_cells(html: str) -> list[str]:
    """Return what stands in the first cell of each row."""
    rows = [row for row in tree(html).walk() if row.tag == "tr"]
    cells = [[said(cell) for cell in row.children if isinstance(cell, Element) and cell.tag == "td"] for row in rows]
    return [row[0] for row in cells if row]


def link(html: str, words: str) -> str | None:
    """Return the address of the link with these words."""
    found = [each.attrs["href"] for each in tree(html).walk() if each.tag == "a" and each.text == words]
    return found[0] if found else None


def walk(browser: Browser, address: str, forward: str = "Next", back: str = "Previous") -> tuple[list[str], list[str]]:
    """Go through all pages and back; return the first cells in the order seen."""
    ways: list[list[str]] = []
    at: str | None = address
    for words in (forward, back):
        seen: list[str] = []
        while at:
            html = browser.get(at).text
            seen += first_cells(html) if words == forward else reversed(first_cells(html))
            last, at = at, link(html, words)
        ways.append(seen)
        at = last
    return ways[0], ways[1][::-1]


def store_people(session: Session, count: int = MANY) -> None:
    now = clock.now()
    for each in range(count):
        at = now + timedelta(minutes=each)
        session.add(
            Person(
                kind=PersonKind.CONTACT,
                first_name=f"P{each:03}",
                last_name="X",
                sort_name=f"x p{each:03}",
                company="abc"[each % 3],
                email=f"{(each * 37) % count:03}@example.org",
                created_at=at,
                updated_at=at,
            )
        )
    session.commit()


@pytest.mark.slow
@pytest.mark.parametrize("sort", ["", "-name", "company", "-company", "email", "-email", "added", "-added"])
def test_every_order_goes_forth_and_back_over_all_pages(agent: Browser, session: Session, sort: str) -> None:
    store_people(session)
    forth, back = walk(agent, f"/contacts?sort={sort}")
    assert len(forth) == len(set(forth)) == MANY
    assert back == forth

    def key(name: str) -> object:
        each = int(name[1:4])
        column = sort.removeprefix("-")
        return {"company": ("abc"[each % 3], each), "email": (each * 37) % MANY}.get(column, each)

    assert forth == sorted(forth, key=key, reverse=sort.startswith("-"))


def test_the_head_says_the_order_and_turns_it(agent: Browser, session: Session) -> None:
    store_people(session, 3)
    html = agent.get("/contacts?q=P00").text
    heads = {th.text: th.attrs.get("aria-sort") for th in tree(html).walk() if th.tag == "th"}
    assert heads["Name"] == "ascending"
    assert heads["Company"] is None
    assert link(html, "Name") == "/contacts?q=P00&sort=-name"
    assert link(html, "Added") == "/contacts?q=P00&sort=-added"
    assert link(html, "Mobile phone") is None, "no index serves it"
    assert first_cells(agent.get("/contacts?sort=nonsense&page=nonsense").text)[0].startswith("P000")


@pytest.mark.parametrize(
    ("table", "columns", "where"),
    [
        ("person", people.COLUMNS, "kind = 'contact'"),
        ("campaign", campaigns.COLUMNS, "1 = 1"),
        ("keyword", keywords.COLUMNS, "1 = 1"),
    ],
)
def test_an_index_serves_every_order(session: Session, table: str, columns: Sequence[Column], where: str) -> None:
    """The plan sorts nothing: on PostgreSQL with the other ways forbidden, since the table is empty."""
    for column in columns:
        if not column.keys:
            continue
        names = [str(key.key) for key in column.keys]
        for direction in ("ASC", "DESC"):
            order = ", ".join(f"{name} {direction}" for name in names)
            query = f"SELECT * FROM {table} WHERE {where} ORDER BY {order} LIMIT 51"
            if session.get_bind().dialect.name == "postgresql":
                for way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
                    session.execute(text(f"SET LOCAL enable_{way} = off"))
                plan = "\n".join(session.scalars(text(f"EXPLAIN {query}")))
                assert "Sort" not in plan, f"{table} by {order}: {plan}"
            else:
                plan = "\n".join(row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {query}")))
                assert "TEMP B-TREE" not in plan, f"{table} by {order}: {plan}"


def read_file(browser: Browser, address: str) -> list[list[str]]:
    answer = browser.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'attachment; filename="' in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_the_file_holds_all_pages_of_what_is_shown(agent: Browser, session: Session) -> None:
    store_people(session, lists.CSV_ROWS_AT_ONCE + 3)
    rows = read_file(agent, "/contacts/file?sort=-name")
    assert rows[0][:4] == ["First name", "Last name", "Mobile phone", "Consent"]
    assert [row[0] for row in rows[1:]] == [f"P{each:03}" for each in reversed(range(lists.CSV_ROWS_AT_ONCE + 3))]
    assert [row[0] for row in read_file(agent, "/contacts/file?q=P01")[1:]] == [f"P{each:03}" for each in range(10, 20)]


def test_a_spreadsheet_runs_nothing_of_a_file(agent: Browser, session: Session) -> None:
    person = world.person(session, "=HYPERLINK(1) Ann", "+14155550134")
    person.company, person.email = "@SUM(A1)", "-1+1@example.org"
    session.commit()
    row = read_file(agent, "/contacts/file")[1]
    assert row[:3] == ["'=HYPERLINK(1)", "Ann", "+14155550134"]
    assert (row[4], row[5]) == ("'@SUM(A1)", "'-1+1@example.org")


def test_each_list_is_a_file(admin: Browser, session: Session) -> None:
    outbox.without_sending_hours(session)
    volunteer = world.keyword(session)
    maya = world.person(session, "Maya Chen", world.MAYA)
    scene.opts_in(session, world.MAYA, volunteer, OptInSource.USER)
    campaign = scene.campaign(session, volunteer)
    scene.member(session, campaign, maya)
    sent = scene.broadcast(session, campaign, senders.ensure(session, world.OURS), BroadcastState.SENT)
    at = clock.now()
    fields = {"direction": "outbound", "status": MessageStatus.FAILED, "created_at": at, "updated_at": at}
    session.add(Message(broadcast_id=sent.id, number=world.MAYA, person_id=maya.id, error_code=30006, **fields))
    audit.record(session, admin.user.id if admin.user else None, "changed", "user", 1, {"name": ("A", "B")})
    session.commit()
    assert read_file(admin, "/keywords/file")[1][:4] == ["volunteer", "", "", "1"]
    assert read_file(admin, f"/keywords/{volunteer.id}/opt-ins/file")[1][1:4] == [world.MAYA, "Maya Chen", "Active"]
    assert read_file(admin, "/campaigns/file")[1][:3] == ["Volunteer Campaign", "volunteer", "1"]
    members = read_file(admin, f"/campaigns/{campaign.id}/members/file")
    assert members[1][:6] == ["Maya", "Chen", world.MAYA, "", "Opted in with volunteer", "Will receive"]
    assert read_file(admin, f"/campaigns/{campaign.id}/members/file?q=nobody") == [members[0]]
    recipient = read_file(admin, f"/broadcasts/{sent.id}/recipients/file")[1]
    assert recipient[:4] == ["Maya", "Chen", world.MAYA, "Failed"]
    assert recipient[5] == "30006"
    assert read_file(admin, f"/broadcasts/{sent.id}/recipients/file?status=sent")[1:] == []
    assert ["Changed Admin Example: name", "A", "B", "Admin Example"] in [
        row[:4] for row in read_file(admin, "/settings/audit/file?about=user")
    ]


def test_the_titles_of_each_file(admin: Browser, session: Session) -> None:
    volunteer = world.keyword(session)
    campaign = scene.campaign(session, volunteer)
    sent = scene.broadcast(session, campaign, senders.ensure(session, world.OURS), BroadcastState.SENT)
    person = "First name,Last name,Mobile phone,Consent,Company,Email,Owner,Added"
    titles = {
        "/contacts/file": person,
        "/leads/file": person,
        "/keywords/file": "Keyword,Aliases,Description,Active opt-ins,Opt-in,State,Created",
        f"/keywords/{volunteer.id}/opt-ins/file": "Opt-in,Phone number,Contact or lead,Status,Source,Message,"
        "Message SID,Asked,Opted in,Ended",
        "/campaigns/file": "Name,Opt-in keyword,Members,Status,Owner,Changed",
        f"/campaigns/{campaign.id}/members/file": "First name,Last name,Mobile phone,State (US),"
        "Consent,Would a message go now?,"
        "Last message,Added",
        f"/broadcasts/{sent.id}/recipients/file": "First name,Last name,Mobile phone,Status,Why,Error,"
        "Segments,Segments at Twilio,Message SID,When",
        "/settings/opted-out/file": "Contact or lead,Mobile phone,Text,Opted out",
        "/settings/audit/file": "What,From,To,Who,When",
    }
    assert {file: ",".join(read_file(admin, file)[0]) for file in titles} == titles


def test_each_cell_says_its_column_and_what_is_empty_is_a_dash(agent: Browser, session: Session) -> None:
    world.person(session, "Maya Chen", None)
    session.commit()
    cells = [each for each in tree(agent.get("/contacts").text).walk() if each.tag == "td"]
    labels = [column.label for column in people.COLUMNS if column.in_table]
    assert [cell.attrs.get("data-label") for cell in cells] == [None, *labels[1:]]
    assert [said(cell) for cell in cells][:-1] == ["Maya Chen", "–", "–", "–", "–", "–"]


def test_personal_data_leave_with_agents_and_admins_only(
    browse_as: Callable[[Role], Browser], session: Session
) -> None:
    outbox.without_sending_hours(session)
    volunteer = world.keyword(session)
    scene.opts_in(session, world.MAYA, volunteer, OptInSource.USER)
    campaign = scene.campaign(session, volunteer)
    scene.member(session, campaign, world.person(session, "Maya Chen", world.MAYA))
    world.person(session, "Lea Roy", world.INES, PersonKind.LEAD)
    sent = scene.broadcast(session, campaign, senders.ensure(session, world.OURS), BroadcastState.SENT)
    at = clock.now()
    fields = {"direction": "outbound", "status": MessageStatus.SENT, "created_at": at, "updated_at": at}
    session.add(Message(broadcast_id=sent.id, number=world.MAYA, **fields))
    world.text(session, "STOP", world.TOM)
    session.commit()
    personal = {
        "/contacts": "/contacts/file",
        "/leads": "/leads/file",
        f"/keywords/{volunteer.id}/opt-ins": f"/keywords/{volunteer.id}/opt-ins/file",
        f"/campaigns/{campaign.id}?tab=members": f"/campaigns/{campaign.id}/members/file",
        f"/broadcasts/{sent.id}": f"/broadcasts/{sent.id}/recipients/file",
        "/settings/opted-out": "/settings/opted-out/file",
    }
    others = {"/campaigns": "/campaigns/file", "/keywords": "/keywords/file"}
    for role in Role:
        browser = browse_as(role)
        for page, file in {**personal, **others}.items():
            may = page in others or role is not Role.VIEWER
            assert (link(browser.get(page).text, "Download CSV") is not None) is may, (role, page)
            answer = browser.get(file)
            assert answer.status_code == (200 if may else 403), (role, file)
            if not may:
                assert "Your role does not allow this." in answer.text
                assert "Maya" not in answer.text


def test_ticked_members_leave_together(agent: Browser, session: Session) -> None:
    campaign = scene.campaign(session)
    rows = [
        scene.member(session, campaign, world.person(session, f"P{each} X", f"+1415555010{each}")) for each in range(3)
    ]
    other = scene.member(session, scene.campaign(session, name="Other"), rows[0].person)
    path = f"/campaigns/{campaign.id}/members/removal"
    answer = agent.post(path, data={"member": [rows[0].id, rows[2].id, other.id, "x"]}, follow_redirects=True)
    assert "2 members were removed from the campaign." in answer.text
    assert [member.id for member in scene.members(session, campaign)] == [rows[1].id]
    assert other.removed_at is None
    assert "Nobody was selected" in agent.post(path, follow_redirects=True).text
