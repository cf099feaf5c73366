"""The page Duplicates through HTTP: why and how sure, never safe with two standings, dismissing, hints."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import PersonKind
from optin.jobs import duplicate_search
from optin.models import BackgroundTask, Person
from optin.person import records
from optin.refused import done
from tests.support import world
from tests.support.clients import Browser

ONE, TWO = "+12065550163", "+12065550147"


@pytest.fixture
def make(session: Session) -> Callable[..., Person]:
    def made(name: str, kind: PersonKind = PersonKind.CONTACT, **fields: Any) -> Person:
        first, _, last = name.partition(" ")
        person = done(records.create(session, kind, {"first_name": first, "last_name": last, **fields}, None))
        session.commit()
        return person

    return made


def searched(session: Session, agent: Browser, query: str = "") -> str:
    """Let a search be done, and return the page without its tags."""
    agent.post("/duplicates/search")
    task = session.scalars(select(BackgroundTask).where(BackgroundTask.finished_at.is_(None))).one()
    while not task.finished_at:
        duplicate_search.step(session, task)
    session.commit()
    return re.sub(r"<[^>]*>|\s+", " ", agent.get(f"/duplicates{query}").text)


def test_the_lists_lead_to_duplicates_and_a_search_begins_by_a_button(
    agent: Browser, session: Session, make: Callable[..., Person]
) -> None:
    make("Noor Haddad")
    for path in ("/contacts", "/leads"):
        assert 'href="/duplicates"' in agent.get(path).text
    assert "Not looked yet" in agent.get("/duplicates").text
    agent.post("/duplicates/search")
    assert "Looking…" in agent.get("/duplicates").text


def test_a_group_says_why_and_how_sure_and_leads_to_both(
    agent: Browser, session: Session, make: Callable[..., Person]
) -> None:
    one = make("Noor Haddad", mobile=ONE)
    two = make("Noor Haddad", PersonKind.LEAD, mobile=ONE)
    make("Ana Li", mobile=TWO)
    make("Bob Li", mobile=TWO)
    page = searched(session, agent)
    assert re.search("Almost certainly one person +Same mobile phone, same name", page)
    assert re.search("Probably different people +Same mobile phone, different names", page)
    assert page.index("Noor Haddad") < page.index("Ana Li")
    assert f"/people/{one.id}/merge/{two.id}" in agent.get("/duplicates").text
    assert "Ana Li" not in agent.get("/duplicates?sure=1").text
    assert "Noor Haddad" not in re.sub(r"<option.*?</option>", "", agent.get("/duplicates?sure=4").text)


@pytest.mark.parametrize("left", [ONE, TWO, None])
def test_two_numbers_of_different_standing_are_never_called_safe(
    agent: Browser, session: Session, make: Callable[..., Person], left: str | None
) -> None:
    one = make("Noor Haddad", mobile=ONE, email="noor@example.org")
    make("Noor Haddad", mobile=TWO, email="noor@example.org")
    if left:
        world.text(session, "STOP", left)
    pages = [searched(session, agent), re.sub(r"<[^>]*>", " ", agent.get(f"/contacts/{one.id}/merge").text)]
    for page in pages:
        shown = re.sub("However sure.*?Show ", "", page, flags=re.DOTALL)
        assert ("Probably one person" in shown) is (left is None)
        assert ("One number has opted out, the other has not" in shown) is (left is not None)


def test_a_pair_that_is_none_is_dismissed_for_good(
    agent: Browser, session: Session, make: Callable[..., Person]
) -> None:
    one, two = make("Noor Haddad", mobile=ONE), make("Noor Haddad", mobile=ONE)
    searched(session, agent)
    sent = {"person": [str(two.id), str(one.id)]}
    said = agent.post("/duplicates/dismissals", data=sent, follow_redirects=True).text
    assert "1 pair will not be proposed again." in said
    assert "Noor Haddad" not in said
    assert "No duplicates found" in searched(session, agent)
    assert agent.post("/duplicates/dismissals", data={"person": ["x", "999999999999"]}).status_code == 303


def test_a_record_hints_at_its_duplicates(agent: Browser, session: Session, make: Callable[..., Person]) -> None:
    noor = make("Noor Haddad", mobile=ONE)
    assert "may be the same person" not in agent.get(f"/contacts/{noor.id}").text
    twin = make("Noor Haddad", PersonKind.LEAD, mobile=ONE)
    page = agent.get(f"/contacts/{noor.id}").text
    assert "may be the same person" in page
    assert f"/people/{noor.id}/merge/{twin.id}" in page
    assert "Same mobile phone, same name" in agent.get(f"/contacts/{noor.id}/merge").text


def test_what_was_merged_since_is_not_shown(agent: Browser, session: Session, make: Callable[..., Person]) -> None:
    one, two = make("Noor Haddad", mobile=ONE), make("Noor Haddad", mobile=ONE)
    searched(session, agent)
    two.kind, two.merged_into_id, two.mobile, two.sort_name = "merged", one.id, None, ""
    session.commit()
    assert "No duplicates found" in agent.get("/duplicates").text
