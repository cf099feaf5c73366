"""The press that stops all sending: who may, what every page says then, and who lifts it."""

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.models import SendingStop
from optin.sending import stop_all
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.clients import Browser

PAGE = "/stop-sending"
SAID = "All sending was stopped by Agent Example, "


def test_an_agent_stops_with_one_confirmation_and_every_page_says_so(
    agent: Browser, viewer: Browser, session: Session
) -> None:
    assert f'href="{PAGE}"' in agent.get("/").text
    assert f'href="{PAGE}"' not in viewer.get("/").text
    asked = agent.get(PAGE).text
    assert "Reason (optional)" in asked
    answer = agent.post(PAGE, data={"reason": "wrong <b>text"}, follow_redirects=True)
    assert "Nothing more goes to Twilio" in answer.text
    for address in ("/", "/campaigns", "/inbox", "/settings/sms"):
        page = viewer.get(address).text
        assert SAID in page, address
        assert "(“wrong &lt;b&gt;text”)" in page, address
    again = agent.post(PAGE, follow_redirects=True)
    assert "stopped already" in again.text
    assert session.scalars(select(SendingStop.reason)).all() == ["wrong <b>text"]


def test_only_an_admin_lifts_it(agent: Browser, viewer: Browser, admin: Browser, session: Session) -> None:
    assert viewer.post(PAGE).status_code == 403
    agent.post(PAGE)
    assert "Only an admin can lift the stop." in agent.get(PAGE).text
    shown = re.search(r'name="at" value="([^"]+)"', admin.get(PAGE).text)
    assert shown
    assert agent.post(f"{PAGE}/lift", data={"at": shown[1]}).status_code == 403
    for at in ("", "yesterday", "2026-01-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00"):
        assert "no longer in force" in admin.post(f"{PAGE}/lift", data={"at": at}, follow_redirects=True).text
    assert SAID in admin.get("/").text
    assert "The stop is lifted." in admin.post(f"{PAGE}/lift", data={"at": shown[1]}, follow_redirects=True).text
    assert SAID not in admin.get("/").text
    trail = admin.get("/settings/audit?about=all_sending").text
    assert trail.count(">All sending<") == 2


def test_it_says_how_many_went_in_the_last_minute(agent: Browser, session: Session) -> None:
    outbox.reached(session, *outbox.numbers(3))
    page = agent.get(PAGE).text
    assert re.search(r"last minute</dt>\s*<dd>3</dd>", page)


def test_composers_and_the_confirmation_say_it(agent: Browser, session: Session) -> None:
    campaign = scene.campaign(session, None)
    scene.sender(session)
    person = world.person(session, "Maya Chen", world.MAYA)
    scene.member(session, campaign, person)
    scene.opts_in(session, world.MAYA, world.keyword(session))
    agent.post(PAGE)
    draft = {"body": "Hi", "when": "now"}
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=draft)
    assert asked.status_code == 422
    assert asked.text.count(SAID) == 2
    later = {"body": "Hi", "when": "later", "at": "2027-01-01T10:00", "zone": "UTC"}
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=later)
    assert asked.status_code == 200
    assert "If that is still so at its time, it waits." in asked.text
    assert SAID in agent.get(f"/contacts/{person.id}").text


def test_a_broadcast_says_why_it_waits(agent: Browser, session: Session) -> None:
    broadcast = outbox.broadcast(session)
    broadcast.state, broadcast.starts_at = "scheduled", outbox.clock.now()
    outbox.add_people(session, under_way := outbox.broadcast(session), outbox.numbers(1))
    assert "Its time has come" not in agent.get(f"/broadcasts/{broadcast.id}").text
    agent.post(PAGE)
    assert "Its time has come, but it waits. All sending was stopped" in agent.get(f"/broadcasts/{broadcast.id}").text
    assert f"<strong>{SAID}" in agent.get(f"/broadcasts/{under_way.id}").text


def test_programs_are_told(client: Browser, app: Flask, session: Session) -> None:
    assert "optin_sending_stopped 0.0" in client.get("/metrics").text
    stop_all.stop(session, outbox.author(session), "")
    assert client.get("/readyz").json["sending"] == "closed: stopped by a user"
    metrics = client.get("/metrics").text
    assert "optin_sending_stopped 1.0" in metrics
    assert "optin_sending_gate_open 0.0" in metrics
    said = app.test_cli_runner().invoke(args=["doctor"])
    assert "Problem: all sending was stopped by A, " in said.output


@pytest.mark.parametrize("reason", ["", "x" * 500, "\x00\x07"])
def test_any_reason_stops(agent: Browser, session: Session, reason: str) -> None:
    agent.post(PAGE, data={"reason": reason})
    found = session.scalars(select(SendingStop)).one()
    assert len(found.reason) <= stop_all.LONGEST_REASON
