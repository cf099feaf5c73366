"""Choosing the phones on the page: typed, invented, or a person's number."""

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sqlalchemy.orm import Session

from optin.provider import senders
from tests.support import world
from tests.support.clients import Browser
from tests.support.world import MAYA, OURS, TOM

NEW = "/simulator/phones/new"
BESIDES = f"?phone={quote(MAYA)}"


def phones(address: str) -> list[str]:
    return parse_qs(urlsplit(address).query).get("phone", [])


@pytest.mark.parametrize(
    "typed", ["(646) 555-0177", "646.555.0177", "+1 646 555 0177", " 16465550177", "  +16465550177 "]
)
def test_a_number_in_any_spelling_joins_the_page(agent: Browser, typed: str) -> None:
    answer = agent.get(f"{NEW}{BESIDES}&number={quote(typed)}")
    assert answer.status_code == 303
    assert phones(answer.location) == [MAYA, TOM]


def test_a_number_from_abroad_is_a_phone_too(agent: Browser) -> None:
    answer = agent.get(f"{NEW}?number={quote('+44 7400 123456')}")
    assert phones(answer.location) == ["+447400123456"]


@pytest.mark.parametrize("typed", ["rcs:(646) 555-0177", "WhatsApp:+1 646 555 0177"])
def test_a_phone_may_text_by_another_channel(agent: Browser, typed: str) -> None:
    answer = agent.get(f"{NEW}?number={quote(typed)}")
    assert phones(answer.location) == [f"{typed.partition(':')[0].lower()}:{TOM}"]
    assert agent.get(answer.location).status_code in (200, 503)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("", "Enter a phone number."), ("12", "too short"), ("not a number", "no letters"), (OURS, "our own number")],
)
def test_what_is_no_number_gets_a_sentence_and_stays(
    agent: Browser, session: Session, typed: str, sentence: str
) -> None:
    senders.ensure(session, OURS)
    answer = agent.get(f"{NEW}{BESIDES}&number={quote(typed)}")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{typed}"' in answer.text


def test_change_puts_another_phone_in_the_same_place(agent: Browser) -> None:
    page = agent.get(f"{NEW}{BESIDES}&phone={quote(TOM)}&slot=1")
    assert "Change a phone" in page.text
    answer = agent.get(f"{NEW}{BESIDES}&phone={quote(TOM)}&slot=1&number=3125550118")
    assert phones(answer.location) == ["+13125550118", TOM]
    away = re.search(r'href="([^"]+)">Remove', page.text)
    assert away
    assert phones(away.group(1).replace("&amp;", "&")) == [TOM]


def test_an_invented_number_is_nobodys(agent: Browser, session: Session) -> None:
    world.person(session, "Ann Lee", "+16465550100")
    world.text(session, "hello", number="+16465550101")
    page = agent.get(f"{NEW}?phone={quote('+16465550102')}").text
    invented = re.search(r'href="([^"]+)">Invent a number', page)
    assert invented
    assert phones(invented.group(1).replace("&amp;", "&")) == ["+16465550102", "+16465550103"]


def test_a_person_is_found_by_name(agent: Browser, session: Session) -> None:
    world.person(session, "Maya Chen", MAYA)
    world.person(session, "Tom Baker", TOM)
    world.person(session, "No Phone", None)
    everybody = agent.get(NEW).text
    assert [name in everybody for name in ("Maya Chen", "Tom Baker", "No Phone")] == [True, True, False]
    found = agent.get(f"{NEW}?q=ChEn").text
    assert "Maya Chen" in found
    assert "Tom Baker" not in found
    assert "Nobody with that name" in agent.get(f"{NEW}?q=100%").text
    assert "Maya Chen" not in agent.get(f"{NEW}{BESIDES}").text, "her phone is on the page already"


def test_a_long_list_of_people_says_that_there_are_more(agent: Browser, session: Session) -> None:
    for last in range(12):
        world.person(session, f"Ann Lee {last}", f"+164655501{last:02d}")
    assert "There are more" not in agent.get(NEW).text
    world.person(session, "Bo Lee", "+16465550150")
    page = agent.get(NEW).text
    assert "There are more contacts and leads: search for a name." in page
    assert "Ann Lee 11" in page
    assert "Bo Lee" not in page


def test_at_most_six_phones_stand_on_the_page(agent: Browser) -> None:
    many = "&".join(f"phone=%2B1646555{last:04d}" for last in range(100, 106))
    answer = agent.get(f"{NEW}?{many}&number=2065550150")
    assert phones(answer.location) == [f"+1646555{last:04d}" for last in range(101, 106)] + ["+12065550150"]
