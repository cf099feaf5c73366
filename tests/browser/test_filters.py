"""Filters in Chromium: a day by its calendar or a number of days, whichever is asked for, with and without scripts."""

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from optin.models import User
from tests.browser.guests import ChromiumGuest
from tests.support import world
from tests.support.servers import LiveServer
from tests.support.signing_in import cookie_of


@pytest.mark.parametrize("javascript", [True, False])
def test_a_day_or_a_number_of_days(live_server: LiveServer, chromium: Browser, javascript: bool) -> None:
    with live_server.session() as session:
        world.person(session, "Maya Chen", world.MAYA)
        cookie = cookie_of(live_server.app, session.scalars(select(User)).first())
    guest = ChromiumGuest(chromium, live_server.url, javascript=javascript)
    guest.context.add_cookies([{"name": "optin_session", "value": cookie, "url": live_server.url}])
    page = guest.page
    page.goto("/contacts?add=heard")
    day, days = (
        page.get_by_label("Last text from them: day", exact=True),
        page.get_by_label("Last text from them: days"),
    )
    expect(day).to_be_visible()
    expect(days).to_be_hidden()
    day.fill("2026-05-03")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_label("Filters")).to_contain_text("on or after 2026-05-03")
    page.get_by_text("Change filters").click()
    expect(day).to_have_value("2026-05-03")
    page.get_by_label("Last text from them: how").select_option("in the last … days")
    expect(day).to_be_hidden()
    days.fill("30")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_label("Filters")).to_contain_text("in the last 30 days")
    page.get_by_text("Change filters").click()
    page.get_by_label("Last text from them: how").select_option("never")
    expect(days).to_be_hidden()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_label("Filters")).to_contain_text("never")
    assert guest.complaints == []
    guest.context.close()
