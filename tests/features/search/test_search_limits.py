"""A search is cut where it finds very many: it says so, the file has all, and a short list is looked through whole."""

import pytest
from sqlalchemy.orm import Session

from optin.enums import PersonKind
from optin.models import Campaign, Keyword, Person
from optin.queries import search
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

CUT = "There are more results than are listed here"


@pytest.fixture(autouse=True)
def _low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST", 3)
    monkeypatch.setattr(search, "LOOKED_AT", 4)


@pytest.fixture
def town(session: Session) -> list[Person]:
    """Six contacts who share a word, each with a number."""
    return [world.person(session, f"P{each} Same", f"+1415555010{each}") for each in range(6)]


@pytest.fixture
def keyword(session: Session) -> Keyword:
    return world.keyword(session)


@pytest.mark.usefixtures("town")
def test_a_list_of_people_says_that_it_is_cut_and_the_file_is_not(agent: Browser) -> None:
    page = agent.get("/contacts?q=same").text
    assert page.count("Same</a>") == 4
    assert CUT in page
    assert "download the file" in page
    assert agent.get("/contacts/file?q=same").text.count("Same") == 6
    assert CUT not in agent.get("/contacts?q=p5 same").text
    assert CUT not in agent.get("/contacts?q=nobody").text
    assert CUT not in agent.get("/contacts").text


@pytest.mark.usefixtures("town")
def test_a_lead_among_many_contacts_is_found(agent: Browser, session: Session) -> None:
    world.person(session, "Lena Same", None).kind = PersonKind.LEAD
    page = agent.get("/leads?q=same").text
    assert "Lena Same</a>" in page
    assert CUT not in page
    assert "6+ contacts" not in page
    assert "4+ contacts" in page
    assert "Lena Same" in agent.get("/search?q=same").text


def test_a_member_of_a_small_campaign_is_found(
    agent: Browser, session: Session, town: list[Person], keyword: Keyword
) -> None:
    campaign = scene.campaign(session, keyword)
    scene.member(session, campaign, town[5])
    scene.member(session, campaign, world.person(session, "Other One", None))
    page = agent.get(f"/campaigns/{campaign.id}?tab=members&q=same").text
    assert "P5 Same" in page
    assert "Other One" not in page
    assert CUT not in page
    assert agent.get(f"/campaigns/{campaign.id}/members/file?q=same").text.count("Same") == 1


def test_a_large_campaign_says_that_more_may_be_found(
    agent: Browser, session: Session, town: list[Person], keyword: Keyword
) -> None:
    campaign: Campaign = scene.campaign(session, keyword)
    for person in (*(world.person(session, f"Other {each}", None) for each in range(4)), town[5]):
        scene.member(session, campaign, person)
    page = agent.get(f"/campaigns/{campaign.id}?tab=members&q=same").text
    assert "Nobody found" in page
    assert CUT in page
    assert "P5 Same" in agent.get(f"/campaigns/{campaign.id}?tab=members&q=p5").text
    assert agent.get(f"/campaigns/{campaign.id}/members/file?q=same").text.count("Same") == 1


def test_people_to_add_say_it(agent: Browser, session: Session, town: list[Person], keyword: Keyword) -> None:
    campaign = scene.campaign(session, keyword)
    assert CUT in agent.get(f"/campaigns/{campaign.id}/members/new?q=same").text
    assert CUT not in agent.get(f"/campaigns/{campaign.id}/members/new?q={town[0].name_in('US')}").text


def test_an_opt_in_of_a_small_keyword_is_found(
    agent: Browser, session: Session, town: list[Person], keyword: Keyword
) -> None:
    scene.opts_in(session, town[5].mobile or "", keyword)
    page = agent.get(f"/keywords/{keyword.id}?tab=related&q=same").text
    assert "P5 Same" in page
    assert CUT not in page


def test_opt_ins_that_are_many_say_it(agent: Browser, session: Session, town: list[Person], keyword: Keyword) -> None:
    for person in town:
        scene.opts_in(session, person.mobile or "", keyword)
    page = agent.get(f"/keywords/{keyword.id}?tab=related&q=same").text
    assert page.count("Same</a>") == 4
    assert CUT in page
    assert ">4+<" in page
    live = agent.get(f"/keywords/{keyword.id}/opt-ins?q=same").text
    assert CUT in live
    assert agent.get(f"/keywords/{keyword.id}/opt-ins/file?q=same").text.count("Same") == 6


def test_the_inbox_finds_the_one_conversation_and_says_when_it_is_cut(
    agent: Browser, session: Session, town: list[Person]
) -> None:
    world.text(session, "hello", town[5].mobile or "")
    page = agent.get("/inbox?q=same").text
    assert "P5 Same" in page
    assert CUT not in page
    for person in town:
        world.text(session, "hello", person.mobile or "")
    page = agent.get("/inbox?q=hello").text
    assert page.count(" Same</span>") == 4
    assert CUT in page


@pytest.mark.usefixtures("town")
def test_it_speaks_of_a_file_only_to_whom_may_have_it(viewer: Browser, keyword: Keyword, session: Session) -> None:
    campaign = scene.campaign(session, keyword)
    for person in session.query(Person).all():
        scene.opts_in(session, person.mobile or "", keyword)
        scene.member(session, campaign, person)
    for page in ("/contacts?", f"/keywords/{keyword.id}/opt-ins?", f"/campaigns/{campaign.id}?tab=members&"):
        html = viewer.get(f"{page}q=same").text
        assert CUT in html
        assert "download the file" not in html
