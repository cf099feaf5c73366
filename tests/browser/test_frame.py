"""The frame in a real browser: HTMX from the CDN or from here, notices, keys, themes, narrow screens, no JavaScript."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route, expect
from werkzeug.serving import make_server

from tests.support.frame_app import ROOT, frame_app

HTMX = (ROOT / "static/vendor/htmx.min.js").read_text()
STARTED = "!!window.htmx && htmx.config.allowEval === false"
LOCAL_HTMX = "/static/vendor/htmx.min.js"


class Cdn:
    """Answers for the CDN: `delay_ms` None means never; counts who asked for HTMX where."""

    def __init__(self) -> None:
        self.works = True
        self.held: list[Route] = []

    def answer(self, route: Route) -> None:
        """Give HTMX at once, or hold the request until `release`."""
        if self.works:
            self.give(route)
        else:
            self.held.append(route)

    def release(self) -> None:
        """Let the answers arrive late."""
        while self.held:
            self.give(self.held.pop())

    def give(self, route: Route) -> None:
        """Answer as the CDN does."""
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
        route.fulfill(body=HTMX, headers=headers)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the frame's app, running."""
    app: Flask = frame_app(tmp_path_factory.mktemp("frame"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture
def cdn() -> Cdn:
    """The CDN, which works unless told otherwise."""
    return Cdn()


def open_page(chromium: Browser, address: str, cdn: Cdn, path: str = "/sample", **options: Any) -> Page:
    """Open a page in a fresh profile; anything the browser complains about fails the test at its end."""
    context: BrowserContext = chromium.new_context(
        base_url=address, **{"viewport": {"width": 1320, "height": 900}, **options}
    )
    context.route(re.compile("^https:"), cdn.answer)
    page = context.new_page()
    page.goto(path, wait_until="domcontentloaded")
    return page


def until(page: Page, expression: str) -> None:
    """Wait at most eight seconds until the expression is true; asked from outside, since the policy forbids eval."""
    for _ in range(80):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never true: {expression}")


def send_live(page: Page) -> None:
    """Send the form that HTMX swaps in place."""
    page.get_by_label("Live text").fill("hello")
    page.get_by_role("button", name="Send live").click()
    expect(page.locator("#sample")).to_have_text("You sent: hello")


def scripts_asked(page: Page, path: str) -> list[str]:
    """Return the addresses of the HTMX files that this page loaded, by the browser's own record."""
    found: list[str] = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    return [name for name in found if name.endswith(path)]


def test_htmx_swaps_in_place_and_the_notice_appears(chromium: Browser, address: str, cdn: Cdn) -> None:
    page = open_page(chromium, address, cdn)
    until(page, "!!window.htmx")
    send_live(page)
    expect(page.locator("#live-notices")).to_contain_text("12 members added")
    assert page.url == f"{address}/sample"
    assert scripts_asked(page, LOCAL_HTMX) == []
    assert page.evaluate("htmx.config.allowEval") is False


def test_htmx_that_arrives_after_the_page_was_read_still_starts(chromium: Browser, address: str, cdn: Cdn) -> None:
    cdn.works = False
    page = open_page(chromium, address, cdn)
    page.wait_for_timeout(300)
    cdn.release()
    until(page, STARTED)
    send_live(page)
    assert page.url == f"{address}/sample"


def test_without_the_cdn_htmx_comes_from_here_and_a_late_answer_does_nothing(
    chromium: Browser, address: str, cdn: Cdn
) -> None:
    cdn.works = False
    page = open_page(chromium, address, cdn)
    until(page, STARTED)
    page.evaluate("window.first = window.htmx")
    cdn.release()
    page.wait_for_load_state("load")
    page.wait_for_timeout(300)
    assert page.evaluate("window.first === window.htmx")
    assert len(scripts_asked(page, LOCAL_HTMX)) == 1
    send_live(page)
    assert page.url == f"{address}/sample"


def test_a_refused_request_says_so(chromium: Browser, address: str, cdn: Cdn) -> None:
    page = open_page(chromium, address, cdn)
    until(page, "!!window.htmx")
    page.get_by_role("button", name="Ask for nothing").click()
    expect(page.locator("#live-notices [role=alert]")).to_contain_text("The address is wrong")
    page.get_by_role("button", name="Dismiss").last.click()
    expect(page.locator("#live-notices .notice")).to_have_count(0)
    page.context.set_offline(True)
    page.get_by_role("button", name="Ask for nothing").click()
    expect(page.locator("#live-notices")).to_contain_text("No answer from the server")


def test_keys_press_and_focus_unless_somebody_types(chromium: Browser, address: str, cdn: Cdn) -> None:
    page = open_page(chromium, address, cdn)
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search", exact=True)
    expect(search).to_be_focused()
    page.keyboard.type("work")
    expect(search).to_have_value("work")
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    expect(page.get_by_label("Keyword", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Search")
    page.get_by_role("button", name="Close").click()
    page.locator("summary", has_text="Account of Ana Ruiz").click()
    page.get_by_role("button", name="Off").click()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(search).not_to_be_focused()


def test_a_question_comes_before_a_change(chromium: Browser, address: str, cdn: Cdn) -> None:
    page = open_page(chromium, address, cdn)
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", refuse)
    page.get_by_role("button", name="+ Add Opt-Ins").click()
    assert asked == ["Add 12?"]
    expect(page.locator("#notices .notice")).to_have_count(0)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="+ Add Opt-Ins").click()
    expect(page.locator("#notices")).to_contain_text("12 members added")


def test_the_theme_follows_the_system_until_it_is_chosen(chromium: Browser, address: str, cdn: Cdn) -> None:
    page = open_page(chromium, address, cdn, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    assert dark == "rgb(18, 23, 29)"
    page.emulate_media(color_scheme="light")
    until(page, f"{ground} === 'rgb(245, 246, 248)'")
    page.locator("summary", has_text="Account of Ana Ruiz").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(ground) == dark
    page.goto("/campaigns")
    assert page.evaluate(ground) == dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_javascript_everything_is_there(chromium: Browser, address: str, cdn: Cdn, scheme: Any) -> None:
    options = {"java_script_enabled": False, "color_scheme": scheme, "viewport": {"width": 360, "height": 800}}
    page = open_page(chromium, address, cdn, **options)
    expect(page.get_by_role("link", name="Campaigns")).to_be_hidden()
    page.get_by_text("Menu", exact=True).click()
    expect(page.get_by_role("link", name="Campaigns")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search", exact=True)).to_be_visible()
    expect(page.locator("[data-copy]").first).to_be_hidden()
    page.get_by_label("Live text").fill("hello")
    page.get_by_role("button", name="Send live").click()
    expect(page.locator("#notices")).to_contain_text("12 members added")


@pytest.mark.parametrize("width", [360, 768, 1060, 1320])
@pytest.mark.parametrize("path", ["/sample?refused=1&said=Saved", "/fail/404"])
def test_nothing_scrolls_sideways(chromium: Browser, address: str, cdn: Cdn, width: int, path: str) -> None:
    page = open_page(chromium, address, cdn, path, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    cut = """[...document.querySelectorAll('.section')].filter((part) => part.scrollWidth > part.clientWidth)
        .map((part) => part.innerText.slice(0, 40))"""
    assert page.evaluate(cut) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1320])
def test_axe_finds_nothing(chromium: Browser, address: str, cdn: Cdn, scheme: Any, width: int) -> None:
    size = {"width": width, "height": 900}
    page = open_page(
        chromium, address, cdn, "/sample?refused=1&said=Saved", color_scheme=scheme, viewport=size, bypass_csp=True
    )
    page.locator("summary", has_text="Account of Ana Ruiz").click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_the_browser_has_nothing_to_complain_about(chromium: Browser, address: str, cdn: Cdn) -> None:
    page = open_page(chromium, address, cdn, "about:blank")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("warning", "error") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto("/sample")
    until(page, "!!window.htmx")
    send_live(page)
    assert said == []
