"""Importing in Chromium: a file is chosen, the counts follow the choice, and the bar leads to the result by itself."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import func, select

from optin.features.imports import work
from optin.models import Person, User
from tests.browser.guests import ChromiumGuest
from tests.support import importing, world
from tests.support.servers import LiveServer
from tests.support.signing_in import cookie_of
from tests.support.world import MAYA

ROWS = 60


def test_a_file_is_imported(
    live_server: LiveServer, chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 25)
    with live_server.session() as session:
        world.person(session, "Maya Chen", MAYA)
        cookie = cookie_of(live_server.app, session.scalars(select(User)).first())
    rows = (f"Zoë;{index};(206) 555-{index:04d};z{index}@example.org;;;" for index in range(1000, 1000 + ROWS))
    file = tmp_path / "people.csv"
    file.write_bytes(importing.table("Maya;Stone;415 555 0134;;;;", *rows).decode().encode("cp1252"))
    guest = ChromiumGuest(chromium, live_server.url)
    guest.context.add_cookies([{"name": "optin_session", "value": cookie, "url": live_server.url}])
    page = guest.page
    page.goto("/contacts")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Encoding")).to_have_value("cp1252")
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_role("button", name=f"Import {ROWS} people")).to_be_visible()
    page.get_by_label("Overwrite", exact=True).check()
    expect(page.get_by_role("button", name=f"Import {ROWS + 1} people")).to_be_visible()
    expect(page.get_by_label("Overwrite", exact=True)).to_be_focused()
    page.get_by_role("button", name=f"Import {ROWS + 1} people").click()
    expect(page.get_by_role("link", name="Import another file")).to_be_visible(timeout=20_000)
    expect(page.locator(".reasons")).to_contain_text(f"{ROWS}New")
    with live_server.session() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == ROWS + 1
        assert session.scalars(select(Person.last_name).where(Person.mobile == MAYA)).one() == "Stone"
    guest.context.close()
