"""Members: what the rule says of each, finding them, adding by hand, removing."""

import html
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience, ledger
from optin.consent.events import Act
from optin.enums import BlockCause, BroadcastState, HoldCause, MessageStatus, OptInSource, PersonKind
from optin.features.campaigns import members
from optin.models import CampaignMember, Message
from optin.policy import policy
from optin.queries import look
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

A, B, C = "+14155550134", "+16465550177", "+13125550118"


def act() -> Act:
    return Act(source=OptInSource.SMS, at=clock.now(), text="test")


@pytest.fixture
def everybody(session: Session) -> dict[str, object]:
    """A campaign with one member for each reason; sending hours are off, so that the time of day is no reason."""
    policy.change(session, None, sending_hours=False)
    keyword = world.keyword(session)
    asking = world.keyword(session, "march", double_opt_in=True)
    sender, campaign = scene.sender(session), scene.campaign(session, keyword)
    names = {
        "Wanda Willing": "+14155550101",
        "Nora Nonumber": None,
        "Otto Optout": "+14155550102",
        "Hilda Held": "+14155550103",
        "Dora Double": "+14155550101",
        "Nils Notin": "+14155550104",
        "Bea Blocked": "+14155550105",
        "Paul Pending": "+14155550106",
    }
    for name, number in names.items():
        scene.member(session, campaign, world.person(session, name, number))
    for number in ("+14155550101", "+14155550102", "+14155550103", "+14155550105"):
        scene.opts_in(session, number, keyword)
    keyword.double_opt_in = True
    session.commit()
    scene.opts_in(session, "+14155550106", keyword)
    scene.opts_in(session, "+14155550104", asking)
    ledger.opt_out(session, "+14155550102", act())
    ledger.hold(session, "+14155550103", act(), HoldCause.SENTENCE, "stop")
    ledger.block(session, sender.scope, "+14155550105", BlockCause.WORD, act())
    session.commit()
    return {"campaign": campaign, "names": list(names), "sender": sender}


REASONS = {
    "will_receive": ("Wanda Willing", "Will receive"),
    "no_number": ("Nora Nonumber", "No valid mobile number"),
    "opted_out": ("Otto Optout", "Opted out"),
    "on_hold": ("Hilda Held", "On hold for review"),
    "duplicate": ("Dora Double", "Duplicate number"),
    "pending": ("Paul Pending", "Waiting for confirmation"),
    "not_opted_in": ("Nils Notin", "Not opted in with <em>volunteer</em>"),
    "blocked": ("Bea Blocked", "Blocked at Twilio: they must text START"),
}


@pytest.mark.parametrize("few", [look.FEW, -1], ids=["from the few", "along the list"])
@pytest.mark.parametrize("reason", list(REASONS))
def test_each_reason_leads_to_who_has_it(
    everybody: dict, agent: Browser, monkeypatch: pytest.MonkeyPatch, reason: str, few: int
) -> None:
    monkeypatch.setattr(members, "FIRST", 1)
    monkeypatch.setattr(look, "LEAST", 1)
    monkeypatch.setattr(look, "FEW", few)
    monkeypatch.setattr(look, "SECONDS", 60)
    monkeypatch.setattr(look, "FAR", 0)
    campaign, (name, words) = everybody["campaign"], REASONS[reason]
    fragment = agent.get(f"/campaigns/{campaign.id}/deliverability").text
    assert f"<span>{words}</span>" in fragment
    assert f"tab=members&amp;reason={reason}" in fragment.replace("&amp;sender=1", "") or f"reason={reason}" in fragment
    page = agent.get(f"/campaigns/{campaign.id}?tab=members&reason={reason}").text
    assert [each for each in everybody["names"] if each in page] == [name]
    assert f">{words}</span>" in page


@pytest.mark.parametrize("rare", [audience.RARE, -1], ids=["from the few", "along the list"])
@pytest.mark.parametrize("reason", list(REASONS))
def test_the_file_of_a_reason_has_who_has_it(
    everybody: dict, admin: Browser, monkeypatch: pytest.MonkeyPatch, reason: str, rare: int
) -> None:
    monkeypatch.setattr(audience, "RARE", rare)
    file = admin.get(f"/campaigns/{everybody['campaign'].id}/members/file?reason={reason}").text
    assert [name for name in everybody["names"] if name.split()[1] in file] == [REASONS[reason][0]]


def test_a_list_in_which_nobody_has_the_reason_is_looked_through_in_parts(
    session: Session, agent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a million members none may be a duplicate: no page reads them all to find that out."""
    monkeypatch.setattr(members, "FIRST", 2)
    campaign = scene.campaign(session)
    for number in range(5):
        scene.member(session, campaign, world.person(session, f"Person {number}", f"+1415555010{number}"))
    session.commit()
    looks, url = 0, f"/campaigns/{campaign.id}?tab=members&reason=duplicate"
    while further := re.search(r'(\d+) records so far. <a href="([^"]+)"', page := agent.get(url).text):
        assert "Nobody found yet" in page
        assert further[1] == "2"
        looks, url = looks + 1, html.unescape(further[2])
    assert looks == 2
    assert "Nobody found<" in page


def test_who_are_far_apart_come_in_shorter_pages(
    session: Session, agent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that would be full only after thousands of others were looked at ends with enough for a screen."""
    for name, value in {"LEAST": 2, "MOST": 2, "ENOUGH": 3, "FAR": 4, "SECONDS": 60}.items():
        monkeypatch.setattr(look, name, value)
    monkeypatch.setattr(members, "FIRST", 2)
    campaign = scene.campaign(session)
    for number in range(8):
        scene.member(session, campaign, world.person(session, f"Person {number}", None))
    session.commit()
    page = agent.get(f"/campaigns/{campaign.id}?tab=members&reason=no_number").text
    assert [number for number in range(8) if f"Person {number}" in page] == [0, 1, 2, 3]
    assert "Look further" not in page
    page = agent.get(html.unescape(re.search(r'href="([^"]+)" rel="next"', page)[1])).text
    assert [number for number in range(8) if f"Person {number}" in page] == [4, 5, 6, 7]


def test_deliverability_counts_everybody_once(everybody: dict, viewer: Browser) -> None:
    fragment = viewer.get(f"/campaigns/{everybody['campaign'].id}/deliverability").text
    assert "8 members, checked just now" in fragment
    assert 'aria-label="1 of 8 will receive"' in fragment
    assert fragment.count('<span class="n">1</span>') == 8


def test_a_block_counts_for_its_sender_only(everybody: dict, session: Session, agent: Browser) -> None:
    other = scene.sender(session, "+14155550199")
    fragment = agent.get(f"/campaigns/{everybody['campaign'].id}/deliverability?sender={other.id}").text
    assert "Blocked at Twilio" not in fragment
    assert 'aria-label="2 of 8 will receive"' in fragment


def test_outside_sending_hours_members_wait(session: Session, agent: Browser, clock) -> None:
    keyword, campaign = world.keyword(session), None
    campaign = scene.campaign(session, keyword)
    scene.sender(session)
    for number in (A, B):
        scene.member(session, campaign, world.person(session, f"Person {number}", number))
        scene.opts_in(session, number, keyword)
    clock.set(clock.now().replace(hour=14, minute=0))  # 9 in New York, 6 in San Francisco (10 and 7 in summer)
    fragment = agent.get(f"/campaigns/{campaign.id}/deliverability").text
    assert "Wait for sending hours" in fragment
    assert 'aria-label="1 of 2 will receive"' in fragment


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("willing", ["Wanda Willing"]),
        ("wanda will", ["Wanda Willing"]),
        ("(415) 555-0104", ["Nils Notin"]),
        ("5550101", ["Wanda Willing", "Dora Double"]),
        ("%", []),
        ("nobody", []),
    ],
)
def test_members_are_searched(everybody: dict, agent: Browser, search: str, expected: list[str]) -> None:
    page = agent.get(f"/campaigns/{everybody['campaign'].id}", query_string={"tab": "members", "q": search}).text
    assert [name for name in everybody["names"] if name in page] == expected


def test_who_is_removed_is_out_and_their_waiting_message_with_them(session: Session, agent: Browser) -> None:
    keyword = world.keyword(session)
    campaign, sender = scene.campaign(session, keyword), scene.sender(session)
    maya, tom = world.person(session, "Maya Chen", A), world.person(session, "Tom Reyes", B)
    rows = [scene.member(session, campaign, person) for person in (maya, tom)]
    broadcast = scene.broadcast(session, campaign, sender, BroadcastState.SENDING)
    now = clock.now()
    for person in (maya, tom):
        session.add(
            Message(
                direction="outbound",
                number=person.mobile,
                status="queued",
                purpose="campaign",
                broadcast_id=broadcast.id,
                person_id=person.id,
                created_at=now,
                updated_at=now,
            )
        )
    response = agent.post(f"/campaigns/{campaign.id}/members/{rows[0].id}/removal", follow_redirects=True)
    assert "Maya Chen was removed from the campaign" in response.text
    assert "1 waiting message was cancelled" in response.text
    assert [row.person_id for row in scene.members(session, campaign)] == [tom.id]
    assert rows[0].removed_by_id == agent.user.id
    statuses = {message.number: message.status for message in scene.messages(session, broadcast.id)}
    assert statuses == {A: MessageStatus.CANCELLED, B: MessageStatus.QUEUED}


def test_a_member_of_another_campaign_is_404(session: Session, agent: Browser) -> None:
    mine, other = scene.campaign(session), scene.campaign(session, name="Other")
    row = scene.member(session, other, world.person(session, "Maya Chen", A))
    assert agent.post(f"/campaigns/{mine.id}/members/{row.id}/removal").status_code == 404
    assert row.removed_at is None


def test_people_are_added_by_ticking(session: Session, agent: Browser) -> None:
    campaign = scene.campaign(session)
    maya, tom = world.person(session, "Maya Chen", A), world.person(session, "Tom Reyes", B)
    back = scene.member(session, campaign, tom, removed=True)
    data = {"person": [str(maya.id), str(tom.id)]}
    response = agent.post(f"/campaigns/{campaign.id}/members", data=data, follow_redirects=True)
    assert "2 members added." in response.text
    assert [row.number for row in scene.members(session, campaign)] == [A, B]
    session.refresh(back)
    assert back.removed_at is None
    again = agent.post(f"/campaigns/{campaign.id}/members", data=data, follow_redirects=True)
    assert "0 members added, they were already members." in again.text


@pytest.mark.parametrize("data", [{}, {"person": ["x", str(10**30)]}])
def test_nobody_is_added_where_nobody_was_ticked(session: Session, agent: Browser, data: dict[str, list[str]]) -> None:
    campaign = scene.campaign(session)
    response = agent.post(f"/campaigns/{campaign.id}/members?q=may", data=data)
    assert response.status_code == 422
    assert "Select someone in the list." in response.text
    assert 'value="may"' in response.text
    assert session.scalars(select(CampaignMember)).all() == []


def test_the_page_offers_every_way(session: Session, agent: Browser) -> None:
    campaign = scene.campaign(session, world.keyword(session))
    page = agent.get(f"/campaigns/{campaign.id}/members/new").text
    ways = html.unescape(page.split('<nav class="ways-in"')[1].split("</nav>")[0])
    assert re.findall('href="([^"]*)"', ways) == [
        f"/campaigns/{campaign.id}/opt-ins",
        f"/campaigns/{campaign.id}/members/numbers",
        f"/imports/new/member?campaign={campaign.id}",
        f"/campaigns/{campaign.id}/members/from-campaign",
        "/contacts",
    ]
    for address in re.findall('href="([^"]*)"', ways):
        assert agent.get(address).status_code == 200
    scene.member(session, campaign, world.person(session, "Maya Chen", A))
    tab = html.unescape(agent.get(f"/campaigns/{campaign.id}?tab=members").text)
    assert f'href="/imports/new/member?campaign={campaign.id}">Import</a>' in tab


def test_people_to_add_are_searched_and_members_marked(session: Session, agent: Browser) -> None:
    campaign = scene.campaign(session)
    scene.member(session, campaign, world.person(session, "Maya Chen", A))
    world.person(session, "Maja Lead", B, PersonKind.LEAD)
    page = agent.get(f"/campaigns/{campaign.id}/members/new?q=ma").text
    assert "Maya Chen" in page
    assert "member already" in page
    only = agent.get(f"/campaigns/{campaign.id}/members/new?q=ma&kind=lead").text
    assert "Maja Lead" in only
    assert "Maya Chen" not in only
