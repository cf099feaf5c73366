"""A recurring broadcast in Chromium: composed, asked for before it is saved, paused and resumed."""

import os

from playwright.sync_api import Browser, expect

from tests.browser.test_story import signed_in
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.servers import LiveServer


def test_a_broadcast_is_composed_that_goes_out_again(chromium: Browser, live_server: LiveServer) -> None:
    with live_server.session() as session:
        campaign_id = scene.with_opted_in(session, {"Maya Chen": world.MAYA, "Tom Reyes": world.TOM}).id
    guest = signed_in(chromium, live_server)
    page = guest.page
    page.goto(f"/campaigns/{campaign_id}?tab=broadcasts")
    page.get_by_label("Message", exact=True).fill("Hi {{ first_name }}, clean-up at ten")
    expect(page.get_by_label("Again")).to_be_hidden()
    page.get_by_label("When", exact=True).select_option("later")
    expect(page.get_by_label("It ends")).to_be_hidden()
    page.get_by_label("Again").select_option("days")
    page.get_by_label("It ends").select_option("times")
    expect(page.get_by_label("Last day")).to_be_hidden()
    expect(page.get_by_text("Enter every how many days")).to_be_visible()
    page.get_by_label("Days from one to the next").fill("3")
    page.get_by_label("Days from one to the next").blur()
    expect(page.get_by_text("Enter every how many days")).to_have_count(0)
    page.get_by_label("How many times").fill("4")
    page.get_by_label("How many times").blur()
    expect(page.locator("#again-fault")).to_have_count(0)
    if folder := os.environ.get("OPTIN_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/compose-again.png", full_page=True)
    page.locator("#ready button.btn-primary").click()
    expect(page.get_by_text("Every 3 days at 10:00 (UTC), 4 times. Then:")).to_be_visible()
    if folder:
        page.screenshot(path=f"{folder}/confirm-again.png", full_page=True)
    page.locator("#confirm button.btn-primary").click()
    page.get_by_role("link", name="Date 1 of a recurring broadcast").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("It is paused")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("On again")).to_be_visible()
    assert guest.complaints == []
