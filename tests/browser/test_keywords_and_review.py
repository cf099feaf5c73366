"""Keywords and review in a real browser: the list that fills itself, search as you type, the keys, accessibility."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import PersonKind, Role
from optin.models import Disclosure, Keyword
from optin.provider import senders
from tests.browser.guests import ChromiumGuest
from tests.conftest import add_user
from tests.support.servers import LiveServer
from tests.support.signing_in import cookie_of
from tests.support.world import MAYA, TOM, keyword, person, text

NARROW = {"width": 360, "height": 800}


@pytest.fixture
def store(live_server: LiveServer) -> Iterator[Session]:
    """A session on the running server's database; commit before the browser acts."""
    with live_server.session() as session:
        yield session


@pytest.fixture
def volunteer(store: Session) -> Keyword:
    """A keyword that Maya opted in with, who then wrote what may ask to stop."""
    made = keyword(store)
    person(store, "Maya Chen", MAYA)
    for said in ("volunteer", "hey could you please stop volunteer texts, too many"):
        text(store, said)
    return made


def guest(live_server: LiveServer, store: Session, chromium: Browser, **options: object) -> ChromiumGuest:
    """Let an agent sit at the browser."""
    user, app = add_user(store, Role.AGENT), live_server.app
    cookie = cookie_of(app, user)
    made = ChromiumGuest(chromium, live_server.url, **options)
    made.context.add_cookies([{"name": "optin_session", "value": cookie, "url": live_server.url}])
    return made


def test_a_text_appears_by_itself_while_somebody_is_typing(
    live_server: LiveServer, store: Session, volunteer: Keyword, chromium: Browser
) -> None:
    agent = guest(live_server, store, chromium)
    agent.open(f"/keywords/{volunteer.id}?tab=related")
    search = agent.page.get_by_label("Search opt-ins by number or name")
    search.fill("0177")
    expect(agent.page).to_have_url(f"{live_server.url}/keywords/{volunteer.id}?tab=related&q=0177")
    person(store, "Tom Baker", TOM, PersonKind.LEAD)
    text(store, "VOLUNTEER", TOM)
    expect(agent.page.locator("#opt-ins tbody tr").first).to_contain_text("(646) 555-0177")
    expect(agent.page.locator("#opt-ins-count")).to_have_text("1")
    expect(agent.page.locator("#keyword-figures dd").first).to_have_text("2")
    expect(search).to_be_focused()
    expect(search).to_have_value("0177")
    search.fill("nobody")
    expect(agent.page.locator("#opt-ins")).to_contain_text("Nothing found")
    assert agent.complaints == []
    agent.context.close()


def test_the_check_speaks_while_a_word_is_typed(live_server: LiveServer, store: Session, chromium: Browser) -> None:
    agent = guest(live_server, store, chromium)
    agent.open("/keywords/new")
    word = agent.page.get_by_label("Keyword")
    advice = agent.page.locator("#word-check")
    for typed, said in (("hello", "common word"), ("stop", "is reserved"), ("volunteer", "unlikely to be sent")):
        word.fill(typed)
        expect(advice).to_contain_text(said)
    agent.page.get_by_role("button", name="Save").click()
    expect(agent.page.locator("h1")).to_have_text("volunteer")
    assert agent.complaints == []
    agent.context.close()


def test_sharing_is_a_dialog_that_is_also_a_page(
    live_server: LiveServer, store: Session, volunteer: Keyword, chromium: Browser
) -> None:
    senders.ensure(store, "55512")
    store.commit()
    agent = guest(live_server, store, chromium, permissions=["clipboard-read", "clipboard-write"])
    agent.open(f"/keywords/{volunteer.id}")
    agent.page.get_by_role("link", name="Share").click()
    dialog = agent.page.get_by_role("dialog", name="Share volunteer")
    expect(dialog.get_by_role("link", name="sms:+14155550100?&body=VOLUNTEER")).to_be_visible()
    dialog.get_by_label("Number to text").select_option(label="55512 · short code")
    expect(dialog.get_by_role("link", name="sms:55512?&body=VOLUNTEER")).to_be_visible()
    assert [fault["id"] for fault in Axe().run(agent.page).response["violations"]] == []
    dialog.get_by_role("button", name="Copy the link").click()
    expect(dialog.get_by_text("Copied sms:55512?&body=VOLUNTEER")).to_be_visible()
    assert agent.page.evaluate("navigator.clipboard.readText()") == "sms:55512?&body=VOLUNTEER"
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    assert agent.url.endswith(f"/keywords/{volunteer.id}")
    assert agent.complaints == []
    agent.context.close()


def test_sharing_works_without_javascript(
    live_server: LiveServer, store: Session, volunteer: Keyword, chromium: Browser
) -> None:
    short = senders.ensure(store, "55512")
    store.commit()
    agent = guest(live_server, store, chromium, javascript=False)
    agent.open(f"/keywords/{volunteer.id}")
    agent.follow("Share")
    assert agent.heading == "Share volunteer"
    agent.page.get_by_label("Number to text").select_option(str(short.id))
    agent.page.get_by_role("button", name="Show").click()
    expect(agent.page.get_by_role("link", name="sms:55512?&body=VOLUNTEER")).to_be_visible()
    agent.follow("Poster to print")
    assert agent.heading == "Text VOLUNTEER to 55512"
    agent.context.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("told", ["", "Get up to 4 texts a month about clean-up days. " * 12])
def test_a_poster_is_one_sheet(
    live_server: LiveServer, store: Session, volunteer: Keyword, chromium: Browser, paper: str, told: str
) -> None:
    store.add(Disclosure(keyword_id=volunteer.id, version=1, text=told, created_at=clock.now()))
    store.commit()
    agent = guest(live_server, store, chromium)
    agent.open(f"/keywords/{volunteer.id}/poster")
    sheets = len(re.findall(rb"/Type\s*/Page\b", agent.page.pdf(format=paper)))
    assert sheets == 1
    agent.page.emulate_media(media="print")
    shown = agent.page.locator("body").inner_text()
    assert "agree to" not in shown
    assert "Print" not in shown
    assert "Msg & data rates may apply" in shown
    agent.context.close()


def test_one_key_decides_the_first_card(
    live_server: LiveServer, store: Session, volunteer: Keyword, chromium: Browser
) -> None:
    text(store, "stpo", TOM)
    agent = guest(live_server, store, chromium)
    agent.open("/review")
    agent.page.keyboard.press("k")
    expect(agent.page.locator("#undo")).to_contain_text("Kept: broadcasts reach Maya Chen again")
    agent.page.wait_for_load_state("load")
    agent.page.keyboard.press("o")
    expect(agent.page.locator("#undo")).to_contain_text("(646) 555-0177 is opted out")
    expect(agent.page.locator("h1")).to_have_text("Nothing on hold")
    assert [fault["id"] for fault in Axe().run(agent.page).response["violations"]] == []
    agent.page.wait_for_load_state("load")
    agent.page.keyboard.press("u")
    expect(agent.page.locator("#notices")).to_contain_text("Withdrawn: (646) 555-0177 is on hold again.")
    expect(agent.page.locator("h1")).to_have_text("1 number on hold")
    agent.context.close()


@pytest.mark.parametrize(("colours", "size"), [("light", None), ("dark", NARROW)])
def test_everybody_can_use_the_pages(
    live_server: LiveServer, store: Session, volunteer: Keyword, chromium: Browser, colours: str, size: dict | None
) -> None:
    text(store, "volunteer please", TOM)
    options = {"color_scheme": colours, **({"viewport": size} if size else {})}
    agent = guest(live_server, store, chromium, **options)
    record = f"/keywords/{volunteer.id}"
    tabs = [f"{record}?tab={tab}" for tab in ("related", "near", "history")]
    for address in ("/keywords", "/keywords/new", record, *tabs, "/opt-ins/1", "/opt-ins/new", "/review"):
        agent.open(address)
        found = Axe().run(agent.page).response["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == [], address
        wide = agent.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address} scrolls sideways"
    agent.context.close()
