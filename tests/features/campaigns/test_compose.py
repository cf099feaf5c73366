"""The composer: advice while typing, the one-click fix, what is refused with the draft kept, the question before."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import OptInSource
from optin.models import Broadcast, Campaign, Message
from optin.policy import policy
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

MAYA, TOM = "+14155550134", "+16465550177"


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign with Maya Chen and Tom Reyes, who opted in; sending hours are off."""
    policy.change(session, None, sending_hours=False)
    keyword = world.keyword(session)
    scene.sender(session)
    made = scene.campaign(session, keyword)
    for name, number in (("Maya Chen", MAYA), ("Tom Reyes", TOM)):
        scene.member(session, made, world.person(session, name, number))
        scene.opts_in(session, number, keyword)
    return made


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def draft(agent: Browser, campaign: Campaign, body: str, **more: str):
    return agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": body, **more})


def test_the_tab_shows_composer_and_deliverability(campaign: Campaign, agent: Browser) -> None:
    page = agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text
    assert "(415) 555-0100 · long code" in page
    assert re.search(r'<label[^>]*for="body">Message</label>', page)
    assert re.search(r'<label[^>]*for="sender">From</label>', page)
    assert "Send to 2 people" in page
    assert "2 members, checked just now" in page


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Hi there", "1 segment 8 characters"),
        ("", "0 segments 0 characters"),
        ("It’s on " + "x" * 90, "2 segments , UCS-2 because of ’ · replace it: 1 segment"),
        ("Hi {{ first_name }}", "1 segment 19 characters"),
        ("Hi {{ nick }}", "There is no merge field “nick”"),
        ("Reply YES if you come", "“YES” means that a person wants texts again"),
        ("x" * 1601, "The text has 1,601 characters. Shorten it to 1,600."),
        ("Bring \u0000 gloves", "1 segment 13 characters"),
    ],
)
def test_advice_while_typing(campaign: Campaign, agent: Browser, body: str, said: str) -> None:
    response = agent.post(f"/campaigns/{campaign.id}/broadcasts/preview", data={"body": body})
    assert response.status_code == 200
    assert said in text_of(response.text)


def test_the_preview_reads_as_a_member_and_goes_on_to_the_next(campaign: Campaign, agent: Browser) -> None:
    url, shown = f"/campaigns/{campaign.id}/broadcasts/preview", "0"
    for name, greeting in (("Maya Chen", "Hi Maya!"), ("Tom Reyes", "Hi Tom!"), ("Maya Chen", "Hi Maya!")):
        data = {"body": "Hi {{ first_name }}!", "after": shown, "do": "next"}
        fragment = agent.post(url, data=data).text
        assert f"Preview as {name}" in text_of(fragment)
        assert greeting in fragment
        shown = re.search(r'name="after" value="(\d+)"', fragment)[1]
    stays = agent.post(url, data={"body": "Hi {{ first_name }}?", "after": shown}).text
    assert "Hi Maya?" in stays


def test_the_preview_is_for_somebody_whose_consent_covers_it(
    campaign: Campaign, agent: Browser, session: Session
) -> None:
    ledger.opt_out(session, MAYA, Act(source=OptInSource.SMS, at=clock.now(), text="STOP"))
    session.commit()
    page = agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text
    assert "Preview as Tom Reyes" in text_of(page)
    scene.member(session, campaign, world.person(session, "Ana Later", "+13125550118"))
    after_tom = {"body": "Hi", "after": re.search(r'name="after" value="(\d+)"', page)[1], "do": "next"}
    fragment = agent.post(f"/campaigns/{campaign.id}/broadcasts/preview", data=after_tom).text
    assert "Preview as Tom Reyes" in text_of(fragment)
    ledger.opt_out(session, TOM, Act(source=OptInSource.SMS, at=clock.now(), text="STOP"))
    session.commit()
    assert "Preview as Maya Chen" in text_of(agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text)


def test_one_click_replaces_the_character(campaign: Campaign, agent: Browser) -> None:
    page = draft(agent, campaign, "It’s on “Saturday”", do="plain")
    assert page.status_code == 200
    assert "It&#39;s on &#34;Saturday&#34;</textarea>" in page.text


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "Write a message first."),
        (" \r\n\t", "Write a message first."),
        ("y" * 1601, "The text has 1,601 characters. Shorten it to 1,600."),
        ("Hi {{ first_name", "is not closed"),
        ("{{ first_name }} " + "z" * 1596, "With the longest names filled in"),
    ],
)
def test_what_can_not_be_sent_comes_back_with_the_draft(
    campaign: Campaign, agent: Browser, body: str, sentence: str
) -> None:
    response = draft(agent, campaign, body)
    assert response.status_code == 422
    assert sentence in response.text
    assert f"{body.strip()}</textarea>" in response.text


def test_nobody_deliverable_is_refused(campaign: Campaign, session: Session, agent: Browser) -> None:
    for number in (MAYA, TOM):
        ledger.opt_out(session, number, Act(source=OptInSource.SMS, at=clock.now(), text="STOP"))
    response = draft(agent, campaign, "Hello all")
    assert response.status_code == 422
    assert "None of the members can receive this now." in response.text
    assert "Hello all</textarea>" in response.text


def test_without_a_sender_nothing_can_be_sent(session: Session, agent: Browser) -> None:
    campaign = scene.campaign(session, world.keyword(session))
    scene.member(session, campaign, world.person(session, "Maya Chen", MAYA))
    assert "There is no number to send from yet." in draft(agent, campaign, "Hello").text


def test_the_question_before_sending_counts_anew_and_stores_nothing(
    campaign: Campaign, session: Session, agent: Browser
) -> None:
    page = agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text
    assert "Send to 2 people" in page
    ledger.opt_out(session, TOM, Act(source=OptInSource.SMS, at=clock.now(), text="STOP"))
    asked = draft(agent, campaign, "Hi {{ first_name }}, reply YES")
    assert asked.status_code == 200
    assert ">Send to 1 person</button>" in asked.text
    assert "Hi Maya, reply YES" in asked.text
    assert 'name="body" value="Hi {{ first_name }}, reply YES"' in asked.text
    assert "means that a person wants texts again" in asked.text
    assert session.scalars(select(Broadcast)).all() == []
    assert session.scalars(select(Message)).all() == []
    back = draft(agent, campaign, "Hi {{ first_name }}", do="edit")
    assert "Hi {{ first_name }}</textarea>" in back.text


def test_a_text_that_went_out_within_a_day_is_said_to_go_once_more(
    campaign: Campaign, session: Session, agent: Browser, clock
) -> None:
    sender = scene.sender(session)
    before = scene.broadcast(session, campaign, sender, "sent", "See you on Saturday")
    scene.broadcast(session, scene.campaign(session, name="Another"), sender, "sent", "Not ours")
    scene.broadcast(session, campaign, sender, "cancelled", "Taken back")
    clock.forward(minutes=3)
    again = draft(agent, campaign, " See you on Saturday\r\n")
    assert again.status_code == 200
    assert "The same text went to this campaign 3 minutes ago. Anyone who got it will get it again." in text_of(
        again.text
    )
    assert f'href="/broadcasts/{before.id}"' in again.text
    for body in ("See you on Sunday", "Not ours", "Taken back"):
        assert "The same text" not in draft(agent, campaign, body).text
    clock.forward(days=1)
    assert "The same text" not in draft(agent, campaign, "See you on Saturday").text


def test_a_text_that_is_scheduled_already_is_said_to_go_twice(
    campaign: Campaign, session: Session, agent: Browser, clock
) -> None:
    planned = scene.broadcast(session, campaign, scene.sender(session), "scheduled", "See you on Saturday")
    planned.started_at, planned.starts_at = None, clock.now().replace(month=12, day=4, hour=18, minute=0)
    session.commit()
    asked = text_of(draft(agent, campaign, "See you on Saturday").text)
    assert "The same text is scheduled for this campaign: 4 Dec, 18:00 (UTC). Whoever gets both" in asked


def test_sending_hours_are_promised_only_where_they_are_kept(
    campaign: Campaign, session: Session, agent: Browser
) -> None:
    for kept in (False, True):
        policy.change(session, None, sending_hours=kept)
        session.commit()
        for page in (agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text, draft(agent, campaign, "Hello").text):
            assert ("within sending hours" in page) is kept


def test_all_who_wait_are_said_to_wait(campaign: Campaign, session: Session, agent: Browser, clock) -> None:
    policy.change(session, None, sending_hours=True)
    clock.set(clock.now().replace(hour=9, minute=0))  # night in the whole US
    assert "Send to 2 people in sending hours" in draft(agent, campaign, "Hello").text


def test_the_chosen_sender_stays_chosen(campaign: Campaign, session: Session, agent: Browser) -> None:
    other = scene.sender(session, "+14155550199")
    asked = draft(agent, campaign, "Hello", sender=str(other.id))
    assert f'name="sender" value="{other.id}"' in asked.text
    refused = draft(agent, campaign, "", sender=str(other.id))
    assert f'<option value="{other.id}" selected>' in refused.text


def test_a_viewer_composes_nothing(campaign: Campaign, viewer: Browser) -> None:
    for address in ("draft", "preview"):
        assert viewer.post(f"/campaigns/{campaign.id}/broadcasts/{address}", data={"body": "x"}).status_code == 403
