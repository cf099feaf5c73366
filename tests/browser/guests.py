"""Somebody at a real Chromium: the CDN is answered with our copy of HTMX, all else outside is refused."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Route, expect

ROOT = Path(__file__).resolve().parent.parent.parent
HTMX = (ROOT / "static/vendor/htmx.min.js").read_text()
PATIENCE = 20_000
"""In milliseconds: other tests run beside."""
expect.set_options(timeout=PATIENCE)


class ChromiumGuest:
    """Finds fields by their visible labels, buttons and links by their text. `complaints` is what the browser said."""

    def __init__(self, chromium: Browser, address: str, *, javascript: bool = True, **options: Any) -> None:
        self.context = chromium.new_context(
            base_url=address,
            java_script_enabled=javascript,
            **{"viewport": {"width": 1320, "height": 900}, **options},
        )
        self.context.set_default_timeout(PATIENCE)
        self.context.route(re.compile("^https?://"), lambda route: _answer(route, address))
        self.complaints: list[str] = []
        self.javascript = javascript
        self.page = self.new_page()

    def new_page(self) -> Page:
        """Open one more tab."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        return page

    @property
    def url(self) -> str:
        """Return the page's address."""
        return self.page.url

    @property
    def text(self) -> str:
        """Return what the page says to everybody, spaces collapsed."""
        return " ".join(self.page.locator("body").inner_text().split())

    @property
    def heading(self) -> str:
        """Return the page's h1."""
        return " ".join((self.page.locator("h1").text_content() or "").split())

    def open(self, address: str) -> None:
        """Open a page by its address."""
        self.page.goto(address)

    def follow(self, words: str) -> None:
        """Follow the link with these words."""
        links = self.page.locator("main").get_by_role("link", name=re.compile(rf"^{re.escape(words)}( \d+( new)?)?$"))
        links.first.click()
        self.page.wait_for_load_state()

    def press_filled(self, button: str, filled: dict[str, object]) -> None:
        """Fill the fields with these labels and press the button in their form."""
        form = self.page.locator("main form").filter(has=self.page.get_by_role("button", name=button))
        for label in filled:
            form = form.filter(has=self.page.get_by_label(label, exact=True))
        for label, value in filled.items():
            _fill(form.first.get_by_label(label, exact=True), value)
        pressed = form.first.get_by_role("button", name=button).first
        with self.page.expect_response(
            lambda answer: answer.request.method in ("POST", "GET") and answer.ok is not None
        ):
            pressed.click()
        self.page.wait_for_load_state("networkidle" if self.javascript else "load")

    def wait_for(self, words: str) -> None:
        """Wait until the page says this: by itself with JavaScript, else when it is opened again."""
        if self.javascript:
            expect(self.page.locator("main")).to_contain_text(words, timeout=20_000)
            return
        for _ in range(100):
            if words in self.text:
                return
            self.page.wait_for_timeout(200)
            self.page.reload()
        raise AssertionError(f"{self.url} never said {words!r}: {self.text}")


def _fill(field: Locator, value: object) -> None:
    if isinstance(value, bool):
        field.set_checked(value)
    else:
        field.fill(str(value))


def _answer(route: Route, address: str) -> None:
    if route.request.url.startswith(address):
        route.continue_()
    elif "htmx" in route.request.url:
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
        route.fulfill(body=HTMX, headers=headers)
    else:
        route.abort()
