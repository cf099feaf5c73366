"""Recurring broadcasts on pages: composed, asked for before, listed, paused, changed and ended."""

import html
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.models import Broadcast, Campaign, RecurringBroadcast
from optin.sending import recurring
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
LA = "America/Los_Angeles"
FORM = {"body": "Hi {{ first_name }}", "when": "later", "at": "2026-11-27T10:00", "zone": LA}
WEEKLY = {**FORM, "again": "week", "again_end": "times", "again_times": "3"}


@pytest.fixture
def campaign(session: Session, agent: Browser, clock: Clock) -> Campaign:
    clock.set(NOW)
    agent.user.time_zone = LA
    return scene.with_opted_in(session, {"Maya Chen": world.MAYA, "Tom Reyes": world.TOM})


def plan(session: Session, agent: Browser, campaign: Campaign, **more: str) -> RecurringBroadcast:
    form = {**WEEKLY, **more, "form_key": str(uuid4())}
    for _ in range(2):  # a double click
        assert agent.post(f"/campaigns/{campaign.id}/broadcasts", data=form).status_code == 303
    return session.scalars(select(RecurringBroadcast)).one()


def page(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return " ".join(html.unescape(answer.text).split())


def test_the_composer_asks_and_the_question_before_says_the_dates(agent: Browser, campaign: Campaign) -> None:
    composer = page(agent, f"/campaigns/{campaign.id}?tab=broadcasts")
    for label in ("Again", "Every week", "Every month", "Every few days", "How many times", "Last day"):
        assert label in composer
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=WEEKLY)
    assert asked.status_code == 200
    said = " ".join(html.unescape(asked.text).split())
    assert "Every week on Friday at 10:00 (America/Los Angeles), 3 times. Then: 4 Dec, 10:00 (Los Angeles);" in said
    assert "11 Dec, 10:00 (Los Angeles)" in said
    assert "18 Dec" not in said
    back = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={**WEEKLY, "do": "edit"}).text
    assert '<option value="week" selected>' in back
    assert 'value="3"' in back
    once = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=FORM).text
    assert "No, it goes out once" in once


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"again_times": "1"}, "Enter how many times"),
        ({"again": "days"}, "every how many days"),
        ({"again_end": "until", "again_until": "2026-11-26"}, "before the first broadcast"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_was_typed(
    session: Session, agent: Browser, campaign: Campaign, more: dict[str, str], said: str
) -> None:
    preview = agent.post(f"/campaigns/{campaign.id}/broadcasts/preview", data={**WEEKLY, **more})
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={**WEEKLY, **more})
    sent = agent.post(f"/campaigns/{campaign.id}/broadcasts", data={**WEEKLY, **more})
    assert (preview.status_code, asked.status_code, sent.status_code) == (200, 422, 422)
    assert all(said in answer.text for answer in (preview, asked, sent))
    assert all(f'name="again" value="{more.get("again", "week")}"' in answer.text for answer in (sent,))
    assert session.scalars(select(Broadcast)).all() == []


def test_only_a_broadcast_to_all_members_recurs(session: Session, agent: Browser, campaign: Campaign) -> None:
    assert agent.post(f"/campaigns/{campaign.id}/broadcasts", data={**FORM, "when": "now"}).status_code == 303
    first = session.scalars(select(Broadcast)).one()
    part = {"audience": "missed", "of": str(first.id)}
    answer = agent.post(f"/campaigns/{campaign.id}/broadcasts", data={**WEEKLY, **part})
    assert answer.status_code == 422
    assert "Only a broadcast to all members can go out again" in answer.text


def test_it_is_listed_and_its_page_says_the_next_dates(session: Session, agent: Browser, campaign: Campaign) -> None:
    made = plan(session, agent, campaign)
    listed = page(agent, f"/campaigns/{campaign.id}?tab=broadcasts&view=sent")
    assert f'href="/recurring/{made.id}"' in listed
    assert "Every week on Friday at 10:00 (America/Los Angeles), 3 times" in listed
    own = page(agent, f"/recurring/{made.id}")
    for day in ("27 Nov, 10:00", "4 Dec, 10:00", "11 Dec, 10:00"):
        assert day in own
    assert '<code class="text-reset text-nowrap">{{ first_line }}</code>' in own
    date = session.scalars(select(Broadcast)).one()
    assert f'href="/recurring/{made.id}"' in page(agent, f"/broadcasts/{date.id}")
    edit = page(agent, f"/broadcasts/{date.id}/edit")
    assert "What you change here is for this date only" in edit
    assert 'name="again"' not in edit
    change = {**FORM, "changes": str(date.id), "version": "1"}
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=change)
    assert "One date of a recurring broadcast" in asked.text
    assert "Recurring broadcast created" in page(agent, f"/campaigns/{campaign.id}?tab=history")
    assert agent.get("/recurring/999").status_code == 404


def test_a_scheduled_broadcast_is_made_to_recur_by_its_change(
    session: Session, agent: Browser, campaign: Campaign
) -> None:
    agent.post(f"/campaigns/{campaign.id}/broadcasts", data={**FORM, "form_key": str(uuid4())})
    date = session.scalars(select(Broadcast)).one()
    change = {**WEEKLY, "changes": str(date.id), "version": "1"}
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=change)
    assert 'name="again" value="week"' in asked.text
    assert agent.post(f"/broadcasts/{date.id}/edit", data={**change, "again_times": "x"}).status_code == 422
    assert agent.post(f"/broadcasts/{date.id}/edit", data=change).status_code == 303
    session.expire_all()
    assert date.recurring_id == session.scalars(select(RecurringBroadcast.id)).one()


def test_it_is_paused_resumed_changed_and_ended(session: Session, agent: Browser, campaign: Campaign) -> None:
    made = plan(session, agent, campaign)
    address = f"/recurring/{made.id}"
    assert agent.post(f"{address}/state", data={"state": "paused"}).status_code == 303
    assert "It is paused" in page(agent, address)
    assert agent.post(f"{address}/state", data={"state": "active"}).status_code == 303
    assert agent.post(f"{address}/state", data={"state": "flying"}).status_code == 422
    refused = agent.post(address, data={"body": "Hi {{ nobody }}", "version": "1"})
    assert refused.status_code == 422
    assert "Hi {{ nobody }}</textarea>" in html.unescape(refused.text)
    assert agent.post(address, data={"body": "Hello", "version": "1"}).status_code == 303
    assert agent.post(address, data={"body": "Other", "version": "1"}).status_code == 422
    session.expire_all()
    assert [each.body for each in session.scalars(select(Broadcast))] == ["Hello"]
    own = page(agent, address)
    assert "Hi {{ first_name }}" in own, "what it said before"
    assert agent.post(f"{address}/state", data={"state": "ended"}).status_code == 303
    assert agent.post(f"{address}/state", data={"state": "paused"}).status_code == 303
    own = page(agent, address)
    assert "It can no longer be paused" in own
    assert "It was not sent: the recurring broadcast was ended." in own
    assert "<textarea" not in own


def test_viewers_see_it_and_change_nothing(
    session: Session, agent: Browser, viewer: Browser, campaign: Campaign
) -> None:
    made = plan(session, agent, campaign)
    own = page(viewer, f"/recurring/{made.id}")
    assert "Pause" not in own
    assert "<textarea" not in own
    assert viewer.post(f"/recurring/{made.id}/state", data={"state": "ended"}).status_code == 403
    assert viewer.post(f"/recurring/{made.id}", data={"body": "x", "version": "1"}).status_code == 403


def test_next_dates_begin_with_the_one_that_waits_where_it_was_moved_to(
    session: Session, agent: Browser, campaign: Campaign, clock: Clock
) -> None:
    made = plan(session, agent, campaign)
    date = session.scalars(select(Broadcast)).one()
    date.starts_at = datetime(2026, 12, 5, 18, 0, tzinfo=UTC)
    session.commit()
    assert [f"{each:%m-%d}" for each in recurring.next_dates(session, made, 5)] == ["12-05", "12-11"]
    made.state = "ended"
    assert recurring.next_dates(session, made, 5) == []
