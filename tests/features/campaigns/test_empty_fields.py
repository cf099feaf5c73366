"""Merge fields that are empty for some: they are counted, and a default, leaving out or sending are the ways out."""

import html
import re

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.consent import audience, empty_fields
from optin.database.session import db
from optin.enums import Channel, MessageStatus, Reason
from optin.features.campaigns import empty_advice
from optin.models import Broadcast, Campaign, LeftOut, Message, Person
from optin.policy import cache
from optin.sending import claim, start
from optin.texts import merge_fields
from tests.support import campaign_scene as scene
from tests.support import own_fields, world
from tests.support.clients import Browser

ANA, BO, CY = "+14155550134", "+16465550177", "+13125550118"
BODY = "Hi {{ first_name | you }} of {{ company }}"


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Ana of Acme, Bo and Cy of nothing; Cy has not opted in."""
    made = scene.with_opted_in(session, {"Ana A": ANA, "Bo B": BO})
    scene.member(session, made, world.person(session, "Cy C", CY))
    of(session, ANA).company = "Acme"
    session.commit()
    return made


def of(session: Session, number: str) -> Person:
    return session.scalars(select(Person).where(Person.mobile == number)).one()


def said(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()).replace(" .", ".")


def ask(agent: Browser, campaign: Campaign, **form: str) -> str:
    return agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": BODY, **form}).text


def send(agent: Browser, session: Session, campaign: Campaign, **form: str) -> Broadcast:
    made = agent.post(f"/campaigns/{campaign.id}/broadcasts", data={"body": BODY, **form})
    assert made.status_code == 303, said(made.text)
    return session.get_one(Broadcast, int(made.location.rsplit("/", 1)[1]))


def test_composer_and_confirmation_count_those_who_would_get_it(campaign: Campaign, agent: Browser) -> None:
    typing = said(agent.post(f"/campaigns/{campaign.id}/broadcasts/preview", data={"body": BODY}).text)
    assert "{{ company }} is empty for 1 of 2 people." in typing
    assert "first_name }} is empty" not in typing
    asked = said(ask(agent, campaign))
    assert "{{ company }} is empty for 1 of 2 people." in asked
    assert "Leave out 1 person" in asked
    assert "is empty for" not in said(ask(agent, campaign, body="Hi {{ company | there }}, {{ brand }}"))


def test_a_default_goes_into_the_text(campaign: Campaign, agent: Browser) -> None:
    given = {"default-company": " your  {team} "}
    page = ask(agent, campaign, do="default", **given)
    assert "Hi {{ first_name | you }} of {{ company | your team }}</textarea>" in page
    asked = ask(agent, campaign, do="ask", **given)
    assert 'name="body" value="Hi {{ first_name | you }} of {{ company | your team }}"' in asked
    assert "is empty for" not in said(asked)


def test_who_is_left_out_is_on_record(campaign: Campaign, agent: Browser, session: Session) -> None:
    asked = ask(agent, campaign, do="leave_out")
    assert "Without it, 1 person is left out. Send to them anyway" in said(asked)
    assert "Send to 1 person" in said(asked)
    assert '<input type="hidden" name="empty" value="leave_out"' in asked
    broadcast = send(agent, session, campaign, empty="leave_out")
    assert [message.number for message in scene.messages(session, broadcast.id)] == [ANA]
    rows = select(LeftOut.number, LeftOut.reason).where(LeftOut.broadcast_id == broadcast.id)
    assert dict(session.execute(rows).all()) == {BO: Reason.EMPTY_FIELD, CY: Reason.NOT_OPTED_IN}
    for url in (f"/broadcasts/{broadcast.id}?view=not-sent", f"/broadcasts/{broadcast.id}/not-sent/file"):
        assert "A merge field is empty for them" in agent.get(url).text
    why = said(agent.get(f"/broadcasts/{broadcast.id}/left-out/{of(session, BO).id}/why").text)
    assert "May not be sent: a merge field is empty for them (row 12 of the rule)." in why


def test_sent_anyway_it_goes_to_both(campaign: Campaign, agent: Browser, session: Session) -> None:
    assert "Leave out 1 person" in said(ask(agent, campaign, do="anyway", empty="leave_out"))
    assert [message.number for message in scene.messages(session, send(agent, session, campaign).id)] == [ANA, BO]


def test_nobody_is_left_where_it_is_empty_for_all(campaign: Campaign, agent: Browser, session: Session) -> None:
    of(session, ANA).company = " "
    session.commit()
    assert "Nobody would get it: whoever could is left out" in said(ask(agent, campaign, empty="leave_out"))


def test_a_field_that_is_emptied_while_it_waits_keeps_the_message_back(
    campaign: Campaign, agent: Browser, session: Session, engine: Engine
) -> None:
    broadcast = send(agent, session, campaign, empty="leave_out")
    of(session, ANA).company = ""
    session.commit()
    assert start.start(engine, claim.claim(engine, broadcast_id=broadcast.id)) == ([], [])
    found = session.execute(select(Message.status, Message.reason)).one()
    assert found == (MessageStatus.SKIPPED, Reason.EMPTY_FIELD)


def test_the_choice_stays_with_a_scheduled_broadcast_its_change_and_its_copy(
    campaign: Campaign, agent: Browser, session: Session
) -> None:
    later = {"when": "later", "at": "2027-01-05T12:00", "zone": "America/New_York"}
    broadcast = send(agent, session, campaign, empty="leave_out", **later)
    assert broadcast.leaves_out_empty
    for url in (f"/broadcasts/{broadcast.id}/edit", f"/campaigns/{campaign.id}/broadcasts/new?copy={broadcast.id}"):
        page = agent.get(url)
        assert '<option value="leave_out" selected>' in page.text, url
    about = {"changes": str(broadcast.id), "version": str(broadcast.version)}
    saved = agent.post(f"/broadcasts/{broadcast.id}/edit", data={"body": BODY, "empty": "send", **later, **about})
    assert saved.status_code == 303
    session.expire_all()
    assert not session.get_one(Broadcast, broadcast.id).leaves_out_empty
    assert "Empty merge fields" in agent.get(f"/broadcasts/{broadcast.id}").text


def test_sql_and_text_agree_on_what_is_empty(campaign: Campaign, session: Session) -> None:
    own = own_fields.add(session, "Team")
    body = "{{ company }} {{ team }}"
    texts = ["", " ", "a", "\u00a0", "\t\n", " b ", "\u3000\u2009", "0"]
    asked = audience.ask(session, campaign, "", Channel.SMS, cache.policy(session))
    ana = of(session, ANA)
    for company in texts:
        ana.company = company
        session.commit()
        empty = merge_fields.empty_in(body, {"company": company, "team": "x"})
        counts = empty_advice.counted(session, asked, "{{ company }}")
        assert counts
        assert counts.by_name["company"] == 1 + bool(empty), repr(company)
    own_fields.put(session, own, ana, "Red")
    counts = empty_advice.counted(session, asked, body)
    assert counts
    assert (counts.people, counts.by_name, counts.any_of) == (2, {"company": 1, "team": 1}, 1)
    fields = empty_fields.of_texts(session, body)
    assert fields
    assert fields.names == ["company", "team"]


def test_nobody_who_is_left_out_is_previewed(campaign: Campaign, agent: Browser, session: Session) -> None:
    of(session, ANA).company, of(session, BO).company = "", "Bakery"
    session.commit()
    assert "Preview as Ana A" in said(ask(agent, campaign))
    assert "Preview as Bo B" in said(ask(agent, campaign, do="leave_out"))
    typed = agent.post(f"/campaigns/{campaign.id}/broadcasts/preview", data={"body": BODY, "empty": "leave_out"}).text
    assert "Preview as Bo B" in said(typed)
