"""Campaigns through the browser: making and changing them, the keyword that stays, the empty state, the lists."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState
from optin.models import Campaign
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

A = "+14155550134"


def fields(**changes: str) -> dict[str, str]:
    return {"name": "Volunteer Campaign", "keyword": "", "description": "", "status": "planned", "owner": "", **changes}


def test_a_campaign_is_made_from_the_keywords_page(session: Session, agent: Browser) -> None:
    keyword = world.keyword(session)
    page = agent.get(f"/campaigns/new?keyword={keyword.id}").text
    assert f'<option selected value="{keyword.id}">volunteer</option>' in page
    response = agent.post("/campaigns", data=fields(keyword=str(keyword.id)))
    campaign = session.scalars(select(Campaign)).one()
    assert (response.status_code, response.location) == (303, f"/campaigns/{campaign.id}")
    page = agent.get(response.location).text
    assert "It is tied to the keyword “volunteer”." in page
    assert f'href="/keywords/{keyword.id}"' in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "  "}, "Enter a name."),
        ({"name": "x" * 121}, "Use at most 120 characters."),
        ({"keyword": "4711"}, "Not a valid choice."),
        ({"status": "sent"}, "Not a valid choice."),
        ({"owner": "4711"}, "Not a valid choice."),
    ],
)
def test_a_bad_form_comes_back_as_typed(
    session: Session, agent: Browser, changes: dict[str, str], sentence: str
) -> None:
    response = agent.post("/campaigns", data=fields(description="Bring gloves & boots", **changes))
    assert response.status_code == 422
    assert sentence in response.text
    assert "Bring gloves &amp; boots" in response.text
    assert session.scalars(select(Campaign)).all() == []


def test_an_archived_keyword_can_be_kept_but_not_chosen(session: Session, agent: Browser, clock) -> None:
    archived = world.keyword(session, "donate", archived_at=clock.now())
    old = scene.campaign(session, archived)
    assert f'<option selected value="{archived.id}">donate</option>' in agent.get(f"/campaigns/{old.id}/edit").text
    assert "donate" not in agent.get("/campaigns/new").text


def test_changes_stand_in_the_history(session: Session, agent: Browser) -> None:
    keyword, campaign = world.keyword(session), scene.campaign(session)
    changes = fields(name="March", keyword=str(keyword.id), status="completed", owner=str(agent.user.id))
    response = agent.post(f"/campaigns/{campaign.id}", data=changes, follow_redirects=True)
    assert "Saved. Changed: Name, Opt-in keyword, Status, Owner." in response.text
    history = agent.get(f"/campaigns/{campaign.id}?tab=history").text
    for piece in ("Changed: Name", "Volunteer Campaign", "March", "volunteer", "In progress", "Completed"):
        assert piece in history


@pytest.mark.parametrize("state", list(BroadcastState))
def test_the_keyword_stays_while_a_broadcast_is_unfinished(
    session: Session, agent: Browser, state: BroadcastState
) -> None:
    keyword, other = world.keyword(session), world.keyword(session, "donate")
    campaign = scene.campaign(session, keyword)
    scene.broadcast(session, campaign, scene.sender(session), state)
    ended = (BroadcastState.SENT, BroadcastState.CANCELLED)
    unfinished = state not in ended

    response = agent.post(f"/campaigns/{campaign.id}", data=fields(keyword=str(other.id)))
    assert response.status_code == (422 if unfinished else 303)
    assert ("can’t be changed while a broadcast" in response.text) == unfinished
    assert campaign.keyword_id == (keyword.id if unfinished else other.id)

    kept = agent.post(f"/campaigns/{campaign.id}", data=fields(name="Renamed", keyword=str(campaign.keyword_id)))
    assert kept.status_code == 303
    assert campaign.name == "Renamed"


def test_a_broadcast_that_starts_meanwhile_freezes_the_keyword(app: Flask, session: Session, agent: Browser) -> None:
    """The change of keyword waits for the transaction that starts a broadcast, and then is refused."""
    keyword, other = world.keyword(session), world.keyword(session, "donate")
    campaign, sender = scene.campaign(session, keyword), scene.sender(session)
    answers: list[int] = []

    def change() -> None:
        answers.append(agent.post(f"/campaigns/{campaign.id}", data=fields(keyword=str(other.id))).status_code)

    with app.app_context():
        engine = db.engine
    agent.test_session = None
    with Session(engine) as starting:
        starting.scalars(Campaign.locked(campaign.id)).one()
        changing = threading.Thread(target=change)
        changing.start()
        changing.join(0.5)
        assert answers == []
        scene.broadcast(starting, campaign, sender, BroadcastState.SENDING)
    changing.join(10)
    assert answers == [422]
    session.expire_all()
    assert campaign.keyword_id == keyword.id


@pytest.mark.parametrize("tab", ["details", "members", "broadcasts"])
def test_an_empty_campaign_says_how_many_have_opted_in(session: Session, agent: Browser, tab: str) -> None:
    keyword = world.keyword(session)
    campaign = scene.campaign(session, keyword)
    for last in range(12):
        scene.opts_in(session, f"+1415555{last + 200:04d}", keyword)
    page = agent.get(f"/campaigns/{campaign.id}?tab={tab}").text
    assert "This campaign has no members yet" in page
    assert (
        "12 people have opted in with <em>volunteer</em>. Add them before you use SMS Broadcasts. "
        "Adding them sends no messages."
    ) in page
    assert page.count("+ Add Opt-Ins") == 2
    assert "12 new" in page
    assert "New message" not in page


def test_the_list_is_searched_and_filtered(session: Session, agent: Browser) -> None:
    for name, status in (("River clean-up", "planned"), ("River walk", "completed"), ("100% off", "planned")):
        scene.campaign(session, name=name).status = status
    session.commit()

    def names(address: str) -> set[str]:
        page = agent.get(address).text
        return {name for name in ("River clean-up", "River walk", "100% off") if f">{name}</a>" in page}

    assert names("/campaigns") == {"River clean-up", "River walk", "100% off"}
    assert names("/campaigns?q=RIVER") == {"River clean-up", "River walk"}
    assert names("/campaigns?q=river&status=completed") == {"River walk"}
    assert names("/campaigns?q=0%25") == {"100% off"}
    assert "No campaign matches" in agent.get("/campaigns?q=nothing+like+it").text


def test_the_list_goes_on_over_pages(session: Session, agent: Browser) -> None:
    for number in range(60):
        scene.campaign(session, name=f"Campaign {number:02d}")
    first = agent.get("/campaigns").text
    assert "Campaign 49" in first
    assert "Campaign 50" not in first
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = agent.get(older).text
    assert "Campaign 50" in second
    assert "Campaign 49" not in second


@pytest.mark.parametrize(
    "address", ["/campaigns/4711", "/campaigns/4711/edit", "/campaigns/4711/opt-ins", f"/campaigns/{10**30}"]
)
def test_an_unknown_campaign_is_404(agent: Browser, address: str) -> None:
    assert agent.get(address).status_code == 404


def test_a_viewer_reads_and_changes_nothing(session: Session, viewer: Browser) -> None:
    keyword = world.keyword(session)
    campaign = scene.campaign(session, keyword)
    scene.member(session, campaign, world.person(session, "Maya Chen", A))
    for tab in ("details", "members", "broadcasts", "history"):
        page = viewer.get(f"/campaigns/{campaign.id}?tab={tab}")
        assert page.status_code == 200
        for button in ("Add Opt-Ins", "Add members", "Edit", "Remove", "Send to", "New message"):
            assert f">{button}" not in page.text
    assert "New" not in viewer.get("/campaigns").text.split("<main")[1]
    for address in ("/campaigns/new", f"/campaigns/{campaign.id}/edit", f"/campaigns/{campaign.id}/members/new"):
        assert viewer.get(address).status_code == 403
    for address in ("", f"/{campaign.id}", f"/{campaign.id}/members", f"/{campaign.id}/broadcasts"):
        assert viewer.post(f"/campaigns{address}", data=fields(name="Mine")).status_code == 403
    assert campaign.name == "Volunteer Campaign"
