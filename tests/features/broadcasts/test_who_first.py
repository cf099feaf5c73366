"""Who first: the composer's choice goes through the confirmation into the broadcast, and is lost nowhere."""

from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import CanaryState
from optin.models import Broadcast, Campaign
from optin.policy import policy
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

FEW = '<option value="few" selected>'


@pytest.fixture
def campaign(session: Session) -> Campaign:
    policy.change(session, None, sending_hours=False, canary_least=1)
    keyword = world.keyword(session)
    scene.sender(session)
    made = scene.campaign(session, keyword)
    for name, number in (("Maya Chen", world.MAYA), ("Tom Reyes", world.TOM)):
        scene.member(session, made, world.person(session, name, number))
        scene.opts_in(session, number, keyword)
    return made


def test_the_composer_suggests_what_the_settings_say(campaign: Campaign, session: Session, agent: Browser) -> None:
    assert FEW not in agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text
    policy.change(session, None, canary=True)
    assert FEW in agent.get(f"/campaigns/{campaign.id}?tab=broadcasts").text


def test_it_is_kept_on_every_way(campaign: Campaign, session: Session, agent: Browser) -> None:
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": "Hi", "first": "few"}).text
    assert "1 person, then it pauses" in asked
    assert 'name="first" value="few"' in asked
    back = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": "Hi", "first": "few", "do": "edit"})
    assert FEW in back.text
    refused = agent.post(f"/campaigns/{campaign.id}/broadcasts", data={"body": "", "first": "few"})
    assert refused.status_code == 422
    assert 'name="first" value="few"' in refused.text
    policy.change(session, None, canary_least=2)
    asked = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": "Hi", "first": "few"}).text
    assert "Everybody at once: there are too few people" in asked


@pytest.mark.parametrize(("first", "state"), [("few", CanaryState.CHOOSING), ("all", None), ("", None)])
def test_the_broadcast_has_it(
    campaign: Campaign, session: Session, agent: Browser, first: str, state: CanaryState | None
) -> None:
    data = {"body": "Hi", "first": first, "form_key": str(uuid4())}
    assert agent.post(f"/campaigns/{campaign.id}/broadcasts", data=data).status_code == 303
    assert session.scalars(select(Broadcast.canary)).all() == [state]
