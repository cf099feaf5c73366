"""Every page says the same about a number's consent, in the same words, for each combination of facts."""

import re
from html import unescape
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import OptInStatus
from optin.models import Campaign, CampaignMember, Conversation, Hold, OptIn, ProviderBlock, Sender, Suppression
from optin.models import Person as PersonRow
from tests.support.clients import Browser
from tests.support.world import OURS, keyword, person, text

OPT_INS = (OptInStatus.INACTIVE, OptInStatus.PENDING, OptInStatus.ACTIVE)
COMBINATIONS = list(product((False, True), (False, True), OPT_INS, (False, True)))


def said(suppressed: bool, held: bool, opt_in: OptInStatus, blocked: bool) -> list[str]:
    """Return the words that every page must have."""
    ours = {OptInStatus.ACTIVE: "Opted in with volunteer", OptInStatus.PENDING: "Waiting for confirmation"}
    words = "Opted out" if suppressed else "On hold" if held else ours.get(opt_in, "No opt-in")
    return [words, *(["Blocked at Twilio"] if blocked else [])]


@pytest.fixture
def people(session: Session) -> dict[str, list[str]]:
    """One contact for each combination of facts, with a conversation and a place in a campaign; name to words."""
    volunteer, now = keyword(session), clock.now()
    session.add(
        campaign := Campaign(
            name="Volunteer Campaign", status="planned", keyword=volunteer, created_at=now, updated_at=now
        )
    )
    found = {}
    for index, (suppressed, held, opt_in, blocked) in enumerate(COMBINATIONS):
        number, name = f"+1415555{2000 + index}", f"Person N{index:02}"
        text(session, "hello there", number)
        row = person(session, name, number)
        session.add(OptIn(number=number, keyword=volunteer, status=opt_in, source="sms", requested_at=now))
        session.add(CampaignMember(campaign=campaign, person_id=row.id, number=number, added_at=now))
        if suppressed:
            session.add(Suppression(number=number, started_at=now, asked_at=now))
        if held:
            session.add(Hold(number=number, started_at=now, cause="sentence"))
        if blocked:
            scope = session.scalars(select(Sender).where(Sender.address == OURS)).one().scope
            session.add(ProviderBlock(scope=scope, number=number, cause="word", started_at=now))
        found[name] = said(suppressed, held, opt_in, blocked)
    session.commit()
    return found


def badges(html: str) -> list[list[str]]:
    """Return the words of each consent badge on a page, in order."""
    found = re.findall(r'<span class="consent">(.*?)</span></span>', html, re.DOTALL)
    return [
        [unescape(words) for words in re.findall(r'<span class="state \w+">([^<]*)', one + "</span>")] for one in found
    ]


def by_name(html: str) -> dict[str, list[str]]:
    """Return the badge that follows each name in a list."""
    parts = re.split(r"(Person N\d\d)", html)
    return {
        name: badges(rest)[0] for name, rest in zip(parts[1::2], parts[2::2], strict=True) if 'class="consent"' in rest
    }


@pytest.mark.slow
def test_all_pages_say_the_same(agent: Browser, session: Session, people: dict[str, list[str]]) -> None:
    campaign = session.scalars(select(Campaign)).one()
    assert by_name(agent.get("/contacts").text) == people
    assert by_name(agent.get("/inbox").text) == people
    assert by_name(agent.get(f"/campaigns/{campaign.id}?tab=members").text) == people
    rows = select(PersonRow, OptIn.id, Conversation.id).join(OptIn, OptIn.number == PersonRow.mobile)
    for row, opt_in_id, conversation_id in session.execute(
        rows.join(Conversation, Conversation.number == PersonRow.mobile)
    ).all():
        words = people[row.name_in("US")]
        assert badges(agent.get(f"/contacts/{row.id}", lint=False).text) == [words]
        assert badges(agent.get(f"/opt-ins/{opt_in_id}", lint=False).text) == [words]
        thread = agent.get(f"/inbox/{conversation_id}", lint=False).text
        assert badges(thread.split('id="number-status"')[1].split("</header>")[0]) == [words]


def test_the_live_list_notices_a_change_of_standing(
    agent: Browser, session: Session, people: dict[str, list[str]]
) -> None:
    version = re.search(r"version=(\w+)", agent.get("/inbox").text)
    assert version
    assert agent.get(f"/inbox/list?version={version[1]}").status_code == 204
    session.add(Suppression(number="+14155552000", started_at=clock.now(), asked_at=clock.now()))
    assert agent.get(f"/inbox/list?version={version[1]}").status_code == 200
