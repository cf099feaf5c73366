"""A broadcast to very many people, from its form to its page: its messages are prepared behind, some at a time."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from optin import clock
from optin.database.session import db
from optin.enums import BroadcastState
from optin.models import AuditEntry, Campaign
from optin.sending import put_out, scheduled, taking_back
from tests.features.broadcasts.test_sending_broadcasts import MAYA, TOM, campaign, send, sent
from tests.support import campaign_scene as scene
from tests.support.clients import Browser

__all__ = ["campaign"]


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One member is many."""
    monkeypatch.setattr(put_out, "AT_ONCE", dict.fromkeys(put_out.AT_ONCE, 1))


def put_some(app: Flask, session: Session, broadcast_id: int) -> bool:
    session.commit()
    with app.app_context():
        return put_out.put_some(db.engine, broadcast_id)


def test_the_form_is_answered_at_once_and_the_page_shows_no_number_too_early(
    app: Flask, campaign: Campaign, session: Session, agent: Browser
) -> None:
    response = send(agent, campaign)
    broadcast = sent(session)
    assert (response.status_code, broadcast.state, scene.messages(session, broadcast.id)) == (303, "queueing", [])
    assert "The messages are being prepared." in agent.get("/").text
    while put_some(app, session, broadcast.id):
        page = agent.get(f"/broadcasts/{broadcast.id}").text
        assert "<dt>People</dt><dd>Not counted yet</dd>" in page
        assert "<dt>Waiting</dt>" not in page
        assert ">Cancel the broadcast</button>" in page
        assert ">Pause</button>" not in page
        assert agent.get(f"/broadcasts/{broadcast.id}/progress?version=queueing").status_code == 204
        listed = agent.get(f"/campaigns/{campaign.id}?tab=broadcasts&view=sent").text
        assert '<td data-label="People" class="num">–</td>' in listed
        assert "Preparing" in agent.get("/").text
    page = agent.get(f"/broadcasts/{broadcast.id}/progress?version=queueing").text
    assert "<dt>People</dt><dd>2</dd>" in page
    assert ">Pause</button>" in page
    assert [message.number for message in scene.messages(session, broadcast.id)] == sorted([MAYA, TOM])


def test_cancelled_in_the_middle_nothing_is_sent(
    app: Flask, campaign: Campaign, session: Session, agent: Browser
) -> None:
    send(agent, campaign)
    broadcast = sent(session)
    while put_some(app, session, broadcast.id) and not scene.messages(session, broadcast.id):
        session.commit()
    cancelled = agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": "cancelled"}, follow_redirects=True)
    assert "Cancelled. 1 waiting message will not be sent." in cancelled.text
    assert not put_some(app, session, broadcast.id)
    assert {message.status for message in scene.messages(session, broadcast.id)} == {"cancelled"}


def test_while_what_was_cancelled_is_marked_the_page_says_so_and_its_numbers_are_true(
    app: Flask, campaign: Campaign, session: Session, agent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_back, "AT_ONCE", 1)
    send(agent, campaign)
    broadcast_id = sent(session).id
    while put_some(app, session, broadcast_id):
        pass
    answer = agent.post(f"/broadcasts/{broadcast_id}/state", data={"state": "cancelled"}, follow_redirects=True)
    assert "Cancelled. The waiting messages will not be sent." in answer.text
    page = agent.get(f"/broadcasts/{broadcast_id}").text
    assert "The waiting messages are being marked as cancelled. None of them will be sent." in page
    assert "<dt>Waiting</dt><dd>1</dd>" in page
    assert "<dt>Cancelled</dt><dd>1</dd>" in page
    assert "every 2s" in page
    with app.app_context():
        assert taking_back.take_back_some(db.engine, broadcast_id) == 1
    page = agent.get(f"/broadcasts/{broadcast_id}").text
    assert "being marked" not in page
    assert "<dt>Cancelled</dt><dd>2</dd>" in page
    assert "every 2s" not in page


def test_a_scheduled_one_is_prepared_at_its_time(
    app: Flask, campaign: Campaign, session: Session, agent: Browser
) -> None:
    broadcast = scene.broadcast(session, campaign, scene.sender(session), "scheduled")
    broadcast.starts_at, broadcast.started_at = clock.now(), None
    session.commit()
    with app.app_context():
        assert scheduled.start_or_end(db.engine, broadcast.id)
        assert not scheduled.start_or_end(db.engine, broadcast.id)
    session.expire_all()
    assert broadcast.state == BroadcastState.QUEUEING
    while put_some(app, session, broadcast.id):
        pass
    session.expire_all()
    assert broadcast.state == BroadcastState.SENDING
    assert session.query(AuditEntry).filter_by(subject_kind="broadcast", action="prepared").one().after == "2"


def test_one_that_is_sent_before_its_time_says_that_it_is_prepared(
    campaign: Campaign, session: Session, agent: Browser
) -> None:
    broadcast = scene.broadcast(session, campaign, scene.sender(session), "scheduled")
    broadcast.starts_at, broadcast.started_at = clock.now(), None
    session.commit()
    answer = agent.post(f"/broadcasts/{broadcast.id}/start", follow_redirects=True).text
    assert "The messages are being prepared. Sending begins by itself when all of them are ready." in answer
