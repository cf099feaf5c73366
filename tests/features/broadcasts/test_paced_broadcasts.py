"""Broadcasts that are spread over a time, and what the pages say of how long they take."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.enums import BroadcastState
from optin.models import Broadcast, Campaign, Sender
from optin.sending import put_out
from tests.support import campaign_scene as scene
from tests.support.clients import Browser


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Maya and Tom opted in with the keyword; sending hours are off."""
    return scene.two_of_three(session)


def send(agent: Browser, campaign: Campaign, **more: str) -> Broadcast:
    data = {"body": "Hi", "form_key": str(uuid4()), **more}
    response = agent.post(f"/campaigns/{campaign.id}/broadcasts", data=data)
    assert response.status_code == 303, response.text
    return agent.test_session.scalars(select(Broadcast)).one()


def test_it_is_spread_over_the_people_who_get_it(campaign: Campaign, session: Session, agent: Browser) -> None:
    broadcast = send(agent, campaign, spread="60")
    people = len(scene.messages(session, broadcast.id))
    assert (broadcast.spread_over, broadcast.seconds_apart) == (3600, 3600 / people)
    assert "Spread over" in (page := agent.get(f"/broadcasts/{broadcast.id}").text)
    assert "1 hour" in page


def test_a_large_one_is_spread_when_all_are_counted(
    campaign: Campaign, session: Session, agent: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put_out, "AT_ONCE", {"sqlite": 1, "postgresql": 1})
    broadcast = send(agent, campaign, spread="15")
    assert (broadcast.state, broadcast.seconds_apart) == (BroadcastState.QUEUEING, None)
    session.commit()
    while put_out.put_some(session.get_bind(), broadcast.id):
        pass
    session.refresh(broadcast)
    assert broadcast.seconds_apart == 900 / len(scene.messages(session, broadcast.id))


def test_without_a_time_it_goes_as_fast_as_it_may(campaign: Campaign, agent: Browser) -> None:
    broadcast = send(agent, campaign)
    assert (broadcast.spread_over, broadcast.seconds_apart) == (None, None)


def test_one_that_would_go_on_after_its_last_time_is_refused(
    campaign: Campaign, session: Session, agent: Browser
) -> None:
    until = f"{the_clock.now() + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    typed = {"body": "Hi", "last": "by", "until": until, "zone": "UTC", "spread": "480"}
    sent = agent.post(f"/campaigns/{campaign.id}/broadcasts", data={**typed, "form_key": str(uuid4())})
    composed = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={**typed, "do": "send"})
    for answer in (sent, composed):
        assert answer.status_code == 422
        assert "comes before the 8 hours are over" in answer.text
    assert 'id="spread-fault"' in composed.text
    assert session.scalars(select(Broadcast)).all() == []


@pytest.mark.parametrize(
    ("rate", "spread", "said"),
    [
        (None, "", "As fast as Twilio takes them"),
        (0.1, "", "0.1 segments a second: less than a minute"),
        (None, "30", "Spread over 30 minutes"),
    ],
)
def test_before_it_is_sent_the_page_says_how_long_it_takes(
    campaign: Campaign, session: Session, agent: Browser, rate: float | None, spread: str, said: str
) -> None:
    session.scalars(select(Sender)).one().segments_per_second = rate
    page = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": "Hi", "spread": spread, "do": "send"})
    assert said in page.text
    assert f'name="spread" value="{spread}"' in page.text


def test_what_was_chosen_stays_in_the_composer(campaign: Campaign, agent: Browser) -> None:
    data = {"body": "Hi", "spread": "120", "do": "edit"}
    page = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data=data).text
    assert '<option value="120" selected>2 hours</option>' in page
