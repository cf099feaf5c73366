"""The undo minute: what is sent starts a minute later, its page counts down, and stopped within it nobody gets it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.enums import BroadcastState
from optin.features.broadcasts import sending
from optin.models import Broadcast, Campaign, Message
from optin.policy import policy
from optin.refused import Refused
from optin.sending import scheduled
from optin.sending.put_out import Begun
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser
from tests.support.clockwork import looking


@pytest.fixture
def campaign(session: Session) -> Campaign:
    policy.change(session, None, sending_hours=False, undo_minute=True)
    keyword = world.keyword(session)
    scene.sender(session)
    made = scene.campaign(session, keyword)
    scene.member(session, made, world.person(session, "Maya Chen", world.MAYA))
    scene.opts_in(session, world.MAYA, keyword)
    return made


@pytest.fixture
def broadcast(campaign: Campaign, session: Session, agent: Browser, clock: Clock) -> Broadcast:
    """One that was just sent."""
    clock.forward(seconds=0)
    answer = agent.post(f"/campaigns/{campaign.id}/broadcasts", data={"body": "Hi", "form_key": str(uuid4())})
    assert answer.status_code == 303
    assert "It starts in a minute." in agent.get(answer.location).text
    return session.scalars(select(Broadcast)).one()


def messages(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Message)) or 0


def test_it_starts_a_minute_later(
    broadcast: Broadcast, session: Session, app: Flask, agent: Browser, clock: Clock
) -> None:
    look = looking(app, session)
    assert broadcast.starts_at is not None
    assert broadcast.starts_at - broadcast.created_at == pytest.approx(timedelta(minutes=1), abs=timedelta(seconds=9))
    clock.set(broadcast.starts_at - timedelta(seconds=46, milliseconds=500))
    look()
    session.expire_all()
    assert (broadcast.state, messages(session)) == (BroadcastState.SCHEDULED, 0)
    page = agent.get(f"/broadcasts/{broadcast.id}").text
    assert "Starts in 0:4" in page
    assert ">Stop</button>" in page
    assert "Starts in 0:4" in agent.get(f"/broadcasts/{broadcast.id}/countdown").text
    clock.set(broadcast.starts_at)
    look()
    session.expire_all()
    assert (broadcast.state, messages(session)) == (BroadcastState.SENDING, 1)
    assert agent.get(f"/broadcasts/{broadcast.id}/countdown").status_code == 204
    assert "Starts in" not in agent.get(f"/broadcasts/{broadcast.id}").text


def test_stopped_within_it_nobody_gets_it(
    broadcast: Broadcast, session: Session, app: Flask, agent: Browser, clock: Clock
) -> None:
    look = looking(app, session)
    answer = agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": "cancelled"}, follow_redirects=True)
    assert "Cancelled. Nothing was sent." in answer.text
    clock.forward(minutes=2)
    look()
    session.expire_all()
    assert (broadcast.state, messages(session)) == (BroadcastState.CANCELLED, 0)


def test_a_stop_that_comes_too_late_does_not_say_that_nothing_was_sent(
    broadcast: Broadcast, agent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_to = sending.bring_to

    def after_it_started(own: Session, broadcast_id: int, state: BroadcastState, user_id: int) -> Refused | None:
        assert isinstance(scheduled.start(own, broadcast_id, None), Begun)
        return bring_to(own, broadcast_id, state, user_id)

    monkeypatch.setattr(sending, "bring_to", after_it_started)
    answer = agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": "cancelled"}, follow_redirects=True)
    assert "1 waiting message will not be sent." in answer.text


def test_off_it_starts_at_once(campaign: Campaign, session: Session, agent: Browser) -> None:
    policy.change(session, None, undo_minute=False)
    agent.post(f"/campaigns/{campaign.id}/broadcasts", data={"body": "Hi", "form_key": str(uuid4())})
    assert session.scalars(select(Broadcast.state)).all() == [BroadcastState.SENDING]
