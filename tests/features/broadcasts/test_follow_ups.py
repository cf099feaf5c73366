"""Sending again: a copy in a composer, and a text to those whom a broadcast did not reach or who did not answer it."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent import follow_up, ledger
from optin.consent.events import Act
from optin.consent.follow_up import FollowUp
from optin.database.session import db
from optin.enums import Audience, BroadcastState, Direction, Meaning, MessageStatus, OptInSource, Purpose
from optin.models import Broadcast, Campaign, Message
from optin.queries import cached_counts
from optin.sending import put_out, scheduled
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
STATUSES = [status for status in MessageStatus if status is not MessageStatus.RECEIVED]
MAY_HAVE_ARRIVED = set(STATUSES) - set(follow_up.NOT_GOT)
NUMBERS = {status: f"+1415555{2000 + index}" for index, status in enumerate(STATUSES)}
LEFT_OUT = "+14155552100"
TOLD = "See you at the pier, {{ first_name | there }}"


@pytest.fixture
def campaign(session: Session, agent: Browser, clock: Clock) -> Campaign:
    """A campaign with a member for each state that a message can be in, and one of whom there is no message."""
    clock.set(NOW)
    agent.user.time_zone = "America/Los_Angeles"
    people = {f"P {status}": number for status, number in NUMBERS.items()}
    return scene.with_opted_in(session, {**people, "P left out": LEFT_OUT})


@pytest.fixture
def first(session: Session, campaign: Campaign) -> Broadcast:
    return sent(session, campaign)


def sent(session: Session, campaign: Campaign) -> Broadcast:
    """Store a broadcast that went an hour ago, with a message in each state."""
    sender = scene.sender(session)
    made = scene.broadcast(session, campaign, sender, BroadcastState.SENT, TOLD)
    made.started_at = NOW - timedelta(hours=1)
    for status, number in NUMBERS.items():
        session.add(
            Message(
                direction=Direction.OUTBOUND,
                number=number,
                status=status,
                purpose=Purpose.CAMPAIGN,
                broadcast_id=made.id,
                sender_id=sender.id,
                created_at=made.started_at,
                updated_at=made.started_at,
                started_at=made.started_at,
            )
        )
    session.commit()
    return made


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def send(agent: Browser, campaign: Campaign, audience: str, of: Broadcast, **more: Any) -> Any:
    """Send to a part of the campaign as the confirm page does."""
    form = {"body": "Again: see you there", "when": "now", "zone": "UTC", "form_key": str(uuid4())}
    form |= {"audience": audience, "of": of.id, **more}
    return agent.post(f"/campaigns/{campaign.id}/broadcasts", data=form)


def newest(session: Session) -> Broadcast:
    session.expire_all()
    return session.scalars(select(Broadcast).order_by(Broadcast.id.desc()).limit(1)).one()


def reached(session: Session) -> set[str]:
    return {message.number for message in scene.messages(session, newest(session).id)}


def writes(session: Session, number: str, meaning: Meaning, at: datetime) -> None:
    """Let a text come in that was read so."""
    told = {"direction": Direction.INBOUND, "status": MessageStatus.RECEIVED, "meaning": meaning}
    session.add(Message(number=number, body="Hello", created_at=at, updated_at=at, **told))
    session.commit()


def leaves(session: Session, number: str) -> None:
    ledger.opt_out(session, number, Act(source=OptInSource.SMS, at=the_clock.now(), text="STOP"))
    session.commit()


MISSED = {NUMBERS[status] for status in follow_up.NOT_GOT} | {LEFT_OUT}
GOT = {NUMBERS[MessageStatus.SENT], NUMBERS[MessageStatus.DELIVERED]}


def test_who_missed_it_is_everybody_but_those_who_may_have_got_it(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser
) -> None:
    assert send(agent, campaign, "missed", first).status_code == 303
    assert reached(session) == MISSED
    assert not reached(session) & {NUMBERS[status] for status in MAY_HAVE_ARRIVED}
    assert (newest(session).audience, newest(session).of_broadcast_id) == (Audience.MISSED, first.id)


def test_who_was_silent_is_who_got_it(session: Session, campaign: Campaign, first: Broadcast, agent: Browser) -> None:
    assert send(agent, campaign, "silent", first).status_code == 303
    assert reached(session) == GOT


@pytest.mark.parametrize("meaning", list(Meaning))
def test_only_a_text_of_their_own_answers_it(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser, meaning: Meaning
) -> None:
    answers = NUMBERS[MessageStatus.SENT]
    writes(session, answers, meaning, NOW - timedelta(minutes=5))
    send(agent, campaign, "silent", first)
    assert reached(session) == (GOT - {answers} if meaning is Meaning.ORDINARY else GOT)


def test_a_text_from_before_does_not_answer_it(session: Session, campaign: Campaign, agent: Browser) -> None:
    number = NUMBERS[MessageStatus.SENT]
    writes(session, number, Meaning.ORDINARY, NOW - timedelta(hours=2))
    sent(session, campaign)
    send(agent, campaign, "silent", newest(session))
    assert number in reached(session)


def test_who_left_and_came_back_is_not_silent(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser, clock: Clock
) -> None:
    left = NUMBERS[MessageStatus.DELIVERED]
    leaves(session, left)
    clock.set(NOW + timedelta(minutes=1))
    scene.opts_in(session, left, campaign.keyword)
    send(agent, campaign, "silent", first)
    assert reached(session) == GOT - {left}


def test_the_rule_decides_of_them_as_ever(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser
) -> None:
    leaves(session, LEFT_OUT)
    send(agent, campaign, "missed", first)
    assert reached(session) == MISSED - {LEFT_OUT}


def test_the_composer_speaks_of_the_part_alone(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser
) -> None:
    leaves(session, LEFT_OUT)
    page = html.unescape(agent.get(f"/campaigns/{campaign.id}/broadcasts/new?audience=missed&of={first.id}").text)
    for piece in (
        f"{TOLD}</textarea>",
        'name="audience" value="missed"',
        f'name="of" value="{first.id}"',
        "members who did not get it",
        "Send to 4 people",
        "4 of 5 will receive",
        f"deliverability?audience=missed&of={first.id}",
    ):
        assert piece in page, piece
    silent = html.unescape(agent.get(f"/campaigns/{campaign.id}/broadcasts/new?audience=silent&of={first.id}").text)
    assert "Send to 2 people" in silent
    assert f"{TOLD}</textarea>" not in silent
    part = agent.get(f"/campaigns/{campaign.id}/deliverability?audience=silent&of={first.id}").text
    assert "2 of 2 will receive" in part
    assert "tab=members" not in part, "the members' list knows no parts"


def test_the_confirm_page_counts_the_part_and_its_segments(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser
) -> None:
    form = {"body": TOLD, "audience": "missed", "of": first.id, "when": "now"}
    asked = html.unescape(agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=form).text)
    for piece in ("Send to 5 people</button>", "Members who did not get it", 'value="missed"'):
        assert piece in asked, piece
    assert re.search(r"\b5 segments", asked)
    assert "The same text went" not in asked, "nobody of them got it"
    silent = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={**form, "audience": "silent"}).text
    assert "The same text went" in silent


def test_the_longest_name_is_that_of_the_part(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser
) -> None:
    other = scene.members(session, campaign)[STATUSES.index(MessageStatus.UNKNOWN)]
    other.person.first_name = "x" * 80
    session.commit()
    body = {"body": "{{ first_name }} " * 2, "when": "now"}
    part = {"audience": "silent", "of": first.id}
    everybody = agent.post(f"/campaigns/{campaign.id}/broadcasts/preview", data=body).text
    assert "2 segments" in everybody
    assert "2 segments" not in agent.post(f"/campaigns/{campaign.id}/broadcasts/preview", data={**body, **part}).text


def test_who_belongs_to_it_is_decided_as_it_starts(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser, engine: Engine, clock: Clock
) -> None:
    send(agent, campaign, "silent", first, when="later", at="2026-11-26T12:00")
    planned = newest(session).id
    writes(session, NUMBERS[MessageStatus.SENT], Meaning.ORDINARY, NOW)
    clock.set(datetime(2026, 11, 26, 12, 0, tzinfo=UTC))
    session.commit()
    assert scheduled.start_or_end(engine, planned)
    assert reached(session) == {NUMBERS[MessageStatus.DELIVERED]}


def test_a_change_of_it_stays_with_its_part(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser, engine: Engine
) -> None:
    send(agent, campaign, "missed", first, when="later", at="2026-11-26T12:00")
    planned = newest(session)
    page = agent.get(f"/broadcasts/{planned.id}/edit").text
    assert "Save, and send to 5 people" in page
    form = {"body": "Now", "when": "now", "changes": planned.id, "version": 1}
    assert agent.post(f"/broadcasts/{planned.id}/edit", data=form).status_code == 303
    assert reached(session) == MISSED


def test_it_is_put_out_by_parts(
    session: Session,
    campaign: Campaign,
    first: Broadcast,
    agent: Browser,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(put_out, "AT_ONCE", {"sqlite": 2, "postgresql": 2})
    send(agent, campaign, "missed", first)
    made = newest(session)
    assert made.state == BroadcastState.QUEUEING
    broadcast_id = made.id
    session.commit()
    while put_out.put_some(engine, broadcast_id):
        pass
    assert reached(session) == MISSED
    assert newest(session).state == BroadcastState.SENDING


def test_of_a_large_campaign_it_is_counted_behind(
    session: Session,
    campaign: Campaign,
    first: Broadcast,
    agent: Browser,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cached_counts, "FEW", 3)
    address = f"/campaigns/{campaign.id}/deliverability?audience=missed&of={first.id}"
    assert "still being counted" in agent.get(address).text
    session.commit()
    cached_counts.refresh(engine)
    assert "5 of 5 will receive" in agent.get(address).text
    assert "of 5" not in agent.get(f"/campaigns/{campaign.id}/deliverability").text


def begins_later(broadcast: Broadcast, session: Session) -> None:
    broadcast.state, broadcast.started_at, broadcast.starts_at = BroadcastState.SCHEDULED, None, NOW


def is_prepared(broadcast: Broadcast, session: Session) -> None:
    broadcast.state = BroadcastState.QUEUEING


def is_of_another(broadcast: Broadcast, session: Session) -> None:
    broadcast.campaign_id = scene.campaign(session, name="Another").id


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (begins_later, "has not been sent"),
        (is_prepared, "is still being prepared"),
        (is_of_another, "did not go to this campaign"),
    ],
)
def test_what_can_not_be_followed_up_is_refused(
    session: Session,
    campaign: Campaign,
    first: Broadcast,
    agent: Browser,
    happens: Callable[[Broadcast, Session], None],
    sentence: str,
) -> None:
    happens(first, session)
    session.commit()
    before = newest(session).id
    answer = send(agent, campaign, "missed", first)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'name="audience" value="missed"' in answer.text
    form = {"body": TOLD, "audience": "missed", "of": first.id, "when": "now"}
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=form)
    assert asked.status_code == 422
    assert sentence in asked.text
    address = f"/campaigns/{campaign.id}/broadcasts/new?audience=missed&of={first.id}"
    assert sentence in agent.get(address, follow_redirects=True).text
    assert newest(session).id == before


@pytest.mark.parametrize("audience", ["missed", "silent"])
def test_nobody_left_says_so(session: Session, agent: Browser, clock: Clock, audience: str) -> None:
    clock.set(NOW)
    made = scene.with_opted_in(session, {"Maya Chen": world.MAYA})
    first = scene.broadcast(session, made, scene.sender(session), BroadcastState.SENT)
    if audience == "missed":
        send(agent, made, "missed", first)
        first = newest(session)
        for message in scene.messages(session, first.id):
            message.status = MessageStatus.DELIVERED
        session.commit()
    answer = send(agent, made, audience, first)
    assert answer.status_code == 422
    assert follow_up.NOBODY[Audience(audience)] in html.unescape(answer.text)


def test_its_page_says_to_whom_it_went(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser, viewer: Browser
) -> None:
    page = html.unescape(agent.get(f"/broadcasts/{first.id}").text)
    assert "All members" in page
    for way in ("copy", "new?audience=missed&of", "new?audience=silent&of"):
        assert way in page, way
    send(agent, campaign, "missed", first)
    page = agent.get(f"/broadcasts/{newest(session).id}").text
    assert f'Members who did not get it: <a href="/broadcasts/{first.id}">the broadcast of 25 Nov' in page
    assert "Send again" not in viewer.get(f"/broadcasts/{first.id}").text


def test_a_copy_begins_in_the_composer_of_a_campaign(
    session: Session, campaign: Campaign, first: Broadcast, agent: Browser
) -> None:
    first.sender_id = scene.sender(session, "+14155550101").id
    other = scene.campaign(session, campaign.keyword, "The other one")
    scene.member(session, other, world.person(session, "Ines Roy", world.INES))
    session.commit()
    chosen = html.unescape(agent.get(f"/broadcasts/{first.id}/copy").text)
    for made in (campaign, other):
        address = f"/campaigns/{made.id}/broadcasts/new?copy={first.id}"
        assert address in chosen
        page = agent.get(address).text
        assert f"{TOLD}</textarea>" in page
        assert f'<option value="{first.sender_id}" selected>' in page
        assert f'data-draft="campaign-{made.id}-copy-{first.id}"' in page
        assert 'name="audience"' not in page
    assert "The other one" in chosen
    assert "Nothing found" in agent.get(f"/broadcasts/{first.id}/copy?q=none").text


def test_what_names_no_broadcast_is_not_found(campaign: Campaign, first: Broadcast, agent: Browser) -> None:
    for asked in ("", "?copy=999", "?audience=all&of=1", "?audience=missed&of=999", "?audience=missed&of=x"):
        assert agent.get(f"/campaigns/{campaign.id}/broadcasts/new{asked}").status_code == 404, asked


def test_the_same_follow_up_is_one_value() -> None:
    assert FollowUp(Audience.MISSED, 1) == FollowUp(Audience.MISSED, 1)
