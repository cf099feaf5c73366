"""The History tab of keywords, campaigns and people: one table, in pages, and a person's with the events of consent."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from sqlalchemy.orm import Session

from optin.person import records
from optin.policy import audit
from optin.queries import paging
from optin.refused import done
from tests.conftest import Clock
from tests.support import campaign_scene
from tests.support.clients import Browser
from tests.support.world import MAYA, TOM, keyword, person, text

NEW = "+12065550163"


def rows(browser: Browser, url: str) -> list[list[str]]:
    """Return the cells of the tab, from the newest line to the oldest."""
    table = browser.get(url).text.split("<tbody>")[1].split("</tbody>")[0]
    cells = [
        re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    ]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


def link(browser: Browser, url: str, words: str) -> str | None:
    found = re.search(rf'<a class="[^"]*" href="([^"]*)" rel="\w+">{words}</a>', browser.get(url).text)
    return unescape(found[1]) if found else None


def keyword_url(session: Session) -> tuple[str, str, int]:
    made = keyword(session)
    return f"/keywords/{made.id}", "keyword", made.id


def campaign_url(session: Session) -> tuple[str, str, int]:
    made = campaign_scene.campaign(session)
    return f"/campaigns/{made.id}", "campaign", made.id


def person_url(session: Session) -> tuple[str, str, int]:
    made = person(session, "Maya Chen", MAYA)
    return f"/contacts/{made.id}", "person", made.id


@pytest.mark.parametrize("arrange", [keyword_url, campaign_url, person_url])
def test_a_long_history_comes_in_pages(
    viewer: Browser, session: Session, arrange: Callable[[Session], tuple[str, str, int]]
) -> None:
    record, kind, its_id = arrange(session)
    url = f"{record}?tab=history"
    assert "No changes yet" in viewer.get(url).text
    for number in range(paging.SIZE + 2):
        audit.record(session, viewer.user.id, "changed", kind, its_id, {"Notes": (f"v{number}", f"v{number + 1}")})
    audit.record(session, None, "archived", kind, its_id)
    audit.record(session, None, "changed", kind, its_id + 1, {"Notes": ("", "of another record")})
    first = rows(viewer, url)
    assert len(first) == paging.SIZE
    assert [row[1:] for row in first[:2]] == [
        ["The system", "Archived", "–", "–"],
        ["Viewer Example", "Changed: Notes", "v51", "v52"],
    ]
    older = link(viewer, url, "Older")
    assert older is not None
    assert [row[3] for row in rows(viewer, older)] == ["v2", "v1", "v0"]
    assert link(viewer, older, "Older") is None
    newer = link(viewer, older, "Newer")
    assert newer is not None
    assert rows(viewer, newer) == first


def test_a_persons_history_tells_of_consent_in_its_place(agent: Browser, session: Session, clock: Clock) -> None:
    keyword(session)
    maya = done(records.create(session, "contact", {"first_name": "Maya", "mobile": MAYA}, agent.user.id))
    person(session, "Tom Baker", TOM)
    for number, said in (
        (MAYA, "volunteer"),
        (TOM, "volunteer"),
        (MAYA, "please stop volunteer texts"),
        (MAYA, "STOP"),
    ):
        clock.forward(minutes=2)
        text(session, said, number)
    clock.forward(minutes=2)
    done(records.change(session, maya, {"mobile": NEW, "company": "Harbor"}, agent.user.id))
    clock.forward(minutes=2)
    text(session, "Volunteer!", NEW)
    told = [(row[1], row[2], row[4]) for row in rows(agent, f"/contacts/{maya.id}?tab=history")]
    assert told[0] == ("Text message", "Opted in: volunteer", "“Volunteer!”")
    assert ("Agent Example", "Changed: Mobile phone", "(206) 555-0163") in told[1:4]
    assert ("Agent Example", "Changed: Company", "Harbor") in told[1:4]
    assert told[-2:] == [
        ("Text message", "Opted in: volunteer · (415) 555-0134", "“volunteer”"),
        ("Agent Example", "Created", "–"),
    ]
    whats = [what for _, what, _ in told]
    assert "Opted out of everything: volunteer · (415) 555-0134" in whats
    assert sum(what.startswith("Opted in") for what in whats) == 2, "Tom's is not Maya's"


def test_two_trails_at_one_moment_come_in_pages_without_a_gap(agent: Browser, session: Session, clock: Clock) -> None:
    keyword(session)
    maya = person(session, "Maya Chen", MAYA)
    for number in range(20):
        text(session, "volunteer", MAYA)
        text(session, "STOP", MAYA)
        audit.record(session, None, "changed", "person", maya.id, {"notes": ("", f"n{number}")})
    url: str | None = f"/contacts/{maya.id}?tab=history"
    seen = []
    while url:
        page = rows(agent, url)
        seen += page
        url = link(agent, url, "Older")
    assert [row[4] for row in seen if row[2] == "Changed: Notes"] == [f"n{number}" for number in reversed(range(20))]
    assert sum(row[2] == "Opted in: volunteer" for row in seen) == 20
    assert len(seen) > paging.SIZE
