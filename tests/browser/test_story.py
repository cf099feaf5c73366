"""The ten steps in Chromium, through the visible labels, with JavaScript and without; texts come from the phones."""

import pytest
from playwright.sync_api import Browser

from optin.clock import now
from optin.features.auth import links
from optin.models import User
from tests.browser.guests import ChromiumGuest
from tests.support.servers import LiveServer
from tests.support.story import Story


def signed_in(chromium: Browser, server: LiveServer, **options: object) -> ChromiumGuest:
    """Return a guest who came by the one-time link that the start prints."""
    with server.session() as session:
        token = links.issue(session, session.query(User).one(), now(), 1)
        session.commit()
    guest = ChromiumGuest(chromium, server.url, **options)  # type: ignore[arg-type]
    guest.open(f"/sign-in/{token}")
    guest.press_filled("Sign in as", {})
    return guest


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_story_in_a_browser(chromium: Browser, live_server: LiveServer, javascript: bool) -> None:
    guest = signed_in(chromium, live_server, javascript=javascript)
    phones = guest.new_page()

    def texts(number: str, body: str) -> None:
        phones.goto(f"/simulator/phones?phone={number.replace('+', '%2B')}")
        phones.get_by_label("Text message").first.fill(body)
        with phones.expect_response(lambda answer: answer.request.method == "POST"):
            phones.get_by_role("button", name="Send").first.click()
        phones.locator(".bubble.me", has_text=body).last.wait_for()

    Story(guest, live_server.app, texts).run()
    assert [said for said in guest.complaints if "status of 422" not in said] == []  # a form asks back
