"""Starting a broadcast: who is in the outbox, what is refused, a double click, pause, resume and cancel."""

import threading
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus, OptInSource, Role
from optin.features.broadcasts import sending
from optin.features.broadcasts.sending import BroadcastOrder, StartedBroadcast
from optin.jobs import engine
from optin.models import AuditEntry, Broadcast, Campaign, Message
from optin.sending import claim, delivery
from tests.conftest import add_user
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

MAYA, TOM, INES = world.MAYA, world.TOM, world.INES


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Maya and Tom opted in with the keyword, Ines with another one; sending hours are off."""
    return scene.two_of_three(session)


def send(agent: Browser, campaign: Campaign, body: str = "Hi {{ first_name }}", **more: str):
    data = {"body": body, "form_key": str(uuid4()), **more}
    return agent.post(f"/campaigns/{campaign.id}/broadcasts", data=data)


def sent(session: Session) -> Broadcast:
    return session.scalars(select(Broadcast)).one()


def test_only_those_with_the_keyword_are_in_the_outbox(campaign: Campaign, session: Session, agent: Browser) -> None:
    response = send(agent, campaign)
    broadcast = sent(session)
    assert (response.status_code, response.location) == (303, f"/broadcasts/{broadcast.id}")
    assert [message.number for message in scene.messages(session, broadcast.id)] == sorted([MAYA, TOM])
    assert broadcast.state == BroadcastState.SENDING
    assert broadcast.keyword_id == campaign.keyword_id
    assert broadcast.created_by_id == agent.user.id
    assert all(message.decided_at for message in scene.messages(session, broadcast.id))
    page = agent.get(response.location).text
    assert "Sending to 2 people." in page
    listed = agent.get(f"/campaigns/{campaign.id}?tab=broadcasts&view=sent").text
    assert f'<a href="/broadcasts/{broadcast.id}">Hi {{{{ first_name }}}}</a>' in listed


def test_the_engine_is_woken_after_the_commit(
    campaign: Campaign, session: Session, agent: Browser, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    seen: list[int] = []

    def nudge() -> None:
        with app.app_context(), Session(db.engine) as own:
            seen.append(own.scalar(select(func.count()).select_from(Message)) or 0)

    monkeypatch.setattr(engine, "nudge", nudge)
    send(agent, campaign)
    assert seen == [2]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "Write a message first."),
        ("\u0000 \n", "Write a message first."),
        ("x" * 1601, "The text has 1,601 characters. Shorten it to 1,600."),
        ("Hi {{ nick }}", "There is no merge field “nick”"),
        ("{{ first_name }}" + "x" * 1598, "With the longest names filled in"),
    ],
)
def test_a_text_that_can_not_be_sent_is_refused_and_kept(
    campaign: Campaign, session: Session, agent: Browser, body: str, sentence: str
) -> None:
    response = send(agent, campaign, body)
    assert response.status_code == 422
    assert sentence in response.text
    assert body.strip("\u0000 \n") + "</textarea>" in response.text
    assert session.scalars(select(Broadcast)).all() == []
    assert session.scalars(select(Message)).all() == []


def test_a_forged_post_to_a_campaign_without_members_is_refused(session: Session, agent: Browser) -> None:
    scene.sender(session)
    campaign = scene.campaign(session, world.keyword(session))
    scene.opts_in(session, MAYA, campaign.keyword)
    response = send(agent, campaign)
    assert response.status_code == 422
    assert "This campaign has no members yet." in response.text
    assert session.scalars(select(Broadcast)).all() == []


def test_nobody_deliverable_leaves_no_broadcast(campaign: Campaign, session: Session, agent: Browser) -> None:
    for number in (MAYA, TOM):
        ledger.opt_out(session, number, Act(source=OptInSource.SMS, at=clock.now(), text="STOP"))
    response = send(agent, campaign)
    assert response.status_code == 422
    assert "None of the members can receive this now." in response.text
    assert session.scalars(select(Broadcast)).all() == []


def test_a_sender_that_is_retired_is_refused(campaign: Campaign, session: Session, agent: Browser) -> None:
    other = scene.sender(session, "+14155550199")
    other.retired_at = clock.now()
    response = send(agent, campaign, sender=str(other.id))
    assert response.status_code == 422
    assert "That number is no longer in use." in response.text


def test_a_form_key_that_is_none_is_refused(campaign: Campaign, session: Session, agent: Browser) -> None:
    assert send(agent, campaign, form_key="x'; DROP TABLE").status_code == 422
    assert session.scalars(select(Broadcast)).all() == []


def test_the_same_form_twice_is_one_broadcast(campaign: Campaign, session: Session, agent: Browser) -> None:
    key = str(uuid4())
    first, second = send(agent, campaign, form_key=key), send(agent, campaign, form_key=key)
    assert first.location == second.location
    assert "was already started" in agent.get(second.location).text
    assert len(scene.messages(session, sent(session).id)) == 2


def test_the_same_form_eight_times_at_once_is_one_broadcast(app: Flask, campaign: Campaign, session: Session) -> None:

    user, key = add_user(session, Role.AGENT), str(uuid4())
    session.commit()
    with app.app_context():
        engine = db.engine
    start, done, errors = threading.Barrier(8), [], []

    def press() -> None:
        try:
            with Session(engine) as own:
                start.wait()
                done.append(sending.start(own, campaign.id, BroadcastOrder("Hello", None, key, user.id)))
                own.commit()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert {result.broadcast_id for result in done if isinstance(result, StartedBroadcast)} == {sent(session).id}
    assert sum(not result.again for result in done) == 1
    assert len(scene.messages(session, sent(session).id)) == 2


def test_a_shared_number_gets_one_message(campaign: Campaign, session: Session, agent: Browser) -> None:
    scene.member(session, campaign, world.person(session, "Mei Chen", MAYA))
    send(agent, campaign)
    assert [message.number for message in scene.messages(session, sent(session).id)] == sorted([MAYA, TOM])


def test_what_was_cancelled_is_not_sent_and_what_had_started_is(
    app: Flask, campaign: Campaign, session: Session, agent: Browser
) -> None:
    send(agent, campaign)
    broadcast = sent(session)
    scene.messages(session, broadcast.id)[0].status = MessageStatus.SENDING
    scene.messages(session, broadcast.id)[1].status = MessageStatus.CLAIMED
    response = agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": "cancelled"}, follow_redirects=True)
    assert "Cancelled. 1 waiting message will not be sent." in response.text
    assert broadcast.state == BroadcastState.CANCELLED
    assert broadcast.finished_at is not None
    assert broadcast.stopped_by_id == agent.user.id
    statuses = [message.status for message in scene.messages(session, broadcast.id)]
    assert statuses == [MessageStatus.SENDING, MessageStatus.CANCELLED]
    broadcast_id = broadcast.id
    session.commit()
    with app.app_context():
        assert claim.claim(db.engine, broadcast_id=broadcast_id) == []
    assert agent.get(f"/campaigns/{campaign.id}?tab=history").text.count("cancelled") == 1


def test_a_paused_broadcast_starts_nothing_until_it_is_resumed(
    app: Flask, campaign: Campaign, session: Session, agent: Browser
) -> None:
    send(agent, campaign)
    broadcast = sent(session)
    broadcast_id, gateway = broadcast.id, app.extensions["gateway"]
    session.commit()
    with app.app_context():
        posts = claim.claim(db.engine, broadcast_id=broadcast_id, limit=1)
        agent.post(f"/broadcasts/{broadcast_id}/state", data={"state": "paused"})
        results = [delivery.deliver(db.engine, gateway, post, "http://127.0.0.1:9/status") for post in posts]
        assert results == [MessageStatus.QUEUED]  # claimed before, and yet not started
        assert claim.claim(db.engine, broadcast_id=broadcast_id) == []
    page = agent.get(f"/broadcasts/{broadcast.id}").text
    assert ">Resume</button>" in page
    assert ">Pause</button>" not in page
    agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": "sending"})
    assert broadcast.state == BroadcastState.SENDING


@pytest.mark.parametrize(
    ("state", "asked", "after"),
    [
        ("sending", "paused", "paused"),
        ("sending", "cancelled", "cancelled"),
        ("sending", "sending", "sending"),
        ("paused", "sending", "sending"),
        ("paused", "cancelled", "cancelled"),
        ("queueing", "cancelled", "cancelled"),
        ("queueing", "paused", "queueing"),
        ("queueing", "sending", "queueing"),
        ("sent", "paused", "sent"),
        ("sent", "sending", "sent"),
        ("sent", "cancelled", "sent"),
        ("cancelled", "sending", "cancelled"),
    ],
)
def test_from_which_state_to_which(
    campaign: Campaign, session: Session, agent: Browser, state: str, asked: str, after: str
) -> None:
    broadcast = scene.broadcast(session, campaign, scene.sender(session), state)
    response = agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": asked}, follow_redirects=True)
    assert broadcast.state == after
    assert ("can no longer be" in response.text) == (state == after)
    entries = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "broadcast")).all()
    assert len(entries) == (state != after)


def test_a_state_that_is_none_is_refused(campaign: Campaign, session: Session, agent: Browser) -> None:
    broadcast = scene.broadcast(session, campaign, scene.sender(session), "sending")
    assert agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": "sent"}).status_code == 422
    assert broadcast.state == "sending"


def test_a_viewer_sends_and_stops_nothing(campaign: Campaign, session: Session, viewer: Browser) -> None:
    broadcast = scene.broadcast(session, campaign, scene.sender(session), "sending")
    assert send(viewer, campaign).status_code == 403
    assert viewer.post(f"/broadcasts/{broadcast.id}/state", data={"state": "paused"}).status_code == 403
    page = viewer.get(f"/broadcasts/{broadcast.id}").text
    assert "Pause" not in page
    assert broadcast.state == "sending"


@pytest.mark.parametrize("address", ["/broadcasts/4711", "/broadcasts/4711/progress", f"/broadcasts/{10**30}"])
def test_an_unknown_broadcast_is_404(agent: Browser, address: str) -> None:
    assert agent.get(address).status_code == 404
