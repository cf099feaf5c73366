"""The phones in a real browser: what is typed survives what arrives, Enter sends it, the thread stays at its end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy.orm import Session

from optin.enums import Role
from optin.refused import done
from tests.conftest import add_user
from tests.support import world
from tests.support.clients import Browser
from tests.support.servers import LiveServer
from tests.support.world import MAYA, OURS
from twilio_simulator.phone_pages import control

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
HTMX = (Path(__file__).parents[2] / "static/vendor/htmx.min.js").read_text()
AT_THE_END = "box => Math.abs(box.scrollTop) < 2 && box.scrollHeight > box.clientHeight"

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists() and "OPTIN_REQUIRE_BROWSER" not in os.environ, reason="needs Chromium: apt install chromium"
)


@pytest.fixture
def page(live_server: LiveServer) -> Iterator[Page]:
    """The page with Maya's phone in Chromium, an agent signed in; HTMX comes as if from the CDN."""
    with live_server.session() as session:
        cookie = _cookie_of_an_agent(live_server, session)
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = chromium.new_context(base_url=live_server.url, viewport={"width": 1320, "height": 900})
        context.add_cookies([{"name": "optin_session", "value": cookie, "url": live_server.url}])
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
        context.route("https://**", lambda route: route.fulfill(body=HTMX, headers=headers))
        page = context.new_page()
        page.goto("/simulator/phones?phone=%2B14155550134")
        _wait_for_htmx(page)
        yield page
        chromium.close()


def _wait_for_htmx(page: Page) -> None:
    """Wait until HTMX is there; by hand, since the page's policy forbids the eval that wait_for_function needs."""
    for _ in range(150):
        if page.evaluate("!!window.htmx"):
            return
        page.wait_for_timeout(100)
    raise AssertionError("HTMX did not come")


def _cookie_of_an_agent(live_server: LiveServer, session: Session) -> str:
    world.keyword(session, "volunteer")
    live_server.app.test_client_class = Browser
    client = live_server.app.test_client()
    assert isinstance(client, Browser)
    client.sign_in(add_user(session, Role.AGENT))
    cookie = client.get_cookie("optin_session")
    assert cookie
    return cookie.value


def test_what_is_typed_survives_what_arrives(live_server: LiveServer, page: Page) -> None:
    field = page.get_by_label("Text message")
    field.fill("I was about to")
    for number in range(9):
        done(control.send(live_server.app.config["OPTIN"], MAYA, OURS, f"text {number}"))
    expect(page.get_by_text("text 8")).to_be_visible(timeout=15000)
    expect(field).to_have_value("I was about to")
    expect(field).to_be_focused()
    assert page.get_by_role("log").evaluate(AT_THE_END)


def test_enter_sends_what_is_typed_and_empties_the_field(page: Page) -> None:
    field = page.get_by_label("Text message")
    field.fill("hello there")
    field.press("Enter")
    expect(page.get_by_role("log").get_by_text("hello there")).to_be_visible()
    expect(field).to_have_value("")
    expect(field).to_be_focused()


def test_a_suggestion_is_sent_at_a_tap_and_answered(page: Page) -> None:
    field = page.get_by_label("Text message")
    field.fill("not yet")
    page.get_by_role("button", name="STOP").click()
    expect(page.get_by_text("answered by Twilio")).to_be_visible()
    expect(field).to_have_value("not yet")


def test_nothing_typed_is_not_sent(page: Page) -> None:
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("No texts yet")).to_be_visible()
    assert page.get_by_label("Text message").evaluate("field => field.validity.valueMissing")
