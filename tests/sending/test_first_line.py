"""The first line: who gets it, what it says, what it costs, and that it is said once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience
from optin.database.session import db
from optin.enums import Channel, MessageStatus
from optin.models import Broadcast, Campaign
from optin.policy import cache, policy
from optin.sending import broadcast_cost, broadcast_text, first_line, put_out
from optin.texts import segments
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.clients import Browser
from tests.support.clockwork import start

JOINED = datetime(2026, 5, 3, 2, tzinfo=UTC)
"""In California it is the evening of 2 May."""
NOW = datetime(2026, 8, 1, 19, tzinfo=UTC)
LINE = "Our team: you joined volunteer on 2 May 2026."
BODY = "{{ first_line }} Bring gloves, {{ first_name }}."


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Maya and Tom joined in May, without a text from us; Ines joined with another keyword."""
    with clock.at(JOINED):
        return scene.two_of_three(session)


def texted(session: Session, number: str, before: timedelta, status: MessageStatus = MessageStatus.DELIVERED) -> None:
    """Let a text have gone to a number so long before now."""
    with clock.at(NOW - before):
        outbox.reached(session, number, body="Earlier", status=status)


def made(session: Session, campaign: Campaign, body: str = BODY) -> Broadcast:
    """Have a broadcast in the outbox."""
    broadcast = scene.broadcast(session, campaign, scene.sender(session), "sending", body)
    put_out.begin(session, campaign, broadcast, None)
    session.commit()
    return broadcast


def sent(session: Session, engine: Engine, campaign: Campaign, body: str = BODY) -> dict[str, str]:
    """Return what each number gets now of a broadcast with this text."""
    broadcast = made(session, campaign, body)
    return {claimed.number: claimed.body for claimed in start(session, engine, broadcast)}


def spread(session: Session, campaign: Campaign, body: str) -> broadcast_cost.SegmentSpread:
    asked = audience.ask(session, campaign, "", Channel.SMS, cache.policy(session))
    worst = broadcast_text.longest(session, campaign.id, body, asked.policy.brand)
    return broadcast_cost.segment_spread(session, asked, body, 2, worst)


def test_who_never_got_a_text_is_told_how_they_joined(session: Session, engine: Engine, campaign: Campaign) -> None:
    with clock.at(NOW):
        texted(session, world.TOM, timedelta(days=59))
        assert sent(session, engine, campaign) == {
            world.MAYA: f"{LINE} Bring gloves, Maya.",
            world.TOM: "Bring gloves, Tom.",
        }


@pytest.mark.parametrize(
    ("days", "status", "due"),
    [
        (59, MessageStatus.DELIVERED, False),
        (61, MessageStatus.DELIVERED, True),
        (59, MessageStatus.UNKNOWN, False),
        (59, MessageStatus.UNDELIVERED, False),
        (59, MessageStatus.FAILED, True),
        (59, MessageStatus.QUEUED, True),
    ],
)
def test_what_counts_as_a_text(
    session: Session, engine: Engine, campaign: Campaign, days: int, status: MessageStatus, *, due: bool
) -> None:
    with clock.at(NOW):
        texted(session, world.MAYA, timedelta(days=days), status)
        assert sent(session, engine, campaign)[world.MAYA].startswith(LINE) is due


def test_the_next_broadcast_does_not_say_it_again(session: Session, engine: Engine, campaign: Campaign) -> None:
    with clock.at(NOW):
        first, second = sent(session, engine, campaign), sent(session, engine, campaign)
    assert first[world.MAYA].startswith(LINE)
    assert second[world.MAYA] == "Bring gloves, Maya."


def test_a_second_try_says_it_too(session: Session, engine: Engine, campaign: Campaign) -> None:
    with clock.at(NOW):
        broadcast = made(session, campaign)
        before = {claimed.number: claimed.body for claimed in start(session, engine, broadcast)}
        for message in scene.messages(session, broadcast.id):
            message.status, message.lease_until = MessageStatus.QUEUED, None
        again = {claimed.number: claimed.body for claimed in start(session, engine, broadcast)}
    assert before == again
    assert again[world.MAYA].startswith(LINE)


def test_the_days_and_the_words_are_settings(session: Session, engine: Engine, campaign: Campaign) -> None:
    policy.change(session, None, first_line_days=10, first_line="{{ keyword }}, {{ day }}:")
    with clock.at(NOW):
        texted(session, world.MAYA, timedelta(days=11))
        assert sent(session, engine, campaign)[world.MAYA] == "volunteer, 2 May 2026: Bring gloves, Maya."


def test_without_a_keyword_there_is_nothing_to_say(session: Session, engine: Engine, campaign: Campaign) -> None:
    campaign.keyword_id = None
    with clock.at(NOW):
        assert set(sent(session, engine, campaign).values()) == {
            f"Bring gloves, {name}." for name in ("Maya", "Tom", "Ines")
        }


@pytest.mark.parametrize("length", [113, 114, 115, 116, 300])
def test_its_segments_are_counted_for_those_who_get_it(
    session: Session, engine: Engine, campaign: Campaign, length: int
) -> None:
    body = "{{ first_line }} " + "x" * length
    with clock.at(NOW):
        texted(session, world.TOM, timedelta(days=1))
        counted = spread(session, campaign, body).people
        real = sent(session, engine, campaign, body)
    sizes = sorted(segments.count(text).segments for text in real.values())
    told = sorted(size for size, people in counted.items() for _ in range(people))
    assert all(real_size <= told_size for real_size, told_size in zip(sizes, told, strict=True))
    assert told[0] == segments.count("x" * length).segments
    assert told[1] == segments.count(f"{LINE[:-11]}22 May 2026. {'x' * length}").segments


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_question_before_sending_offers_it(session: Session, campaign: Campaign, agent: Browser) -> None:
    url = f"/campaigns/{campaign.id}/broadcasts/draft"
    with clock.at(NOW):
        texted(session, world.TOM, timedelta(days=1))
        page = agent.post(url, data={"body": "Bring gloves"}).text
        assert "1 of 2 people has not heard from you for 60 days, or never." in text_of(page)
        assert 'value="first_line"' in page
        page = agent.post(url, data={"body": "Bring gloves", "do": "first_line"}).text
    assert "Their text says how they joined." in text_of(page)
    assert 'name="body" value="{{ first_line }} Bring gloves"' in page
    assert f"{LINE} Bring gloves" in page


def test_nothing_is_offered_where_all_have_heard_of_us(session: Session, campaign: Campaign, agent: Browser) -> None:
    with clock.at(NOW):
        texted(session, world.TOM, timedelta(days=1))
        texted(session, world.MAYA, timedelta(days=1))
        page = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": "Bring gloves"}).text
    assert "not heard from you" not in page


@pytest.mark.parametrize("body", ["{{ first_line }}", "{{ first_line }} {{ first_line }}"])
def test_a_line_alone_is_sent_as_it_is(session: Session, engine: Engine, campaign: Campaign, body: str) -> None:
    assert first_line.is_in(body)
    assert first_line.put_first(body) == body


def test_a_1_to_1_text_has_no_first_line(session: Session, agent: Browser) -> None:
    person = world.person(session, "Maya Chen", world.MAYA)
    scene.sender(session)
    page = agent.post(f"/people/{person.id}/messages", data={"body": "{{ first_line }} Hi", "form_key": "k"})
    assert page.status_code != 303
