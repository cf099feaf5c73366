"""Who got many texts lately is left out by a choice of the broadcast: by one click before sending, undone by one."""

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience_counts
from optin.database.session import db
from optin.enums import MessageStatus, Reason
from optin.models import Broadcast, Campaign, LeftOut, Message, RecurringBroadcast
from optin.queries import saved_draft
from optin.sending import broadcast_cost, claim, put_out, start
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.clients import Browser
from tests.support.world import MAYA, TOM

BODY = "Bring gloves"
LATER = {"when": "later", "at": "2027-01-05T12:00", "zone": "America/New_York"}
HIDDEN = '<input type="hidden" name="often" value="leave_out"'
CHECKED = '<input class="form-check-input" type="checkbox" id="often" name="often" value="leave_out" checked'


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Maya got three broadcasts within the week, Tom two, and one that failed."""
    now = clock.now()
    with clock.at(now - timedelta(days=30)):
        made = scene.two_of_three(session)
    for days, numbers in ((8, [MAYA, TOM]), (6.9, [MAYA]), (5, [MAYA, TOM]), (3, [MAYA, TOM])):
        with clock.at(now - timedelta(days=days)):
            outbox.reached(session, *numbers)
    outbox.reached(session, TOM, status=MessageStatus.FAILED)
    return made


def said(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def ask(agent: Browser, campaign: Campaign, **form: str) -> str:
    return agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": BODY, **form}).text


def send(agent: Browser, session: Session, campaign: Campaign, **form: str) -> Broadcast:
    made = agent.post(f"/campaigns/{campaign.id}/broadcasts", data={"body": BODY, **form})
    assert made.status_code == 303, said(made.text)
    return session.get_one(Broadcast, int(made.location.rsplit("/", 1)[1]))


def got(session: Session, broadcast: Broadcast) -> list[str]:
    return sorted(message.number for message in scene.messages(session, broadcast.id))


def test_one_click_leaves_them_out_and_one_undoes_it(campaign: Campaign, agent: Browser) -> None:
    asked = ask(agent, campaign)
    assert "1 of 2 people got 3 or more of your texts within the last 7 days." in said(asked)
    assert "Leave out 1 person who got 3 texts in 7 days" in said(asked)
    assert HIDDEN not in asked
    without = ask(agent, campaign, do="without_often")
    assert "Whoever got 3 or more of your texts within the last 7 days is left out: 1 person." in said(without)
    assert "Send to 1 person" in said(without)
    assert "Preview as Tom Reyes" in said(without), "nobody who is left out"
    assert "1 Got 3 texts in the last 7 days" in said(without)
    assert HIDDEN in without
    undone = ask(agent, campaign, do="with_often", often="leave_out")
    assert "Send to 2 people" in said(undone)
    assert HIDDEN not in undone


def test_who_is_left_out_is_on_record_with_why(campaign: Campaign, agent: Browser, session: Session) -> None:
    broadcast = send(agent, session, campaign, often="leave_out")
    assert got(session, broadcast) == [TOM]
    rows = select(LeftOut.number, LeftOut.reason).where(LeftOut.broadcast_id == broadcast.id)
    assert dict(session.execute(rows).all()) == {MAYA: Reason.OFTEN_TEXTED, world.INES: Reason.NOT_OPTED_IN}
    for url in (f"/broadcasts/{broadcast.id}?view=not-sent", f"/broadcasts/{broadcast.id}/not-sent/file"):
        assert "Got 3 texts in the last 7 days" in agent.get(url).text
    maya = session.scalars(select(LeftOut.person_id).where(LeftOut.number == MAYA)).one()
    why = said(agent.get(f"/broadcasts/{broadcast.id}/left-out/{maya}/why").text)
    assert "May not be sent: got 3 texts in the last 7 days (row 14 of the rule)." in why
    assert "3 broadcast messages in the 7 days before." in why
    assert "By the log and the audit trail" not in why
    assert "Got 3 texts in 7 days Left out" in said(agent.get(f"/broadcasts/{broadcast.id}").text)


def test_without_the_choice_it_goes_to_all(campaign: Campaign, agent: Browser, session: Session) -> None:
    assert got(session, send(agent, session, campaign)) == [MAYA, TOM]


def test_nobody_is_left_where_all_got_many(campaign: Campaign, agent: Browser, session: Session) -> None:
    outbox.reached(session, TOM)
    assert "Nobody would get it: whoever could is left out" in said(ask(agent, campaign, often="leave_out"))


def test_who_gets_another_while_it_waits_is_skipped_and_why_agrees(
    campaign: Campaign, agent: Browser, session: Session, engine: Engine
) -> None:
    broadcast = send(agent, session, campaign, often="leave_out")
    any_ = send(agent, session, campaign)
    broadcast_id, any_id = broadcast.id, any_.id
    with clock.at(clock.now() + timedelta(minutes=1)):
        outbox.reached(session, TOM)
    session.commit()
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert start.start(engine, claim.claim(engine, broadcast_id=broadcast_id)) == ([], [])
        assert len(start.start(engine, claim.claim(engine, broadcast_id=any_id))[0]) == 2
    session.expire_all()
    message = session.scalars(select(Message).where(Message.broadcast_id == broadcast_id)).one()
    assert (message.status, message.reason) == (MessageStatus.SKIPPED, Reason.OFTEN_TEXTED)
    why = said(agent.get(f"/messages/{message.id}/why").text)
    assert "May not be sent: got 3 texts in the last 7 days (row 14 of the rule)." in why
    assert "By the log and the audit trail" not in why


def test_the_choice_stays_with_a_scheduled_one_its_change_and_its_copy(
    campaign: Campaign, agent: Browser, session: Session
) -> None:
    broadcast = send(agent, session, campaign, often="leave_out", **LATER)
    for url in (f"/broadcasts/{broadcast.id}/edit", f"/campaigns/{campaign.id}/broadcasts/new?copy={broadcast.id}"):
        page = agent.get(url).text
        assert CHECKED in page, url
        assert "1 person" in said(page), url
    about = {"changes": str(broadcast.id), "version": "1"}
    saved = agent.post(f"/broadcasts/{broadcast.id}/edit", data={"body": BODY, **LATER, **about})
    assert saved.status_code == 303
    session.expire_all()
    assert (broadcast.leaves_out_often, broadcast.version) == (False, 2)
    page = said(agent.get(f"/broadcasts/{broadcast.id}").text)
    assert "Before Left out After Sent anyway" in page
    late = agent.post(f"/broadcasts/{broadcast.id}/edit", data={"body": BODY, "often": "leave_out", **LATER, **about})
    assert late.status_code == 409
    assert HIDDEN in late.text
    again = {**about, "version": "2", "often": "leave_out"}
    assert agent.post(f"/broadcasts/{broadcast.id}/edit", data={"body": BODY, **LATER, **again}).status_code == 303
    session.expire_all()
    assert broadcast.leaves_out_often


def test_a_kept_draft_and_a_test_of_two_texts_keep_it(campaign: Campaign, agent: Browser, session: Session) -> None:
    typed = {"body": BODY, "other_body": "Bring boots", "often": "leave_out"}
    saved_draft.keep(session, agent.user.id, campaign.id, typed)
    session.commit()
    composer = agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text
    assert CHECKED in composer
    assert "reason=not_opted_in" in composer
    assert "reason=often_texted" not in composer, "the list of members knows nothing of a draft"
    assert CHECKED in ask(agent, campaign, do="edit", **typed)


def test_each_date_of_a_recurring_one_keeps_it(campaign: Campaign, agent: Browser, session: Session) -> None:
    again = {"again": "week", "again_end": ""}
    first = send(agent, session, campaign, often="leave_out", **LATER, **again)
    assert first.leaves_out_often
    assert session.scalars(select(RecurringBroadcast.leaves_out_often)).all() == [True]


def test_a_text_to_those_who_did_not_get_it_reaches_them(campaign: Campaign, agent: Browser, session: Session) -> None:
    broadcast = send(agent, session, campaign, often="leave_out")
    follow_up = send(agent, session, campaign, audience="missed", of=str(broadcast.id))
    assert got(session, follow_up) == [MAYA]


def test_of_very_many_people_they_are_not_counted_until_they_are_left_out(
    campaign: Campaign, agent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast_cost, "LARGE", 1)
    asked = said(ask(agent, campaign))
    assert "Some may have got 3 or more of your texts within the last 7 days." in asked
    assert "Leave out whoever got 3 texts in 7 days" in asked
    assert "is left out: 1 person." in said(ask(agent, campaign, do="without_often"))


def test_the_outbox_is_decided_about_as_the_question_before_said(
    campaign: Campaign, agent: Browser, session: Session
) -> None:
    broadcast = send(agent, session, campaign, often="leave_out", **LATER)
    counts = audience_counts.deliverability(session, put_out.question(session, campaign, broadcast))
    assert (counts.will_receive, counts.having(Reason.OFTEN_TEXTED)) == (1, 1)
