"""Members from another campaign: choosing it, what will happen, adding them, over HTTP and without a script."""

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.campaign_members import tasks
from optin.consent import ledger
from optin.enums import BroadcastState
from optin.models import BackgroundTask, Campaign, Keyword, Message
from optin.policy import policy
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.clients import Browser
from tests.support.importing import shown, work

SENT = {
    "Dell Delivered": "delivered",
    "Sam Sent": "sent",
    "Una Undelivered": "undelivered",
    "Quin Queued": "queued",
    "Uma Unknown": "unknown",
    "Sky Skipped": "skipped",
    "Nell Never": "",
    "Otto Optout": "delivered",
}
GOT, MISSED = ["Dell Delivered", "Otto Optout", "Sam Sent"], ["Nell Never", "Sky Skipped", "Una Undelivered"]


@pytest.fixture
def spring(session: Session) -> Campaign:
    """A campaign that has sent a broadcast, and an earlier one that all got; one member was removed from it since."""
    policy.change(session, None, sending_hours=False)
    keyword = world.keyword(session)
    campaign, sender, now = scene.campaign(session, keyword, "Spring"), scene.sender(session), clock.now()
    first, last = (scene.broadcast(session, campaign, sender, BroadcastState.SENT) for _ in range(2))
    scene.broadcast(session, campaign, sender, BroadcastState.SCHEDULED).started_at = None
    for index, (name, status) in enumerate(SENT.items()):
        number = f"+1415555{100 + index:04d}"
        person = world.person(session, name, number)
        scene.member(session, campaign, person)
        scene.opts_in(session, number, keyword)
        for broadcast, state in ((first, "delivered"), (last, status)):
            message = Message(
                direction="outbound", number=number, status=state, purpose="campaign", broadcast_id=broadcast.id
            )
            message.person_id, message.created_at, message.updated_at = person.id, now, now
            session.add_all([message] if state else [])
    scene.member(session, campaign, world.person(session, "Rob Removed", "+14155550190"), removed=True)
    ledger.opt_out(session, "+14155550107", outbox.act("STOP"))
    session.commit()
    return campaign


@pytest.fixture
def summer(session: Session, spring: Campaign) -> Campaign:
    """The campaign that they are added to: Dell is a member of it, Sam was removed from it by hand."""
    made = scene.campaign(session, world.keyword(session, "summer"), "Summer")
    people = {row.person.name_in("US"): row.person for row in scene.members(session, spring)}
    scene.member(session, made, people["Dell Delivered"])
    scene.member(session, made, people["Sam Sent"], removed=True)
    for number in ("+14155550101", "+14155550102"):
        scene.opts_in(session, number, session.get_one(Keyword, made.keyword_id))
    return made


def choose(agent: Browser, campaign: Campaign, other: Campaign, which: str = "all") -> str:
    """Choose a campaign; return the address of the page that says what will happen."""
    data = {"from": str(other.id), "which": which}
    answer = agent.post(f"/campaigns/{campaign.id}/members/from-campaign", data=data)
    assert answer.status_code == 303, answer.text
    return answer.location


def names(session: Session, campaign: Campaign) -> list[str]:
    return sorted(row.person.name_in("US") for row in scene.members(session, campaign))


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("all", sorted(SENT)),
        ("receiving", sorted(set(SENT) - {"Otto Optout"})),
        ("got", GOT),
        ("missed", MISSED),
    ],
)
def test_each_choice_brings_those_whom_it_names(
    session: Session, agent: Browser, spring: Campaign, which: str, expected: list[str]
) -> None:
    other = scene.campaign(session, name="Other")
    page = choose(agent, other, spring, which)
    assert f"{len(expected)}</span><span>New members" in agent.get(page).text
    assert agent.post(f"{page}/start").status_code == 303
    assert names(session, other) == expected


def test_what_twilio_does_not_list_may_have_been_received(session: Session, agent: Browser, spring: Campaign) -> None:
    una = session.scalars(select(Message).where(Message.status == "undelivered")).one()
    una.status = "not_found"
    session.commit()
    other = scene.campaign(session, name="Other")
    assert agent.post(f"{choose(agent, other, spring, 'missed')}/start").status_code == 303
    assert names(session, other) == ["Nell Never", "Sky Skipped"]


@pytest.mark.parametrize("again", [False, True])
def test_the_story(session: Session, agent: Browser, spring: Campaign, summer: Campaign, again: bool) -> None:
    assert "from-campaign" in agent.get(f"/campaigns/{summer.id}/members/new").text
    offered = agent.get(f"/campaigns/{summer.id}/members/from-campaign?q=spr").text
    assert "Spring" in offered
    assert f'id="from-{summer.id}"' not in offered
    page = choose(agent, summer, spring)
    text = agent.get(page).text
    assert [tuple(row) for row in shown(text)][:3] == [
        ("6", "New members"),
        ("1", "Already members"),
        ("1", "Removed from this campaign earlier by hand"),
    ]
    assert "1 of 1 would receive a message now" in text
    assert ("1", "Will receive") in shown(text)
    assert re.search(r'"n">4</span><span>Not opted in with <em>summer</em>', text)
    assert ("1", "Opted out") in shown(text)
    done = agent.post(f"{page}/start", data={"include_removed": "y"} if again else {}, follow_redirects=True).text
    back, out = "1 of them had been removed earlier", "1 left out: removed earlier"
    assert f"{6 + again} members added, {back if again else out}. Nobody was messaged." in done
    assert ("Sam Sent" in names(session, summer)) is again
    assert names(session, spring) == sorted(SENT)
    again_page = agent.get(choose(agent, summer, spring)).text
    assert ("0", "New members") in shown(again_page)


def test_very_many_are_looked_at_and_added_in_parts(
    app: Flask, session: Session, agent: Browser, spring: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "LOOKED_AT_ONCE", 3)
    monkeypatch.setattr(tasks, "ADDED_AT_ONCE", 3)
    other = scene.campaign(session, name="Other")
    page = choose(agent, other, spring)
    looking = agent.get(page).text
    assert "3 of 8" in looking
    assert 'hx-trigger="every 2s"' in looking
    assert f'<a class="no-js-only" href="{page}">Check again</a>' in looking
    assert agent.get(f"{page}/progress?version=3").status_code == 204
    work(app, session)
    assert agent.get(f"{page}/progress?version=3").location == page
    added = agent.post(f"{page}/start").location
    assert added != page
    assert "3 of 8" in agent.get(added).text
    assert agent.post(f"{added}/start").status_code == 404
    assert "Stopping" in agent.post(f"{added}/stop", follow_redirects=True).text
    work(app, session)
    assert "It was stopped. " in agent.get(f"{added}/progress?version=3").text.replace("</strong>", "")
    assert len(names(session, other)) == 3
    agent.post(f"{page}/start")
    work(app, session)
    assert names(session, other) == sorted(SENT)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"which": "all"}, "Choose a campaign, and which of its members."),
        ({"from": "999", "which": "all"}, "Choose a campaign, and which of its members."),
        ({"from": str(10**30), "which": "all"}, "Choose a campaign, and which of its members."),
        ({"from": "1", "which": "some"}, "Choose a campaign, and which of its members."),
        ({"from": "2", "which": "all"}, "Choose a campaign, and which of its members."),
        ({"from": "3", "which": "got"}, "This campaign has not sent a broadcast yet."),
    ],
)
def test_a_choice_that_is_none_comes_back(
    session: Session, agent: Browser, spring: Campaign, summer: Campaign, data: dict[str, str], sentence: str
) -> None:
    third = scene.campaign(session, name="Third")
    assert (spring.id, summer.id, third.id) == (1, 2, 3)
    answer = agent.post(f"/campaigns/{summer.id}/members/from-campaign", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_campaign_that_is_gone_says_so(session: Session, agent: Browser, spring: Campaign, summer: Campaign) -> None:
    about = {"campaign_id": 999, "which": "all", "broadcast_id": None}
    task_id = tasks.look(session, summer.id, "campaign", about, agent.user.id)
    session.commit()
    page = f"/campaigns/{summer.id}/additions/{task_id}"
    assert tasks.SOURCE_GONE in agent.get(page).text
    assert tasks.SOURCE_GONE in agent.post(f"{page}/start", follow_redirects=True).text


def test_a_page_is_of_its_campaign_alone(session: Session, agent: Browser, spring: Campaign, summer: Campaign) -> None:
    page = choose(agent, summer, spring)
    elsewhere = page.replace(f"/campaigns/{summer.id}/", f"/campaigns/{spring.id}/")
    assert {agent.get(elsewhere).status_code, agent.post(f"{elsewhere}/start").status_code} == {404}
    assert len(session.scalars(select(BackgroundTask)).all()) == 1
