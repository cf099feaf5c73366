"""What a text costs in all is the sum over the real recipients, not the longest for everybody."""

import html
import random
import re

import pytest
from sqlalchemy.orm import Session

from optin import clock, phone
from optin.consent import audience, ledger
from optin.consent.events import Act
from optin.enums import Channel, OptInSource
from optin.models import Campaign, Person
from optin.policy import cache, policy
from optin.sending import broadcast_cost, broadcast_text
from optin.sending.broadcast_cost import SegmentSpread
from optin.texts import merge_fields, segments
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser

NAMES = [
    "Al", "Bartholomew", "", "José", "Łukasz", "Zoë", "Ñandú", "李", "张伟", "Ольга", "𝓜aya", "😀 Sam", "O'Brien",
    "Ann-Marie", "J. R.", "(Bo)", "a  b", "{x}", "[Kim]", "Eva^", "€uro", "`Tick`", ", Jr", "Ωmega", "Ç", "x" * 60,
    "é" * 60, "á" * 60, "Mary Ann", "한국", "!", "ab\u00a0cd", "मीरा", "\\", "%", "_", "A]b",
]  # fmt: skip
BODIES = [
    "No field at all",
    "Hi {{ first_name }}! " + "x" * 148,
    "Hi {{ first_name | friend }}, of {{ company }}" + "y" * 130,
    "{{ first_name }}{{ last_name }}, hello ({{ company }}) " + "z" * 100,
    "{{ first_name }} ’ {{ last_name }}" + "u" * 55,
    "{{ brand }} " + "[" * 70 + "{{ last_name }}" + "]" * 80,
]


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """Everybody with one of the names, opted in; sending hours are off."""
    policy.change(session, None, sending_hours=False)
    keyword = world.keyword(session)
    scene.sender(session)
    made, draws = scene.campaign(session, keyword), random.Random(7)
    for index, first in enumerate(NAMES):
        number = f"+1415555{index + 100:04d}"
        person = world.person(session, "A B", number)
        person.first_name, person.last_name, person.company = first, draws.choice(NAMES), draws.choice(NAMES)
        scene.member(session, made, person)
        scene.opts_in(session, number, keyword)
    return made


def counted(session: Session, campaign: Campaign, body: str) -> SegmentSpread:
    asked = audience.ask(session, campaign, "", Channel.SMS, cache.policy(session))
    worst = broadcast_text.longest(session, campaign.id, body, asked.policy.brand)
    return broadcast_cost.segment_spread(session, asked, body, len(NAMES), worst)


@pytest.mark.parametrize("body", BODIES)
def test_it_is_what_each_would_get(session: Session, campaign: Campaign, body: str) -> None:
    sizes = []
    for person in session.query(Person).all():
        values = {"first_name": person.first_name, "last_name": person.last_name, "company": person.company}
        sizes.append(segments.count(merge_fields.render(body, {**values, "brand": "Our team"})).segments)
    assert counted(session, campaign, body) == SegmentSpread({size: sizes.count(size) for size in sorted(set(sizes))})


def test_only_those_who_would_get_it_count(session: Session, campaign: Campaign) -> None:
    body = BODIES[1]
    before = counted(session, campaign, body)
    long = session.query(Person).where(Person.first_name == "Bartholomew").one()
    ledger.opt_out(session, long.mobile or "", Act(source=OptInSource.SMS, at=clock.now(), text="STOP"))
    assert counted(session, campaign, body).total == before.total - 2


@pytest.mark.parametrize("limit", ["MOST", "LARGE"])
def test_where_there_are_too_many_it_is_the_most(
    session: Session, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(broadcast_cost, limit, 3)
    found = counted(session, campaign, BODIES[1])
    assert not found.exact
    assert counted(session, campaign, BODIES[0]).exact  # the same for all, however many
    assert found.total == len(NAMES) * broadcast_text.longest(session, campaign.id, BODIES[1], "Our team").segments


def test_lengths_and_letters_are_few_however_many_people_there_are(
    session: Session, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(60):
        number = f"+1415556{index:04d}"
        scene.member(session, campaign, world.person(session, f"Name{chr(65 + index % 26)}{index:03d} X", number))
        scene.opts_in(session, number, campaign.keyword)
    monkeypatch.setattr(broadcast_cost, "MOST", len(NAMES) + 1)
    assert counted(session, campaign, BODIES[1]).exact


def test_the_question_before_sending_says_the_sum(session: Session, agent: Browser) -> None:
    policy.change(session, None, sending_hours=False)
    keyword = world.keyword(session)
    scene.sender(session)
    campaign = scene.campaign(session, keyword)
    for name, number in (("Al X", world.MAYA), ("Bo Y", world.TOM), ("Bartholomew Z", world.INES)):
        scene.member(session, campaign, world.person(session, name, number))
        scene.opts_in(session, number, keyword)
    assert "Total 4 segments (1 for 2 people, 2 for 1 person)" in ask(agent, campaign, BODIES[1])
    assert "Total 3 segments Who gets it" in ask(agent, campaign, "Same for all")


WORDS = [
    "Hi ",
    "{{ first_name }}",
    "{{ last_name | there }}",
    " of {{ company }}",
    "x" * 60,
    "y" * 31,
    "€",
    "{{ brand }}",
]
ABROAD = ["+14165550", "+447400123", "+447781123", "+4915112345"]


def test_whatever_the_text_the_spread_is_of_everybody_and_so_are_countries(
    session: Session, campaign: Campaign
) -> None:
    """Over random members of several countries, some of whom opted out, and random texts."""
    draws, people = random.Random(11), {}
    for index in range(40):
        number = f"{draws.choice(ABROAD)}{index + 100:03d}"
        person = world.person(session, "A B", number)
        person.first_name, person.last_name, person.company = (draws.choice(NAMES) for _ in range(3))
        scene.member(session, campaign, person)
        assert campaign.keyword
        scene.opts_in(session, number, campaign.keyword)
    for person in session.query(Person).all():
        if draws.random() < 0.2:
            act = Act(source=OptInSource.SMS, at=clock.now(), text="STOP")
            ledger.opt_out(session, person.mobile or "", act)
        else:
            people[person.id] = person
    session.commit()
    asked = audience.ask(session, campaign, "", Channel.SMS, cache.policy(session))
    for _ in range(25):
        body = "".join(draws.choice(WORDS) for _ in range(draws.randrange(1, 7)))
        expected: dict[tuple[str, int], int] = {}
        for person in people.values():
            values = {"first_name": person.first_name, "last_name": person.last_name, "company": person.company}
            size = segments.count(merge_fields.render(body, {**values, "brand": asked.policy.brand})).segments
            key = (phone.country(person.mobile or ""), size)
            expected[key] = expected.get(key, 0) + 1
        worst = broadcast_text.longest(session, campaign.id, body, asked.policy.brand)
        found = broadcast_cost.segment_spread(session, asked, body, len(people), worst)
        assert found.exact
        assert sum(found.people.values()) == len(people), body
        by_country: dict[tuple[str, int], int] = {}
        for each in found.fillings:
            key = (each.country, each.size.segments)
            by_country[key] = by_country.get(key, 0) + each.people
        assert by_country == expected, body


def test_of_very_many_the_countries_are_known_where_there_is_one(
    session: Session, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast_cost, "LARGE", 3)
    for body in BODIES[:2]:
        assert [(each.country, each.people) for each in counted(session, campaign, body).fillings] == [
            ("US", len(NAMES))
        ]
    scene.member(session, campaign, world.person(session, "Anne X", "+14165550134"))
    for body in BODIES[:2]:
        assert counted(session, campaign, body).fillings == ()


def ask(agent: Browser, campaign: Campaign, body: str) -> str:
    """Return the words of the question before sending."""
    page = agent.post(f"/campaigns/{campaign.id}/broadcasts/draft", data={"body": body}).text
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", page)))
