"""The first page: what waits, what happened, and Get started ticking itself."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import BroadcastState, HoldCause, MessageStatus, OptInSource, Role
from optin.features.home.checklist import SAMPLE_DATA_ENDS
from optin.models import Broadcast, Campaign, Conversation, Hold, Message, Setting
from optin.provider import senders
from tests.conftest import Clock, add_user
from tests.support import world
from tests.support.clients import Browser
from tests.support.world import INES, MAYA, OURS, TOM


def tiles(page: str) -> dict[str, tuple[str, str]]:
    """Return the figure and the line under it of each tile."""
    found = re.findall(
        r'class="card tile".*?class="what">([^<]+)<.*?class="n">([^<]+)<.*?<span[^>]*>([^<]*)<', page, re.S
    )
    return {what: (figure, line) for what, figure, line in found}


def done(page: str) -> list[bool]:
    """Return which of the steps are ticked."""
    return [found == "done" for found in re.findall(r'<li class="(done|next|)">', page)]


def test_an_empty_install_is_told_how_to_begin(agent: Browser, session: Session) -> None:
    page = agent.get("/").text
    assert [figure for figure, _ in tiles(page).values()] == ["0", "0", "0", "0"]
    assert done(page) == [False] * 6
    assert "0 of 6 done" in page
    assert 'class="btn btn-sm btn-primary" href="/keywords/new"' in page
    assert "No broadcasts yet" in page


def test_tiles_count_what_waits(agent: Browser, session: Session) -> None:
    keyword = world.keyword(session, "volunteer")
    for number in (MAYA, TOM):
        world.text(session, "volunteer", number)
    world.text(session, "volunteer please", INES)
    world.text(session, "STOP", TOM)
    thread = session.query(Conversation).filter_by(number=MAYA).one()
    thread.assigned_to_id = agent.user.id
    page = agent.get("/").text
    assert tiles(page) == {
        "To review": ("0", "Nothing to decide"),
        "Unread conversations": ("3", "1 assigned to you"),
        "Active opt-ins": ("1", "+2 this week, 1 opted out"),
        "Near misses, 30 days": ("1", "“volunteer please”"),
    }
    assert f'href="/keywords/{keyword.id}?tab=near"' in page


@pytest.mark.parametrize(
    ("received", "sentence"),
    [
        ("2026-11-02", "1 overdue"),
        ("2026-11-09", "1 due today"),
        ("2026-11-10", "1 with 1 business day left"),
        ("2026-11-20", "1 with 9 business days left"),
    ],
)
def test_the_review_tile_names_the_nearest_deadline(
    agent: Browser, session: Session, clock: Clock, received: str, sentence: str
) -> None:
    clock.set(datetime(2026, 11, 23, 10, tzinfo=UTC))
    session.add(
        Hold(number=MAYA, cause=HoldCause.MISSPELT, started_at=datetime.fromisoformat(f"{received}T10:00+00:00"))
    )
    session.add(Hold(number=TOM, cause=HoldCause.MISSPELT, started_at=clock.now()))
    assert tiles(agent.get("/").text)["To review"] == ("2", sentence)


def test_what_was_decided_is_not_to_review(agent: Browser, session: Session) -> None:
    world.text(session, "stpo", MAYA)
    assert tiles(agent.get("/").text)["To review"][0] == "1"
    ledger.keep(session, MAYA, Act(OptInSource.USER, clock.now(), actor_id=agent.user.id))
    assert tiles(agent.get("/").text)["To review"][0] == "0"


def test_get_started_ticks_itself_step_by_step(agent: Browser, session: Session, app: Flask) -> None:
    senders.ensure(session, OURS)
    keyword = agent.post("/keywords", data={"word": "volunteer", "opt_in": "single"}).location
    assert _done(agent) == 1
    assert "Text volunteer to (415) 555-0100" in agent.get("/").text
    world.text(session, "volunteer", MAYA)
    assert _done(agent) == 2
    keyword_id = keyword.rstrip("/").rpartition("/")[2].partition("?")[0]
    fields = {"name": "Volunteer Campaign", "keyword": keyword_id, "status": "in_progress", "owner": ""}
    agent.post("/campaigns", data=fields)
    page = agent.get("/").text
    assert done(page) == [True] * 3 + [False] * 3
    assert "1 person opted in with volunteer and is not a member yet" in page
    campaign = session.query(Campaign).one()
    assert f'href="/campaigns/{campaign.id}/opt-ins">+ Add Opt-Ins</a>' in page
    agent.post(f"/campaigns/{campaign.id}/opt-ins", data={"create_leads": "y"})
    assert "1 member added" in agent.get("/").text
    assert _done(agent) == 4
    _broadcast(session, campaign, {MessageStatus.DELIVERED: 1})
    assert _done(agent) == 5
    world.text(session, "STOP", MAYA)
    page = agent.get("/").text
    assert done(page) == [True] * 6
    assert "6 of 6 done" in page


def _done(agent: Browser) -> int:
    """Count the ticked steps, all of which must be the first ones."""
    found = done(agent.get("/").text)
    assert found == sorted(found, reverse=True)
    return sum(found)


def test_sample_data_ticks_nothing(agent: Browser, session: Session) -> None:
    user_id = agent.user.id
    keyword = world.keyword(session, "volunteer", created_by_id=user_id)
    world.text(session, "volunteer", MAYA)
    world.text(session, "STOP", MAYA)
    now = clock.now()
    campaign = Campaign(name="Old", keyword_id=keyword.id, created_at=now, updated_at=now)
    session.add(campaign)
    session.flush()
    _broadcast(session, campaign, {MessageStatus.DELIVERED: 1})
    assert done(agent.get("/").text) == [True, True, True, False, True, True]
    session.add(Setting(name=SAMPLE_DATA_ENDS, value=json.dumps(clock.now().isoformat()), updated_at=now))
    assert done(agent.get("/").text) == [False] * 6
    world.text(session, "volunteer", TOM)
    assert done(agent.get("/").text) == [False] * 6, "the sample's keyword is not the newcomer's"


def test_get_started_hides_for_one_user_and_comes_back(viewer: Browser, agent: Browser) -> None:
    answer = viewer.post("/checklist", data={"hidden": "1"})
    assert answer.status_code == 303
    assert "of 6 done" not in viewer.get("/").text
    assert "of 6 done" in agent.get("/").text
    viewer.post("/checklist", data={"hidden": "0"})
    assert "of 6 done" in viewer.get("/").text


def test_the_last_broadcasts_say_what_became_of_them(agent: Browser, session: Session) -> None:
    keyword = world.keyword(session, "volunteer")
    senders.ensure(session, OURS)
    now = clock.now()
    campaign = Campaign(name="River clean-up", keyword_id=keyword.id, created_at=now, updated_at=now)
    session.add(campaign)
    session.flush()
    counts = {
        MessageStatus.DELIVERED: 5,
        MessageStatus.FAILED: 1,
        MessageStatus.UNDELIVERED: 2,
        MessageStatus.QUEUED: 4,
        MessageStatus.SKIPPED: 1,
    }
    broadcast = _broadcast(session, campaign, counts)
    broadcast.state = BroadcastState.SENDING
    first = session.query(Message).filter_by(broadcast_id=broadcast.id).order_by(Message.id).first()
    world.text(session, "STOP", first.number)
    world.text(session, "STOP", "+13125550199")
    row = re.search(r"<tbody>(.*?)</tbody>", agent.get("/").text, re.S)
    assert row
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row.group(1), re.S)]
    assert cells == ["River clean-up", "just now", "Sending · 69 %", "5", "3", "1"]


def _broadcast(session: Session, campaign: Campaign, counts: dict[MessageStatus, int]) -> Broadcast:
    """Store a broadcast that was started now, with messages of these statuses."""
    now = clock.now()
    sender = senders.ensure(session, OURS)
    made = Broadcast(
        campaign_id=campaign.id,
        keyword_id=campaign.keyword_id,
        sender_id=sender.id,
        body="Hi",
        state=BroadcastState.SENT,
        form_key=str(now.timestamp()),
        created_at=now,
        started_at=now,
    )
    session.add(made)
    session.flush()
    statuses = [status for status, many in counts.items() for _ in range(many)]
    for last, status in enumerate(statuses, start=100):
        session.add(
            Message(
                direction="outbound",
                purpose="campaign",
                number=f"+1206555{last:04d}",
                broadcast_id=made.id,
                status=status,
                started_at=None if status == MessageStatus.QUEUED else now,
                created_at=now - timedelta(minutes=1),
                updated_at=now,
            )
        )
    session.commit()
    return made


def test_without_a_simulator_nothing_leads_to_phones(make_app: Callable[..., Flask], session: Session) -> None:
    app = make_app(
        OPTIN_MODE="twilio",
        TWILIO_ACCOUNT_SID="AC" + "1" * 32,
        TWILIO_AUTH_TOKEN="2" * 32,
        TWILIO_FROM=OURS,
        OPTIN_PUBLIC_URL="https://optin.example.org",
    )
    client = app.test_client()
    client.sign_in(add_user(session, Role.ADMIN))
    senders.ensure(session, OURS)
    session.commit()
    page = client.get("/").text
    assert "/simulator/" not in page
    assert "Texts go to real people, from" in page
