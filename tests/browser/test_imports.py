"""Importing in Chromium: a file is chosen, the counts follow the choice, and the bar leads to the result by itself."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import func, select

from optin.features.imports import work
from optin.models import OptIn, Person, User
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
    expect(page.get_by_role("link", name="Import another file")).to_be_visible()
    expect(page.locator(".reasons")).to_contain_text(f"{ROWS}New")
    with live_server.session() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == ROWS + 1
        assert session.scalars(select(Person.last_name).where(Person.mobile == MAYA)).one() == "Stone"
    guest.context.close()


def test_opt_ins_of_a_list_are_vouched_for(live_server: LiveServer, chromium: Browser, tmp_path: Path) -> None:
    """From the keyword's opt-ins to the origin of one of them, and undone with an opt-out that is taken back."""
    with live_server.session() as session:
        keyword = world.keyword(session)
        keyword_id, user = keyword.id, session.scalars(select(User)).first()
        cookie = cookie_of(live_server.app, user)
        name = user.name if user else ""
    file = tmp_path / "paper.csv"
    file.write_text(
        "Phone;Signed on;Opted out\n(415) 555-0134;3 May 2025;\n206 555 0101;;\n206 555 0102;3 May 2025;yes\n"
    )
    guest = ChromiumGuest(chromium, live_server.url)
    guest.context.add_cookies([{"name": "optin_session", "value": cookie, "url": live_server.url}])
    page = guest.page
    page.goto(f"/keywords/{keyword_id}?tab=related")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Keyword")).to_have_value(str(keyword_id))
    page.get_by_label("How they agreed").select_option("On paper")
    page.get_by_label("Who collected it").fill("Ana Ruiz")
    page.get_by_label("What they were told").select_option("Another text")
    page.get_by_label("The text").fill("Texts about shifts, 2 a month.")
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_text("Nothing has been saved yet.")).to_be_visible()
    expect(page.get_by_label("The text")).to_have_value("Texts about shifts, 2 a month.")
    page.get_by_label("These people agreed").check()
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Check the rows").click()
    page.get_by_role("button", name="Opt in 1 number").click()
    expect(page.get_by_role("heading", name="To be asked to confirm")).to_be_visible()
    page.get_by_label("Also take back 1 opt-out").check()
    with live_server.session() as session:
        made = session.scalars(select(OptIn)).one()
        assert (made.number, made.status) == (MAYA, "active")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("Opt-ins ended")).to_be_visible()
    expect(page.get_by_text("Opt-outs taken back")).to_be_visible()
    page.goto(f"/opt-ins/{made.id}")
    expect(page.get_by_role("heading", name="Origin")).to_be_visible()
    expect(page.get_by_text("Ended: the import was undone")).to_be_visible()
    guest.context.close()


def test_a_new_user_imports_an_address_list_of_another_program(
    live_server: LiveServer, chromium: Browser, tmp_path: Path
) -> None:
    """In German, in Latin-1, with numbers in every form, some twice, some of people who left: five clicks, none to set
    anything right."""
    with live_server.session() as session:
        world.person(session, "Maya Chen", "+12065550100")
        cookie = cookie_of(live_server.app, session.scalars(select(User)).first())
    forms = ("+1 206 555 {}", "(206) 555-{}", "206.555.{}", "001206555{}", "206555{}")
    rows = ["Vorname;Nachname;Handy-Nr.;Mail;Firma;Abgemeldet"]
    for index in range(190):
        number = forms[index % 5].format(f"{100 + index:04}")
        out = "ja" if index % 23 == 5 else ""
        rows.append(f"Jürgen;Weiß {index};{number};person{index}@example.org;Bäckerei Süß;{out}")
    rows += [f"Käthe;Groß;(206) 555-0{101 + index};;;" for index in range(5)]
    rows += ["Ana;Núñez;keine;;;"] * 5
    file = tmp_path / "Kontakte.csv"
    file.write_bytes("\r\n".join(rows).encode("latin-1"))
    guest = ChromiumGuest(chromium, live_server.url)
    guest.context.add_cookies([{"name": "optin_session", "value": cookie, "url": live_server.url}])
    page = guest.page
    page.goto("/contacts")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_text("9 numbers will be opted out of everything")).to_be_visible()
    page.get_by_role("button", name="Import 190 people").click()
    expect(page.get_by_role("link", name="Import another file")).to_be_visible()
    for line in ("189New", "1Gaps filled", "5Left out", "5Can’t be read"):
        expect(page.locator(".reasons").first).to_contain_text(line)
    page.get_by_role("link", name="See rows : Gaps filled").click()
    expect(page.locator("main")).to_contain_text(
        "Already a contact by another name, Maya Chen: gets email and company."
    )
    with live_server.session() as session:
        person = session.scalars(select(Person).where(Person.mobile == "+12065550101")).one()
        assert (person.first_name, person.last_name, person.company) == ("Jürgen", "Weiß 1", "Bäckerei Süß")
    assert guest.complaints == []
    guest.context.close()
