"""The list of numbers that asked for no more messages: whole numbers in any spelling, newest first, as a file too."""

import csv
import io
import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.models import Suppression
from tests.conftest import Clock
from tests.support import world
from tests.support.clients import Browser

JOE = "+14155550177"


def numbers(browser: Browser, query: str = "") -> list[str]:
    """Return the numbers that the list shows."""
    return re.findall(
        r'<td[^>]*>\s*<span class="nowrap"><span title="([^"]+)"', browser.get(f"/settings/opted-out{query}").text
    )


def test_who_opted_out_is_listed_until_they_come_back(viewer: Browser, session: Session) -> None:
    world.keyword(session)
    world.person(session, "Maya Chen", world.MAYA)
    for number in (world.MAYA, JOE):
        world.text(session, "STOP", number)
    assert numbers(viewer) == [JOE, world.MAYA]
    page = viewer.get("/settings/opted-out").text
    assert "Maya Chen" in page
    assert "STOP" in page
    world.text(session, "volunteer", JOE)
    assert numbers(viewer) == [world.MAYA]


def test_a_number_is_found_in_any_spelling(viewer: Browser, session: Session) -> None:
    for number in (world.MAYA, JOE):
        world.text(session, "STOP", number)
    for spelling in ("(415) 555-0134", "%2B1 415 555 0134", "4155550134"):
        assert numbers(viewer, f"?q={spelling}") == [world.MAYA]
    assert numbers(viewer, "?q=415 555") == []
    assert "Enter a complete number" in viewer.get("/settings/opted-out?q=415 555").text


def test_it_is_a_file(agent: Browser, session: Session) -> None:
    world.person(session, "Maya Chen", world.MAYA)
    world.text(session, "Stop.", world.MAYA)
    answer = agent.get("/settings/opted-out/file")
    titles, row = csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    assert titles == ["Contact or lead", "Mobile phone", "Text", "Opted out"]
    assert row[:3] == ["Maya Chen", world.MAYA, "Stop."]


def test_it_says_since_when_however_often_they_asked(viewer: Browser, session: Session, clock: Clock) -> None:
    world.text(session, "STOP", world.MAYA)
    since = session.scalars(select(Suppression.started_at)).one()
    clock.forward(minutes=5)
    world.text(session, "STOP", world.MAYA)
    page = viewer.get("/settings/opted-out").text
    assert f'datetime="{since.isoformat()}"' in page


def test_without_any_it_says_so(viewer: Browser) -> None:
    assert "Nobody has opted out" in viewer.get("/settings/opted-out").text
