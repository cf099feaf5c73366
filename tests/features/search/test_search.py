"""The search in the bar: whatever people remember leads to the record."""

import pytest
from sqlalchemy.orm import Session

from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser
from tests.support.world import MAYA, TOM


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("chen maya", {"Maya Chen"}),
        ("(415) 555-0134", {"Maya Chen"}),
        ("+1 415.555.0134", {"Maya Chen"}),
        ("maya@", {"Maya Chen"}),
        ("VOLUN", {"volunteer", "Volunteer Campaign"}),
        ("helfer", {"volunteer"}),
        ("campaign volunteer", {"Volunteer Campaign"}),
        ("6465550177", {"(646) 555-0177"}),
        ("%", set()),
        ("nobody\0", set()),
    ],
)
def test_it_finds_by_whatever_is_known(viewer: Browser, session: Session, query: str, expected: set[str]) -> None:
    maya = world.person(session, "Maya Chen", MAYA)
    maya.email = "maya@example.org"
    scene.campaign(session, world.keyword(session, "volunteer", "helfer"))
    for number in (MAYA, TOM):
        world.text(session, "hello", number)
    page = viewer.get("/search", query_string={"q": query}).text
    everything = {"Maya Chen", "volunteer", "Volunteer Campaign", "(646) 555-0177"}
    assert {name for name in everything if f">{name}</a>" in page or f'">{name}</span></span></a>' in page} == expected
    assert ("Nothing found" in page) is not bool(expected)


@pytest.mark.parametrize(
    ("query", "number"), [("(212) 555-0199", "+12125550199"), ("maya", None), ("555-0199", None), ("", None)]
)
def test_a_whole_number_leads_to_its_proof_even_where_nobody_has_it(
    viewer: Browser, query: str, number: str | None
) -> None:
    page = viewer.get("/search", query_string={"q": query}).text
    assert (f'href="/numbers/{number}/proof"' in page) is bool(number)
    assert ("/proof" in page) is bool(number)


def test_many_of_a_kind_lead_to_their_list(viewer: Browser, session: Session) -> None:
    for each in range(9):
        world.person(session, f"P{each} Same", None)
    page = viewer.get("/search?q=same").text
    assert '<a class="btn btn-sm btn-outline-secondary" href="/contacts?q=same">See all contacts</a>' in page
    assert page.count("</li>") == 8


def test_nothing_asked_says_what_one_can_look_for(viewer: Browser) -> None:
    page = viewer.get("/search").text
    assert "Enter a name, a number in any format, an email, a keyword or a campaign." in page
    assert 'action="/search"' in page


@pytest.mark.parametrize("query", ["okeke", "jones", "smith-j", "adaeze smith", "birds", "example.org", "ADA@"])
def test_words_follow_what_is_written(viewer: Browser, session: Session, query: str) -> None:
    ada = world.person(session, "Ada Lovelace", None)
    assert "Ada Lovelace" in viewer.get("/search?q=lovelace").text
    ada.first_name, ada.last_name, ada.sort_name = "Adaeze", "Smith-Jones Okeke", "smith-jones okeke adaeze"
    ada.company, ada.email = 'Birds "R" Us\\\t', "Ada@Example.org"
    assert "Adaeze" in viewer.get("/search", query_string={"q": query}).text
    assert "Adaeze" not in viewer.get("/search?q=lovelace").text
    session.delete(ada)
    assert "Nothing found" in viewer.get("/search", query_string={"q": query}).text


def test_a_number_is_found_by_another_of_its_spellings(viewer: Browser, session: Session) -> None:
    world.person(session, "Noor Haddad", "+525512345678")
    for query in ("+52 1 55 1234 5678", "+52 55 1234 5678"):
        assert "Noor Haddad" in viewer.get("/search", query_string={"q": query}).text
