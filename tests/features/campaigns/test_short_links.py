"""The composer offers to shorten links where it can, counts the short text, and carries the choice on."""

import html
import re
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as optin_clock
from optin.models import AuditEntry, Broadcast, Campaign, Message, RecurringBroadcast, ShortLink
from optin.queries import saved_draft
from tests.support import campaign_scene as scene
from tests.support import outbox, short_links
from tests.support.clients import Browser
from tests.support.short_links import HOST

LONG = f"https://river.example/{'clean-up/' * 20}"
BODY = f"Hi {{{{ first_name | you }}}}: {LONG}"
OFFER = "Shorten links and count clicks"
LATER = {"when": "later", "at": "2027-01-05T12:00", "zone": "America/New_York"}
AGAIN = {"again": "days", "again_days": "2"}


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign of Maya and Tom, who may be texted, and a domain of short links."""
    short_links.switch_on(session)
    return scene.two_of_three(session)


def said(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def typed(agent: Browser, campaign: Campaign, body: str = BODY, **form: str) -> str:
    return str(agent.post(f"/campaigns/{campaign.id}/broadcasts/preview", data={"body": body, **form}).text)


def asked(agent: Browser, campaign: Campaign, body: str = BODY, **form: str) -> str:
    return str(agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": body, **form}).text)


def send(agent: Browser, campaign: Campaign, body: str = BODY, **form: str) -> Broadcast:
    data = {"body": body, "form_key": str(uuid4()), "shorten": "yes", **form}
    answer = agent.post(f"/campaigns/{campaign.id}/broadcasts", data=data)
    assert answer.status_code == 303, said(answer.text)
    session = agent.test_session
    assert session is not None
    return session.get_one(Broadcast, int(answer.location.rpartition("/")[2]))


def test_the_offer_is_there_where_a_link_is_and_unticked(agent: Browser, campaign: Campaign) -> None:
    page = typed(agent, campaign)
    assert OFFER in page
    assert "1 link becomes https://go.example.org/…" in said(page)
    assert 'id="shorten"' in page
    assert not re.search(r'id="shorten"[^>]*checked', page)
    assert OFFER not in typed(agent, campaign, "No link")
    assert OFFER not in typed(agent, campaign, "https://a.example/{{ first_name }}")
    assert OFFER not in typed(agent, campaign, f"https://{HOST}/Ab3xY9")


def test_without_a_domain_there_is_none(agent: Browser, campaign: Campaign, session: Session) -> None:
    short_links.switch_on(session, "", HOST)
    assert OFFER not in typed(agent, campaign, shorten="yes")
    assert LONG in typed(agent, campaign, shorten="yes")


def test_preview_counter_and_segments_are_those_of_the_short_text(agent: Browser, campaign: Campaign) -> None:
    long, short = said(typed(agent, campaign)), said(typed(agent, campaign, shorten="yes"))
    assert "2 segments" in long
    assert "1 segment " in short
    assert f"https://{HOST}/xxxxxx" in short
    assert LONG not in short
    shown = len(BODY.replace(LONG, f"https://{HOST}/xxxxxx"))
    assert f"{shown} characters" in short
    assert re.search(r'id="shorten"[^>]*checked', typed(agent, campaign, shorten="yes"))


def test_a_text_may_be_long_only_because_of_its_links(agent: Browser, campaign: Campaign) -> None:
    body = f"https://river.example/{'x' * 1700}"
    assert "Shorten it to 1,600" in said(asked(agent, campaign, body))
    assert "Send to" in said(asked(agent, campaign, body, shorten="yes"))
    assert send(agent, campaign, body).shortens


def test_the_question_before_sending_says_so_and_sends_the_text_as_typed(agent: Browser, campaign: Campaign) -> None:
    page = asked(agent, campaign, shorten="yes")
    assert "1 link is shortened under go.example.org, and clicks are counted" in said(page)
    assert "Sent as they are written" in said(asked(agent, campaign))
    assert html.escape(BODY) in page
    assert 'name="shorten" value="yes"' in page
    assert 'name="shorten"' not in asked(agent, campaign)
    assert re.search(r'id="shorten"[^>]*checked', asked(agent, campaign, shorten="yes", do="edit"))


def test_what_is_sent_is_short(agent: Browser, campaign: Campaign, session: Session) -> None:
    broadcast = send(agent, campaign)
    link = session.scalars(select(ShortLink)).one()
    assert (broadcast.body, broadcast.shortens) == (BODY, True)
    assert (link.broadcast_id, link.link, link.host) == (broadcast.id, LONG, HOST)


def test_a_copy_begins_with_the_long_link_and_gets_a_code_of_its_own(
    agent: Browser, campaign: Campaign, session: Session
) -> None:
    first = send(agent, campaign)
    page = agent.get(f"/campaigns/{campaign.id}/broadcasts/new?copy={first.id}").text
    assert LONG in page
    assert re.search(r'id="shorten"[^>]*checked', page)
    follow_up = agent.get(f"/campaigns/{campaign.id}/broadcasts/new?audience=missed&of={first.id}").text
    assert LONG in follow_up
    second = send(agent, campaign)
    codes = session.execute(select(ShortLink.broadcast_id, ShortLink.code)).all()
    assert {broadcast_id for broadcast_id, _ in codes} == {first.id, second.id}
    assert len({code for _, code in codes}) == 2


def test_a_scheduled_one_is_changed_with_it(agent: Browser, campaign: Campaign, session: Session) -> None:
    broadcast = send(agent, campaign, **LATER)
    assert session.scalars(select(ShortLink)).all() == []
    assert re.search(r'id="shorten"[^>]*checked', agent.get(f"/broadcasts/{broadcast.id}/edit").text)
    data = {"body": BODY, "changes": str(broadcast.id), "version": "1", **LATER}
    assert agent.post(f"/broadcasts/{broadcast.id}/edit", data=data).status_code == 303
    assert not broadcast.shortens
    told = session.scalars(select(AuditEntry).where(AuditEntry.field == "Links")).one()
    assert (told.before, told.after) == ("Shortened, clicks counted", "As written")


def test_a_recurring_one_keeps_it(agent: Browser, campaign: Campaign, session: Session) -> None:
    send(agent, campaign, **LATER, **AGAIN)
    assert session.scalars(select(RecurringBroadcast.shortens)).all() == [True]


def test_a_draft_that_is_kept_has_it(agent: Browser, campaign: Campaign, session: Session) -> None:
    saved_draft.keep(session, agent.user.id, campaign.id, {"body": BODY, "shorten": "yes"})
    session.commit()
    assert re.search(r'id="shorten"[^>]*checked', agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text)


def test_a_test_message_has_short_links_that_lead_there(agent: Browser, campaign: Campaign, session: Session) -> None:
    agent.user.mobile, agent.user.mobile_verified_at = "+14155550188", optin_clock.now()
    data = {"body": BODY, "shorten": "yes"}
    answer = agent.post(f"/campaigns/{campaign.id}/broadcasts/test", data=data)
    assert answer.status_code == 200
    link = session.scalars(select(ShortLink)).one()
    assert (link.broadcast_id, link.link) == (None, LONG)
    body = session.scalars(select(Message.body)).one()
    assert body.endswith(f": https://{HOST}/{link.code}")
    assert LONG in answer.text, "the composer stays as it was typed"


def test_public_shorteners_are_warned_of(agent: Browser, campaign: Campaign) -> None:
    warning = "Carriers filter texts with links of bit.ly."
    assert warning in said(typed(agent, campaign, "https://bit.ly/abc"))
    assert warning in said(asked(agent, campaign, "https://bit.ly/abc"))
    assert "Carriers filter" not in said(typed(agent, campaign))


def test_a_refused_one_keeps_the_choice(agent: Browser, campaign: Campaign) -> None:
    data = {"body": f"{BODY} {{{{ nothing }}}}", "form_key": str(uuid4()), "shorten": "yes"}
    answer = agent.post(f"/campaigns/{campaign.id}/broadcasts", data=data)
    assert answer.status_code == 422
    assert 'name="shorten" value="yes"' in answer.text


def test_two_texts_are_both_short(agent: Browser, campaign: Campaign, session: Session) -> None:
    page = said(typed(agent, campaign, "One", other_body=f"Two {LONG}", shorten="yes"))
    assert f"Two https://{HOST}/xxxxxx" in page
    assert "1 link becomes" in page
    outbox.without_sending_hours(session)
