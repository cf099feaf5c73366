"""A last time in the composer: chosen, shown with whom it leaves out before anything is sent, kept, refused."""

import html
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus, Reason
from optin.models import AuditEntry, Broadcast, Campaign
from optin.policy import policy
from optin.sending import scheduled
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

WEST, EAST = world.MAYA, "+12125550177"
NOW = datetime(2026, 11, 26, 1, 30, tzinfo=UTC)  # 17:30 on the 25th in Los Angeles, 20:30 in New York
TONIGHT, SAID = "2026-11-25T19:45", "25 Nov, 19:45 (Los Angeles)"
END = datetime(2026, 11, 26, 3, 45, tzinfo=UTC)


@pytest.fixture
def campaign(session: Session, agent: Browser, clock: Clock) -> Campaign:
    """A campaign with Maya in California and Eve in New York, who opted in; the agent is in Los Angeles."""
    clock.set(NOW)
    agent.user.time_zone = "America/Los_Angeles"
    keyword = world.keyword(session)
    scene.sender(session)
    made = scene.campaign(session, keyword)
    policy.change(session, None, sending_hours=True)
    for name, number in (("Maya Chen", WEST), ("Eve East", EAST)):
        scene.member(session, made, world.person(session, name, number))
        scene.opts_in(session, number, keyword)
    return made


def post(agent: Browser, campaign: Campaign, address: str = "draft", **more: str):
    form = {"body": "See you at the park", "when": "now", "zone": "America/Los_Angeles", "last": "by", "until": TONIGHT}
    address = "broadcasts" if address == "send" else f"broadcasts/{address}"
    return agent.post(f"/campaigns/{campaign.id}/{address}", data={**form, **more})


def fields(page: str) -> dict[str, str]:
    """Return what the page's form would send of the times: hidden fields, inputs and what is selected."""
    page = html.unescape(page)
    found = dict.fromkeys(("when", "at", "last", "until", "zone"), "")
    for tag in re.findall(r"<input[^>]*>", page):
        attrs = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attrs.get("name") in found:
            found[attrs["name"]] = attrs.get("value", "")
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        if name in found:
            chosen = re.findall(r'<option value="([^"]*)" selected>', options)
            found[name] = (chosen or re.findall(r'<option value="([^"]*)"', options))[0]
    return found


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", page)))


def test_the_question_before_sending_says_whom_it_leaves_out(campaign: Campaign, agent: Browser) -> None:
    page = post(agent, campaign).text
    said = text_of(page)
    assert f"Send until {SAID}. 1 person is left out: their sending hours begin later." in said
    assert "1 Too late: its time to send had passed" in said
    assert "Send to 1 person" in said
    assert (fields(page)["last"], fields(page)["until"]) == ("by", TONIGHT)
    said = text_of(post(agent, campaign, last="").text)
    assert "Send until No limit: messages that have to wait may go out the next day" in said
    assert "1 Wait for sending hours" in said
    assert "Too late" not in said
    said = text_of(post(agent, campaign, until="2026-11-26T12:00").text)
    assert "26 Nov, 12:00 (Los Angeles). Nobody is left out because of it, as far as Optin can tell." in said


def test_it_is_stored_and_shown_with_what_became_of_everybody(
    campaign: Campaign, session: Session, agent: Browser
) -> None:
    answer = post(agent, campaign, "send", form_key=str(uuid4()))
    broadcast = session.scalars(select(Broadcast)).one()
    assert (answer.status_code, broadcast.not_after, broadcast.state) == (303, END, BroadcastState.SENDING)
    rows = {row.number: (row.status, row.reason) for row in scene.messages(session, broadcast.id)}
    assert rows == {WEST: (MessageStatus.QUEUED, None), EAST: (MessageStatus.SKIPPED, Reason.TOO_LATE)}
    said = text_of(agent.get(answer.location).text)
    assert "Sending to 1 person." in said
    assert f"Send until {SAID}" in said
    assert "Skipped : Too late: its time to send had passed" in said
    assert EAST in agent.get(f"{answer.location}/not-sent/file?reason=too_late").text


def test_going_back_and_leaving_the_page_keep_it(campaign: Campaign, session: Session, agent: Browser) -> None:
    chosen = {"when": "now", "at": "2026-11-30T10:00", "last": "by", "until": TONIGHT, "zone": "America/Los_Angeles"}
    for do in ("edit", "next", "plain"):
        assert fields(post(agent, campaign, do=do, at=chosen["at"]).text) == chosen, do
    post(agent, campaign, "test", at=chosen["at"])  # no number of one's own: kept, and led to the account
    assert fields(agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text) == chosen


def test_a_new_broadcast_has_none(campaign: Campaign, session: Session, agent: Browser) -> None:
    found = fields(agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text)
    assert (found["last"], found["until"]) == ("", "2026-11-25T20:00")
    post(agent, campaign, "send", last="", form_key=str(uuid4()))
    broadcast = session.scalars(select(Broadcast)).one()
    assert broadcast.not_after is None
    assert "Send until No limit" in text_of(agent.get(f"/broadcasts/{broadcast.id}").text)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"until": "2026-11-25T17:30"}, "“Send until” has passed. Choose a later time."),
        ({"until": ""}, "Choose the day and time to stop."),
        ({"until": "2027-03-14T02:30"}, "The clocks go forward that night: 02:30 does not exist there."),
        ({"when": "later", "at": "2026-11-27T10:00"}, "“Send until” is before the broadcast starts."),
        ({"until": "2028-11-25T17:30"}, "Choose an end within the next 12 months."),
    ],
)
@pytest.mark.parametrize("address", ["draft", "send"])
def test_what_is_no_last_time_comes_back_as_typed(
    campaign: Campaign, session: Session, agent: Browser, more: dict[str, str], sentence: str, address: str
) -> None:
    answer = post(agent, campaign, address, form_key=str(uuid4()), **more)
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)
    assert "See you at the park" in answer.text
    expected = {"last": "by", "until": TONIGHT, **more}
    assert {name: fields(answer.text)[name] for name in expected} == expected
    assert session.scalars(select(Broadcast)).all() == []
    if address == "draft":
        assert 'aria-describedby="end-fault"' in answer.text
        assert sentence in text_of(post(agent, campaign, "preview", **more).text)


def test_one_that_leaves_out_everybody_is_refused(
    campaign: Campaign, session: Session, agent: Browser, clock: Clock
) -> None:
    clock.set(NOW + timedelta(hours=3))  # half past eight in Los Angeles
    for address in ("draft", "send"):
        answer = post(agent, campaign, address, until="2026-11-25T23:00", form_key=str(uuid4()))
        assert answer.status_code == 422
        assert "Nobody would get it in time. Choose a later “Send until”, or no limit." in text_of(answer.text)
    assert session.scalars(select(Broadcast)).all() == []


def test_a_scheduled_one_keeps_it_for_its_time(
    campaign: Campaign, session: Session, agent: Browser, clock: Clock, app: Flask
) -> None:
    times = {"when": "later", "at": "2026-11-27T17:30", "until": "2026-11-27T19:45"}
    page = text_of(post(agent, campaign, **times).text)
    assert "1 person is left out" in page
    post(agent, campaign, "send", form_key=str(uuid4()), **times)
    broadcast = session.scalars(select(Broadcast)).one()
    chosen = (AuditEntry.action == "scheduled", AuditEntry.field == "Send until")
    entry = session.scalars(select(AuditEntry).where(*chosen))
    assert entry.one().after == "2026-11-28 03:45 UTC"
    with app.app_context():
        engine = db.engine
    clock.set(datetime(2026, 11, 28, 1, 30, tzinfo=UTC))
    session.commit()
    assert scheduled.start_or_end(engine, broadcast.id)
    rows = {row.number: row.reason for row in scene.messages(session, broadcast.id)}
    assert rows == {WEST: None, EAST: Reason.TOO_LATE}


@pytest.mark.parametrize("how", ["by itself", "send now"])
def test_a_scheduled_one_whose_last_time_came_first_does_not_start(
    campaign: Campaign, session: Session, agent: Browser, clock: Clock, app: Flask, how: str
) -> None:
    times = {"when": "later", "at": "2026-11-27T17:30", "until": "2026-11-27T19:45"}
    post(agent, campaign, "send", form_key=str(uuid4()), **times)
    broadcast = session.scalars(select(Broadcast)).one()
    with app.app_context():
        engine = db.engine
    clock.set(datetime(2026, 11, 28, 3, 45, tzinfo=UTC))  # no worker was there for two hours
    session.commit()
    if how == "by itself":
        assert scheduled.start_or_end(engine, broadcast.id)
        session.refresh(broadcast)
        assert broadcast.state == BroadcastState.CANCELLED
        assert broadcast.ended_because == "It was not sent: its time to send had passed before it could start."
    else:
        answer = agent.post(f"/broadcasts/{broadcast.id}/start", follow_redirects=True)
        assert "It can’t be sent now: its time to send had passed before it could start." in text_of(answer.text)
    assert scene.messages(session, broadcast.id) == []


ADVICE = "1 of 2 people would get it too late"


@pytest.mark.parametrize(
    ("body", "more", "advised"),
    [
        ("Join us tonight!", {"last": ""}, True),
        ("TODAY only", {"last": ""}, True),
        ("Nos vemos esta noche", {"last": ""}, True),
        ("Join us tomorrow", {"last": ""}, True),
        ("Doors open at 7.", {"last": ""}, True),
        ("Every day at 7", {"last": ""}, False),
        ("Join us on Thursday", {"last": ""}, False),  # she gets it on Thursday morning
        ("Join us on Wednesday", {"last": ""}, True),
        ("See you at the park", {"last": ""}, False),
        ("Join us tonight!", {}, False),  # its last time leaves her out
        ("Join us tonight!", {"until": "2026-11-26T12:00"}, True),
    ],
)
def test_a_text_that_speaks_of_today_does_not_go_tomorrow_unnoticed(
    campaign: Campaign, agent: Browser, body: str, more: dict[str, str], advised: bool
) -> None:
    assert (ADVICE in text_of(post(agent, campaign, body=body, **more).text)) is advised


def test_one_click_leaves_out_who_would_get_it_too_late(campaign: Campaign, agent: Browser) -> None:
    asked = text_of(post(agent, campaign, body="Join us tonight!", last="").text)
    assert "it says “tonight”" in asked
    assert "Do not send after 26 Nov, 00:00 (Los Angeles)" in asked
    answer = post(agent, campaign, body="Join us tonight!", last="", do="in_time")
    assert answer.status_code == 200
    page = text_of(answer.text)
    assert ADVICE not in page
    assert "1 person is left out" in page
    kept = fields(answer.text)
    assert (kept["last"], kept["until"], kept["when"]) == ("by", "2026-11-26T00:00", "now")


def test_without_words_of_time_the_click_changes_nothing(campaign: Campaign, agent: Browser) -> None:
    kept = fields(post(agent, campaign, last="", do="in_time").text)
    assert kept["last"] == ""
