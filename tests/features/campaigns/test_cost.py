"""What the question before sending says of the cost."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from optin import clock
from optin.models import Campaign, SegmentPrice
from optin.sending import broadcast_cost
from optin.texts import send_time
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

ABROAD = "+14165550134"
BODY = "Hi {{ first_name }}! " + "x" * 148


@pytest.fixture
def campaign(session: Session) -> Campaign:
    people = {"Al X": world.MAYA, "Bo Y": world.TOM, "Bartholomew Z": world.INES, "Łukasz W": "+14155550188"}
    return scene.with_opted_in(session, people)


def price(session: Session, country: str, amount: int, valid_from: str = "2020-01-01") -> None:
    of = {"country": country, "sender_kind": "long_code", "valid_from": valid_from, "currency": "USD"}
    session.add(SegmentPrice(**of, price=amount, fee=0))
    session.commit()


def ask(agent: Browser, campaign: Campaign, body: str = BODY, **more: str) -> str:
    """Return the words of the question before sending."""
    page = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": body, **more}).text
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", page))).replace(" ,", ",").replace(" .", ".")


def test_without_prices_no_amount_is_said(agent: Browser, campaign: Campaign) -> None:
    said = ask(agent, campaign)
    assert "4 people · 7 segments No amount, since there is no price for a long code." in said
    assert "An admin can enter prices under Settings › Prices." in said
    assert "$" not in said


def test_an_admin_is_led_to_the_prices(admin: Browser, campaign: Campaign) -> None:
    assert "Enter prices or fetch them" in ask(admin, campaign)


def test_the_sum_by_the_price_of_the_day(session: Session, agent: Browser, campaign: Campaign) -> None:
    price(session, "US", 81_000)
    price(session, "US", 500_000, "2100-01-01")
    assert "4 people · 7 segments · about $0.57 " in ask(agent, campaign)
    assert "4 people · 4 segments · about $0.32 " in ask(agent, campaign, "The same for all")
    tomorrow = clock.now() + timedelta(days=1)
    price(session, "US", 500_000, tomorrow.date().isoformat())
    later = {"when": send_time.LATER, "at": f"{tomorrow:%Y-%m-%dT%H:%M}", "zone": "UTC"}
    assert "4 people · 7 segments · about $0.57 " in ask(agent, campaign)
    assert "4 people · 7 segments · about $3.50 " in ask(agent, campaign, **later)


def test_who_makes_it_dear(agent: Browser, campaign: Campaign) -> None:
    said = ask(agent, campaign)
    assert (
        "2 people need more than the 1 segment of most, 3 segments more in all:"
        " 1 because of a letter that makes the whole text UCS-2, 1 because what is filled in is long."
    ) in said
    assert "Łukasz W: 3 segments, 159 characters, because of “Ł” Bartholomew Z: 2 segments, 164 characters" in said
    assert "of most" not in ask(agent, campaign, "The same for all")


def test_more_than_a_few_are_counted_and_not_named(session: Session, agent: Browser, campaign: Campaign) -> None:
    assert campaign.keyword
    for index in range(6):
        number = f"+1415556{index:04d}"
        scene.member(session, campaign, world.person(session, "Bartholomew V", number))
        scene.opts_in(session, number, campaign.keyword)
        scene.member(session, campaign, world.person(session, "Al V", f"+1415557{index:04d}"))
        scene.opts_in(session, f"+1415557{index:04d}", campaign.keyword)
    said = ask(agent, campaign)
    assert "8 people need more" in said
    assert "and 6 more" in said


def test_countries_are_told_apart_where_there_are_several(session: Session, agent: Browser, campaign: Campaign) -> None:
    assert "United States:" not in ask(agent, campaign)
    assert campaign.keyword
    scene.member(session, campaign, world.person(session, "Anne U", ABROAD))
    scene.opts_in(session, ABROAD, campaign.keyword)
    assert "United States: 4 people · 7 segments Canada: 1 person · 1 segment " in ask(agent, campaign)
    price(session, "US", 81_000)
    said = ask(agent, campaign)
    assert "5 people · 8 segments · about $0.57 Not in the sum, since there is no price: Canada (1 person)." in said
    assert "United States: 4 people · 7 segments · $0.57 Canada: 1 person · 1 segment · no price" in said
    price(session, "CA", 100_000)
    said = ask(agent, campaign, "The same for all")
    assert "5 people · 5 segments · about $0.42 " in said
    assert "United States: 4 people · 4 segments · $0.32 Canada: 1 person · 1 segment · $0.10" in said


def test_of_too_many_it_is_the_most_that_it_can_cost(
    session: Session, agent: Browser, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    price(session, "US", 81_000)
    monkeypatch.setattr(broadcast_cost, "LARGE", 3)
    assert "4 people · at most 12 segments · at most about $0.97 " in ask(agent, campaign)
    scene.member(session, campaign, world.person(session, "Anne U", ABROAD))
    assert "No amount, since there are too many people in several countries to count." in ask(agent, campaign)
