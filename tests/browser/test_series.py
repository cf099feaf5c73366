"""A series in Chromium: written with advice under each text, started, and texted to who opts in."""

import os

from playwright.sync_api import Browser, expect

from tests.browser.test_story import signed_in
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.servers import LiveServer


def test_a_series_is_written_and_started(chromium: Browser, live_server: LiveServer) -> None:
    with live_server.session() as session:
        scene.sender(session)
        campaign_id = scene.campaign(session, world.keyword(session)).id
    guest = signed_in(chromium, live_server)
    page = guest.page
    page.goto(f"/campaigns/{campaign_id}?tab=broadcasts")
    page.get_by_role("link", name="Series").click()
    page.get_by_role("link", name="New series").click()
    page.get_by_label("Name").fill("Welcome")
    page.get_by_label("Wait").fill("3")
    page.get_by_label("Hours or days").select_option("hours")
    page.get_by_label("Message 1").fill("Hi {{ first_name | there }}, welcome ‘aboard’ {{ nobody }}")
    expect(page.locator("#advice-1")).to_contain_text("UCS-2")
    expect(page.locator("#advice-1 .field-error")).to_have_count(1)
    page.get_by_label("Message 1").fill("Hi {{ first_name | there }}, welcome")
    expect(page.locator("#advice-1")).to_contain_text("reads: “Hi there, welcome”")
    page.get_by_role("button", name="Add a text").click()
    expect(page.get_by_label("Message 1")).to_have_value("Hi {{ first_name | there }}, welcome")
    page.get_by_label("Message 2").fill("How is it going?")
    page.get_by_label("Then at (optional)").nth(1).fill("10:00")
    page.get_by_role("button", name="Add a text").click()
    page.get_by_role("button", name="Remove text 3").click()
    if folder := os.environ.get("OPTIN_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/series-form.png", full_page=True)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nothing goes out until you start it.")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("1 day after text 1, then at 10:00 where they are")).to_be_visible()
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_text("It has been started")).to_be_visible()
    expect(page.get_by_role("button", name="Add a text")).to_have_count(0)
    page.get_by_label("Message 2").fill("How do you like it?")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Whoever has not got a text yet gets it as it is now.")).to_be_visible()
    assert guest.complaints == []
