"""Who got many texts lately, in Chromium: left out by a click before sending, seen in the composer, and not sent to."""

from datetime import timedelta

from playwright.sync_api import Browser, Page, expect

from optin import clock
from tests.browser.looking import HEIGHT, WIDTHS, faults
from tests.browser.test_story import signed_in
from tests.support import campaign_scene as scene
from tests.support import outbox, world
from tests.support.servers import LiveServer

CHOICE = "Leave out whoever got 3 or more of your texts within the last 7 days"


def look_at(page: Page, name: str) -> None:
    """Look at the page at three widths, light and dark."""
    assert faults(page, name) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})


def test_they_are_left_out_by_a_click(chromium: Browser, live_server: LiveServer) -> None:
    with live_server.session() as session:
        campaign_id = scene.with_opted_in(session, {"Maya Chen": world.MAYA, "Tom Reyes": world.TOM}).id
        for days in (5, 4, 3):
            with clock.at(clock.now() - timedelta(days=days)):
                outbox.reached(session, world.MAYA).state = "sent"
        session.commit()
    guest = signed_in(chromium, live_server)
    page = guest.page
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/campaigns/{campaign_id}?tab=broadcasts")
    expect(page.get_by_label(CHOICE)).to_have_count(0)
    page.get_by_label("Message", exact=True).fill("Bring gloves on Saturday")
    page.locator("#ready button.btn-primary").click()
    expect(page.get_by_text("1 of 2 people got 3 or more of your texts")).to_be_visible()
    look_at(page, "many-texts-asked")
    page.get_by_role("button", name="Leave out 1 person who got 3 texts in 7 days").click()
    expect(page.get_by_role("button", name="Send to 1 person")).to_be_visible()
    look_at(page, "many-texts-left-out")
    page.get_by_role("button", name="Change the message").click()
    expect(page.locator("#ready button.btn-primary")).to_have_text("Send to 1 person")
    look_at(page, "many-texts-composer")
    page.get_by_label(CHOICE).uncheck()
    expect(page.locator("#ready button.btn-primary")).to_have_text("Send to 2 people")
    page.get_by_label(CHOICE).check()
    expect(page.locator("#ready button.btn-primary")).to_have_text("Send to 1 person")
    page.locator("#ready button.btn-primary").click()
    page.locator("#confirm button.btn-primary").click()
    page.get_by_role("link", name="Not sent to").click()
    expect(page.get_by_role("cell", name="Got 3 texts in the last 7 days")).to_be_visible()
    look_at(page, "many-texts-not-sent")
    assert guest.complaints == []
