"""A broadcast at a time: scheduled, shown, started once at its time, sent now, cancelled, or ended with a sentence."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.consent.events import Act
from optin.database.session import db
from optin.enums import BroadcastState, CampaignStatus, MessageStatus, OptInSource
from optin.jobs import schedule
from optin.jobs.worker import Worker
from optin.models import AuditEntry, Broadcast, Campaign, Sender, SendingGate
from optin.policy import policy
from optin.sending import gate, scheduled
from optin.sending.gate_mark import Mark
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser
from tests.support.clockwork import NO_OFFERS

MAYA, TOM, INES = world.MAYA, world.TOM, world.INES
NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)  # nine in the morning in Los Angeles
FRIDAY = "2026-11-27T10:00"
SAID = "27 Nov, 10:00 (Los Angeles)"
START = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


@pytest.fixture
def campaign(session: Session, agent: Browser, clock: Clock) -> Campaign:
    """A planned campaign with Maya and Tom, who opted in; the agent is in Los Angeles; sending hours are off."""
    clock.set(NOW)
    agent.user.time_zone = "America/Los_Angeles"
    made = scene.with_opted_in(session, {"Maya Chen": MAYA, "Tom Reyes": TOM})
    made.status = CampaignStatus.PLANNED
    session.commit()
    return made


@pytest.fixture
def engine(app: Flask) -> Iterator[Engine]:
    with app.app_context():
        engine = db.engine
    yield engine
    gate._seen = None


@pytest.fixture
def look_at_the_clock(app: Flask, session: Session, engine: Engine) -> Callable[[], None]:
    """Do what the schedule does from time to time."""
    worker = Worker(app)

    def do() -> None:
        session.commit()
        for chore in schedule.chores(worker, NO_OFFERS):
            chore.do()
        session.expire_all()

    return do


def compose(agent: Browser, campaign: Campaign, address: str = "broadcasts/draft", **more: str):
    data = {"body": "Hi {{ first_name }}", "when": "later", "at": FRIDAY, "zone": "America/Los_Angeles", **more}
    return agent.post(f"/campaigns/{campaign.id}/{address}", data=data)


def plan(agent: Browser, campaign: Campaign, session: Session, **more: str) -> Broadcast:
    """Schedule a broadcast and return it."""
    answer = compose(agent, campaign, "broadcasts", **{"form_key": str(uuid4()), **more})
    assert answer.status_code == 303
    return session.scalars(select(Broadcast).order_by(Broadcast.id.desc()).limit(1)).one()


def numbers(session: Session, broadcast: Broadcast) -> list[str]:
    return [message.number for message in scene.messages(session, broadcast.id)]


def test_compose_offers_a_time(campaign: Campaign, agent: Browser) -> None:
    page = agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text
    assert '<option value="now">Now</option>' in page
    assert 'value="2026-11-26T10:00"' in page
    assert "Day and time (America/Los Angeles)" in page


def test_the_confirmation_repeats_the_time(campaign: Campaign, agent: Browser) -> None:
    asked = compose(agent, campaign).text
    assert f">Send to 2 people on {SAID}</button>" in asked
    assert f'name="at" value="{FRIDAY}"' in asked
    back = compose(agent, campaign, do="edit").text
    assert f'value="{FRIDAY}"' in back
    assert "Hi {{ first_name }}</textarea>" in back
    now = compose(agent, campaign, when="now").text
    assert ">Send to 2 people</button>" in now


def test_the_confirmation_counts_for_that_hour(campaign: Campaign, session: Session, agent: Browser) -> None:
    policy.change(session, None, sending_hours=True)
    waits = "Wait for sending hours"
    assert waits not in compose(agent, campaign).text
    night = compose(agent, campaign, at="2026-11-27T03:00").text
    assert waits in night
    assert ">Send to 2 people on 27 Nov, 03:00 (Los Angeles)</button>" in night


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("2026-11-25T08:59", "That time has passed."),
        ("", "Choose the day and time"),
        ("2027-03-14T02:30", "02:30 does not exist there"),
    ],
)
@pytest.mark.parametrize("address", ["broadcasts/draft", "broadcasts"])
def test_a_time_that_can_not_be_is_refused_and_nothing_is_lost(
    campaign: Campaign, session: Session, agent: Browser, at: str, sentence: str, address: str
) -> None:
    answer = compose(agent, campaign, address, at=at)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Hi {{ first_name }}</textarea>" in answer.text
    assert f'name="at" value="{at}"' in answer.text
    assert session.scalars(select(Broadcast)).all() == []


def test_while_typing_the_time_is_looked_at(campaign: Campaign, agent: Browser) -> None:
    assert f"Send to 2 people on {SAID}" in compose(agent, campaign, "broadcasts/preview").text
    assert "That time has passed." in compose(agent, campaign, "broadcasts/preview", at="2020-01-01T10:00").text


def test_a_scheduled_broadcast_is_shown(campaign: Campaign, session: Session, agent: Browser) -> None:
    broadcast = plan(agent, campaign, session)
    assert (broadcast.state, broadcast.starts_at, broadcast.started_at) == (BroadcastState.SCHEDULED, START, None)
    assert campaign.status == CampaignStatus.PLANNED
    assert numbers(session, broadcast) == []
    page = agent.get(f"/broadcasts/{broadcast.id}").text
    for piece in ("Scheduled for 27 Nov", SAID, "Send now", "Cancel the broadcast", "Nobody yet"):
        assert piece in page
    for address in (
        "/",
        "/campaigns",
        f"/campaigns/{campaign.id}",
        f"/campaigns/{campaign.id}?tab=broadcasts&view=sent",
    ):
        assert SAID in agent.get(address).text, address
    assert "Broadcast scheduled" in agent.get(f"/campaigns/{campaign.id}?tab=history").text


def test_the_same_form_twice_is_one(campaign: Campaign, session: Session, agent: Browser) -> None:
    key = str(uuid4())
    first, second = plan(agent, campaign, session, form_key=key), plan(agent, campaign, session, form_key=key)
    assert first.id == second.id


def test_it_starts_at_its_time_for_those_who_may_get_it_then(
    campaign: Campaign, session: Session, agent: Browser, clock: Clock, look_at_the_clock: Callable[[], None]
) -> None:
    broadcast = plan(agent, campaign, session)
    clock.set(START - timedelta(seconds=30))
    look_at_the_clock()
    assert broadcast.state == BroadcastState.SCHEDULED
    ledger.opt_out(session, TOM, Act(source=OptInSource.SMS, at=clock.now(), text="STOP"))
    scene.member(session, campaign, world.person(session, "Ines Roy", INES))
    scene.opts_in(session, INES, campaign.keyword)
    clock.set(START)
    look_at_the_clock()
    assert broadcast.state == BroadcastState.SENDING
    assert numbers(session, broadcast) == sorted([MAYA, INES])
    assert broadcast.started_at is not None
    assert campaign.status == CampaignStatus.IN_PROGRESS
    assert all(message.decided_at for message in scene.messages(session, broadcast.id))
    look_at_the_clock()
    assert len(numbers(session, broadcast)) == 2
    assert "The system" in agent.get(f"/campaigns/{campaign.id}?tab=history").text


def abort(session: Session, broadcast: Broadcast) -> None:
    broadcast.campaign.status = CampaignStatus.ABORTED


def archive(session: Session, broadcast: Broadcast) -> None:
    assert broadcast.keyword is not None
    broadcast.keyword.archived_at = NOW


def retire(session: Session, broadcast: Broadcast) -> None:
    session.scalars(select(Sender)).one().retired_at = NOW


def everybody_leaves(session: Session, broadcast: Broadcast) -> None:
    for number in (MAYA, TOM):
        ledger.opt_out(session, number, Act(source=OptInSource.SMS, at=NOW, text="STOP"))


OBSTACLES = [
    (abort, "the campaign was aborted."),
    (archive, "the campaign’s opt-in keyword was archived."),
    (retire, "the number to send from is no longer in use."),
    (everybody_leaves, "none of the campaign’s members could receive it."),
]


@pytest.mark.parametrize(("happens", "sentence"), OBSTACLES)
def test_what_happened_meanwhile_ends_it_with_a_sentence(
    campaign: Campaign,
    session: Session,
    agent: Browser,
    clock: Clock,
    look_at_the_clock: Callable[[], None],
    happens: Callable[[Session, Broadcast], None],
    sentence: str,
) -> None:
    broadcast = plan(agent, campaign, session)
    happens(session, broadcast)
    session.commit()
    agent.post(f"/broadcasts/{broadcast.id}/start")
    page = agent.get(f"/broadcasts/{broadcast.id}").text
    assert f"It can’t be sent now: {sentence}" in page
    assert broadcast.state == BroadcastState.SCHEDULED
    clock.set(START + timedelta(seconds=1))
    look_at_the_clock()
    assert (broadcast.state, broadcast.started_at) == (BroadcastState.CANCELLED, None)
    assert broadcast.finished_at is not None
    assert numbers(session, broadcast) == []
    assert f"It was not sent: {sentence}" in agent.get(f"/broadcasts/{broadcast.id}").text
    assert sentence[:-1] in agent.get(f"/campaigns/{campaign.id}?tab=history").text


def test_it_can_be_sent_now(
    campaign: Campaign, session: Session, agent: Browser, clock: Clock, look_at_the_clock
) -> None:
    broadcast = plan(agent, campaign, session)
    answer = agent.post(f"/broadcasts/{broadcast.id}/start", follow_redirects=True)
    assert "Sending to 2 people." in answer.text
    assert broadcast.state == BroadcastState.SENDING
    again = agent.post(f"/broadcasts/{broadcast.id}/start", follow_redirects=True)
    assert "It is no longer scheduled" in again.text
    clock.set(START)
    look_at_the_clock()
    assert len(numbers(session, broadcast)) == 2
    sent = select(AuditEntry.user_id).where(AuditEntry.subject_kind == "broadcast", AuditEntry.action == "sent")
    assert session.scalars(sent).all() == [agent.user.id]


def test_it_can_be_cancelled(
    campaign: Campaign, session: Session, agent: Browser, clock: Clock, look_at_the_clock: Callable[[], None]
) -> None:
    broadcast = plan(agent, campaign, session)
    cancelled = agent.post(f"/broadcasts/{broadcast.id}/state", data={"state": "cancelled"}, follow_redirects=True)
    assert "Cancelled. Nothing was sent." in cancelled.text
    clock.set(START)
    look_at_the_clock()
    assert (broadcast.state, numbers(session, broadcast)) == (BroadcastState.CANCELLED, [])
    assert agent.post(f"/broadcasts/{broadcast.id}/start", follow_redirects=True).status_code == 200
    assert broadcast.state == BroadcastState.CANCELLED


def test_a_viewer_neither_schedules_nor_sends(campaign: Campaign, session: Session, agent, viewer: Browser) -> None:
    broadcast = plan(agent, campaign, session)
    assert viewer.post(f"/broadcasts/{broadcast.id}/start").status_code == 403
    assert "Send now" not in viewer.get(f"/broadcasts/{broadcast.id}").text


def test_while_nothing_may_be_sent_it_waits(
    campaign: Campaign, session: Session, agent: Browser, engine: Engine, clock: Clock, look_at_the_clock
) -> None:
    broadcast = plan(agent, campaign, session)
    row = session.get_one(SendingGate, 1)
    row.closed_at = row.unsure_since = clock.now()
    row.closure = "away"
    session.commit()
    assert (
        "Nothing is being sent for now." in agent.post(f"/broadcasts/{broadcast.id}/start", follow_redirects=True).text
    )
    clock.set(START + timedelta(hours=1))
    look_at_the_clock()
    assert broadcast.state == BroadcastState.SCHEDULED
    session.get_one(SendingGate, 1).closed_at = None
    look_at_the_clock()
    assert broadcast.state == BroadcastState.SENDING


def test_what_was_due_before_a_restore_is_not_started(
    campaign: Campaign, session: Session, agent: Browser, engine: Engine, clock: Clock, tmp_path
) -> None:
    due, later = plan(agent, campaign, session), plan(agent, campaign, session, at="2026-12-24T10:00")
    session.delete(session.get_one(SendingGate, 1))
    session.commit()
    clock.set(START)
    gate.beat_and_check(engine, Mark(tmp_path / "an instance"), receives=True)
    session.expire_all()
    assert (due.state, later.state) == (BroadcastState.CANCELLED, BroadcastState.SCHEDULED)
    assert gate.DUE_BEFORE in agent.get(f"/broadcasts/{due.id}").text


def test_eight_workers_at_once_start_it_once(
    campaign: Campaign, session: Session, agent: Browser, engine: Engine, clock: Clock
) -> None:
    broadcast = plan(agent, campaign, session)
    session.commit()
    clock.set(START)
    barrier, done, errors = threading.Barrier(8, timeout=30), [], []

    def work() -> None:
        try:
            barrier.wait()
            done.append(scheduled.start_or_end(engine, broadcast.id))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(done) == [False] * 7 + [True]
    assert numbers(session, broadcast) == sorted([MAYA, TOM])


def test_starting_and_cancelling_at_once_leave_no_message_waiting(
    campaign: Campaign, session: Session, agent: Browser, engine: Engine, clock: Clock
) -> None:
    ids = [plan(agent, campaign, session).id for _ in range(8)]
    session.commit()
    clock.set(START)
    agent.test_session = None
    barrier = threading.Barrier(2, timeout=30)

    def start() -> None:
        for broadcast_id in ids:
            barrier.wait()
            scheduled.start_or_end(engine, broadcast_id)

    thread = threading.Thread(target=start)
    thread.start()
    for broadcast_id in ids:
        barrier.wait()
        agent.post(f"/broadcasts/{broadcast_id}/state", data={"state": "cancelled"})
    thread.join()
    session.expire_all()
    for broadcast_id in ids:
        assert session.get_one(Broadcast, broadcast_id).state == BroadcastState.CANCELLED
        assert {message.status for message in scene.messages(session, broadcast_id)} <= {MessageStatus.CANCELLED}
