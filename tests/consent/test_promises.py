"""What people were told of how often they get texts is kept: the spans, each opt-in's own version, the page."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import promises
from optin.consent.promises import Promise
from optin.database.session import db
from optin.enums import MessageStatus, OptInStatus, Per, Reason
from optin.models import Broadcast, Campaign, Disclosure, LeftOut, OptIn
from optin.sending import put_out
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.clients import Browser
from tests.support.clockwork import start


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"2026-{day}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("promise", "before", "now", "reached"),
    [
        (Promise(2, Per.MONTH), ["01-01 10:00", "01-15 10:00"], "01-31 10:00", True),
        (Promise(2, Per.MONTH), ["01-01 10:00", "01-15 10:00"], "02-01 10:00", False),
        (Promise(2, Per.MONTH), ["01-30 10:00", "01-31 10:00"], "02-02 10:00", True),
        (Promise(1, Per.MONTH), ["02-01 10:05"], "03-01 10:00", False),
        (Promise(1, Per.MONTH), ["01-31 10:00"], "02-26 10:00", True),
        (Promise(1, Per.WEEK), ["11-16 10:05"], "11-23 10:00", False),
        (Promise(1, Per.WEEK), ["11-16 10:05"], "11-22 23:59", True),
        (Promise(1, Per.WEEK), ["11-22 10:00"], "11-23 10:00", True),
        (Promise(1, Per.DAY), ["11-23 09:10"], "11-24 09:00", False),
        (Promise(1, Per.DAY), ["11-23 00:10"], "11-23 23:50", True),
        (Promise(1, Per.DAY), ["11-23 18:00"], "11-24 09:00", True),
        (Promise(3, Per.DAY), ["11-23 10:00", "11-23 11:00"], "11-23 12:00", False),
        (Promise(1, Per.DAY), ["11-23 12:00"], "11-23 12:00", False),
    ],
)
def test_the_calendar_and_the_rhythm_both_count(promise: Promise, before: list[str], now: str, reached: bool) -> None:
    assert promise.is_reached([at(start) for start in before], at(now)) is reached


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Maya opted in when two a month were promised, Tom after one more version that promises nothing."""
    made = scene.two_of_three(session)
    for version, most in ((1, 2), (2, None)):
        told = Disclosure(keyword_id=made.keyword_id, version=version, text="Told", created_at=clock.now())
        told.promised_most, told.promised_per = most, Per.MONTH if most else None
        session.add(told)
        session.flush()
        whose = world.MAYA if version == 1 else world.TOM
        opt_in = session.scalars(select(OptIn).where(OptIn.number == whose, OptIn.status == OptInStatus.ACTIVE)).one()
        opt_in.disclosure_id = told.id
    session.commit()
    return made


def broadcast(session: Session, engine: Engine, campaign: Campaign) -> tuple[Broadcast, set[str]]:
    """Send one more broadcast; return it, and the numbers that it started to."""
    made = scene.broadcast(session, campaign, scene.sender(session), "sending")
    put_out.begin(session, campaign, made, None)
    started = start(session, engine, made)
    for message in scene.messages(session, made.id):
        if message.status == MessageStatus.SENDING:
            outbox.went(message)
    session.commit()
    return made, {claimed.number for claimed in started}


def test_the_third_text_of_two_a_month_skips_who_was_promised_that(
    session: Session, engine: Engine, campaign: Campaign
) -> None:
    sent = [broadcast(session, engine, campaign) for _ in range(3)]
    assert [numbers for _, numbers in sent] == [{world.MAYA, world.TOM}, {world.MAYA, world.TOM}, {world.TOM}]
    why = select(LeftOut.number, LeftOut.reason).where(LeftOut.broadcast_id == sent[2][0].id)
    assert dict(session.execute(why).all())[world.MAYA] == Reason.PROMISE_REACHED


def test_one_that_waits_is_skipped_at_its_start(session: Session, engine: Engine, campaign: Campaign) -> None:
    waiting = scene.broadcast(session, campaign, scene.sender(session), "sending")
    put_out.begin(session, campaign, waiting, None)
    session.commit()
    for _ in range(2):
        broadcast(session, engine, campaign)
    assert {claimed.number for claimed in start(session, engine, waiting)} == {world.TOM}
    session.expire_all()
    maya = scene.messages(session, waiting.id)[0]
    assert (maya.status, maya.reason) == (MessageStatus.SKIPPED, Reason.PROMISE_REACHED)


def test_texts_of_another_keyword_and_those_that_failed_do_not_count(
    session: Session, engine: Engine, campaign: Campaign
) -> None:
    other = world.keyword(session, "news")
    scene.opts_in(session, world.MAYA, other)
    for _ in range(2):
        of_other = scene.broadcast(session, scene.campaign(session, other, "News"), scene.sender(session), "sent")
        outbox.add_people(session, of_other, [world.MAYA])
        outbox.went(scene.messages(session, of_other.id)[0])
    for _ in range(2):
        failed = broadcast(session, engine, campaign)[0]
        scene.messages(session, failed.id)[0].status = MessageStatus.FAILED
        session.commit()
    assert world.MAYA in broadcast(session, engine, campaign)[1]


def test_a_message_says_why_with_the_promise(
    session: Session, engine: Engine, campaign: Campaign, agent: Browser
) -> None:
    waiting = scene.broadcast(session, campaign, scene.sender(session), "sending")
    put_out.begin(session, campaign, waiting, None)
    session.commit()
    for _ in range(2):
        broadcast(session, engine, campaign)
    start(session, engine, waiting)
    page = agent.get(f"/messages/{scene.messages(session, waiting.id)[0].id}/why").text
    assert "They were told: at most 2 a month." in page
    assert "as many texts as they were promised at most" in page


def test_saving_a_promise_makes_a_version(session: Session, agent: Browser) -> None:
    keyword = world.keyword(session)
    told = {"word": "volunteer", "disclosure": "Up to 4 msgs/month"}
    agent.post(f"/keywords/{keyword.id}", data=told)
    page = agent.get(f"/keywords/{keyword.id}").text
    assert "People are told “4 a month”, and nothing keeps to it yet." in page
    form = agent.get(f"/keywords/{keyword.id}/edit").text
    assert 'value="4"' in form
    agent.post(f"/keywords/{keyword.id}", data={**told, "promised_most": "4", "promised_per": "month"})
    session.expire_all()
    assert [promises.of(version) for version in keyword.disclosures] == [Promise(4, Per.MONTH), None]
    page = agent.get(f"/keywords/{keyword.id}").text
    assert "4 a month: whoever opted in since then gets no more" in page
    assert "nothing keeps to it" not in page


@pytest.mark.parametrize("most", ["0", "-1", "1001", "two", "1.5"])
def test_a_promise_that_is_none_is_refused(session: Session, agent: Browser, most: str) -> None:
    refused = agent.post("/keywords", data={"word": "volunteer", "promised_most": most, "promised_per": "month"})
    assert refused.status_code == 422
    assert f'value="{most}"' in refused.text
    refused = agent.post("/keywords", data={"word": "volunteer", "promised_most": "2", "promised_per": "year"})
    assert refused.status_code == 422


def test_how_long_ago_a_month_may_begin() -> None:
    now = at("12-31 23:59")
    assert promises.begins(Per.MONTH, now) >= now - promises.LONGEST
    assert promises.begins(Per.MONTH, at("03-01 00:00")) == at("03-01 00:00") - timedelta(days=27)
