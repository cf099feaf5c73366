"""Filters of the lists over HTTP: the form, the address, the words, what is wrong, and what was deleted meanwhile."""

import csv
import io
import re

import pytest
from sqlalchemy.orm import Session

from optin.enums import PersonKind
from optin.models import Person
from optin.person.filters import table
from optin.queries import look
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.clients import Browser


@pytest.fixture
def people(session: Session) -> list[Person]:
    made = [
        world.person(session, "Maya Chen", world.MAYA),
        world.person(session, "Tom Reed", world.TOM),
        world.person(session, "Ines Duarte", None, PersonKind.LEAD),
    ]
    made[0].company, made[1].company = "Harbor Friends", "Hill Street"
    session.commit()
    return made


def test_a_row_of_the_form_is_added_filled_in_and_removed(agent: Browser, people: list[Person]) -> None:
    page = agent.get("/contacts", query_string={"000.field": "", "add": "company", "q": "e"}, follow_redirects=True)
    assert page.request.full_path == "/contacts?q=e&add=company"
    assert '<input type="hidden" name="1.field" value="company">' in page.text
    rows = {
        "1.field": "company",
        "1.op": "contains",
        "1.value": " har ",
        "2.field": "owner",
        "2.op": "is",
        "2.value": "nobody",
    }
    page = agent.get("/contacts", query_string=rows, follow_redirects=True)
    assert page.request.full_path == "/contacts?company.contains=har&owner=nobody"
    assert "Company contains “har”" in page.text
    assert "Owner is nobody" in page.text
    assert "Maya Chen" in page.text
    assert "Tom Reed" not in page.text
    assert 'href="/contacts?owner=nobody" aria-label="Remove the filter Company contains “har”"' in page.text
    page = agent.get("/contacts", query_string={**rows, "remove": "1"}, follow_redirects=True)
    assert page.request.full_path == "/contacts?owner=nobody"
    assert "Tom Reed" in page.text


def test_what_is_typed_stays_when_another_row_is_added(agent: Browser, people: list[Person]) -> None:
    rows = {
        "1.field": "company",
        "1.op": "starts",
        "1.value": "har",
        "2.field": "name",
        "2.op": "contains",
        "2.value": "",
    }
    page = agent.get("/contacts", query_string={**rows, "add": "added"}, follow_redirects=True)
    assert page.request.full_path == "/contacts?company.starts=har&add=name&add=added"


def test_a_filtered_list_is_a_file_and_links_to_the_other_kind(agent: Browser, people: list[Person]) -> None:
    page = agent.get("/contacts?owner=nobody&sort=-name")
    assert '<a href="/leads?owner=nobody">1 lead</a> found as well' in page.text
    assert 'href="/contacts/file?owner=nobody&amp;sort=-name"' in page.text
    file = agent.get("/contacts/file?owner=nobody&sort=-name").get_data().decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(file))] == ["First name", "Tom", "Maya"]
    found = agent.get("/contacts?q=har&company.contains=street").text
    assert "Maya" not in found, "a search and a filter must both hold"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("added.since=3+May", "Enter a day, such as 2026-05-03."),
        ("added.before=9999-12-31", "Enter a day, such as 2026-05-03."),
        ("added.last=0", "Enter a number of days between 1 and 36,500."),
        ("heard.last=%C2%B2", "Enter a number of days between 1 and 36,500."),
        ("owner=999", "The user of this filter is not there any more, so the filter matches nobody."),
        ("owner.not=999", "The user of this filter is not there any more, so the filter matches nobody."),
        ("keyword=7", "The keyword of this filter is not there any more"),
        ("keyword.not=99999999999999999999", "The keyword of this filter is not there any more"),
        ("campaign.not=7", "The campaign of this filter is not there any more"),
        ("import=x", "The import of this filter is not there any more"),
        ("consent=maybe", "Choose where the number stands."),
        (f"company.contains={'x' * 200}", "Use at most 120 characters."),
    ],
)
def test_what_cant_be_asked_matches_nobody_and_says_why(
    agent: Browser, people: list[Person], asked: str, sentence: str
) -> None:
    page = agent.get(f"/contacts?{asked}").text
    assert sentence in page
    assert "Maya" not in page
    assert "Nobody found" in page


def test_what_is_no_filter_is_ignored_with_a_sentence(agent: Browser, people: list[Person]) -> None:
    page = agent.get("/contacts?colour=red&company.since=2026-01-01&kind=lead&company.contains=harbor").text
    for name in ("colour", "company.since", "kind"):
        assert f"“{name}” in the address is no filter and was ignored." in page
    assert "Maya" in page
    assert "Tom" not in page


def test_a_filter_by_a_keyword_that_is_deleted_matches_nobody(
    agent: Browser, session: Session, people: list[Person]
) -> None:
    keyword, campaign = world.keyword(session), scene.campaign(session)
    scene.member(session, campaign, people[0])
    address = f"/contacts?keyword.not={keyword.id}&campaign={campaign.id}"
    assert "Not opted in with volunteer" in agent.get(address).text
    assert "Maya" in agent.get(address).text
    session.delete(session.get_one(type(keyword), keyword.id))
    session.commit()
    page = agent.get(address).text
    assert "Not opted in with something that was deleted" in page
    assert "Maya" not in page


def test_a_look_that_ends_early_says_so_and_goes_on(
    agent: Browser, session: Session, people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in range(30):
        world.person(session, f"P{each:02} Abel", f"+1415555{each:04}")
    for name, value in {"LEAST": 10, "MOST": 10, "SECONDS": 0}.items():
        monkeypatch.setattr(look, name, value)
    page = agent.get("/contacts?company.contains=street").text
    assert "Nobody found yet" in page
    assert "10 records so far" in page
    for _ in range(3):
        assert "Tom" not in page
        page = agent.get(
            page.partition("found yet")[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
        ).text
    assert "Tom Reed" in page
    assert "Look further" not in page
    assert "Tom" in agent.get("/contacts/file?company.contains=street").text, "the file looks at all of them"


def test_no_field_has_the_name_of_another_parameter() -> None:
    taken = {"q", "sort", "page", "add", "remove", "view", "changed", "columns", "act", "all", "id"}
    names = [each.name for each in table.FIELDS]
    assert len(set(names)) == len(names)
    assert not taken & set(names)
    assert not any("." in name for name in names)


def test_a_day_is_chosen_in_a_calendar_and_days_are_counted(agent: Browser, people: list[Person]) -> None:
    row = {"1.field": "added", "1.op": "since", "1.value": "2026-05-03", "1.days": ""}
    page = agent.get("/contacts", query_string=row, follow_redirects=True)
    assert page.request.full_path == "/contacts?added.since=2026-05-03"
    assert re.search(r'<input type="date"[^>]*name="1.value" value="2026-05-03"', page.text)
    assert re.search(r'<input type="number"[^>]*name="1.days" value=""', page.text)
    page = agent.get("/contacts", query_string={**row, "1.op": "last", "1.days": "7"}, follow_redirects=True)
    assert page.request.full_path == "/contacts?added.last=7"
    assert re.search(r'<input type="date"[^>]*name="1.value" value=""', page.text)
    assert re.search(r'<input type="number"[^>]*name="1.days" value="7"', page.text)
    page = agent.get("/contacts", query_string={**row, "1.op": "last"}, follow_redirects=True)
    assert page.request.full_path == "/contacts?add=added", "the day is none of days"
    page = agent.get("/contacts", query_string={**row, "1.field": "heard", "1.op": "never"}, follow_redirects=True)
    assert page.request.full_path == "/contacts?heard.never=yes"
    assert 'name="1.value" value=""' in page.text


@pytest.mark.parametrize("value", ["last week", "20260503", "3 May 2026"])
def test_what_no_calendar_shows_stays_as_it_was_typed(agent: Browser, people: list[Person], value: str) -> None:
    page = agent.get("/contacts", query_string={"added.since": value}).text
    assert re.search(rf'<input type="text"[^>]*name="1.value" value="{value}"', page)
