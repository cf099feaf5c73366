"""Two texts in Chromium: composed, asked for, sent to some, and decided by a click."""

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import TextTestState
from optin.models import Broadcast, Campaign, Message
from tests.browser.looking import HEIGHT, WIDTHS, faults
from tests.browser.test_story import signed_in
from tests.support import outbox
from tests.support.faults.processes import until
from tests.support.servers import LiveServer

PEOPLE = 130


def arrange(session: Session) -> Campaign:
    """Have a campaign of enough people for a test, whom it may text."""
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    made = outbox.broadcast(session)
    outbox.add_people(session, made, outbox.numbers(PEOPLE))
    for message in session.scalars(select(Message).where(Message.broadcast_id == made.id)):
        session.delete(message)
    made.state = "cancelled"
    session.commit()
    return session.get_one(Campaign, made.campaign_id)


def look_at(page: Page, name: str) -> None:
    """Look at the page at three widths, light and dark."""
    assert faults(page, name) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})


def test_two_texts_are_composed_tested_and_decided(chromium: Browser, live_server: LiveServer) -> None:
    with live_server.session() as session:
        campaign_id = arrange(session).id
    guest = signed_in(chromium, live_server)
    page = guest.page
    page.emulate_media(reduced_motion="reduce")  # colours change at once
    page.goto(f"/campaigns/{campaign_id}?tab=broadcasts")
    page.get_by_label("Message", exact=True).fill("Can you come on Sunday?")
    expect(page.get_by_label("Text B")).to_be_hidden()
    page.get_by_text("Test two texts against each other").click()
    page.get_by_label("Text B").fill("Can you come on Sunday?")
    expect(page.get_by_text("Both texts are the same.")).to_be_visible()
    page.get_by_label("Text B").fill("Join us on Sunday — coffee is on us!")
    expect(page.locator("#other-advice").get_by_text("UCS-2 because of")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Text B")).to_have_value("Join us on Sunday — coffee is on us!")
    expect(page.get_by_label("Text B")).to_be_visible()
    page.get_by_label("Then", exact=True).select_option("click")
    look_at(page, "two-texts-compose")
    page.locator("#ready button.btn-primary").click()
    expect(page.get_by_text("50 people get each text.")).to_be_visible()
    look_at(page, "two-texts-confirm")
    page.locator("#confirm button.btn-primary").click()
    expect(page.get_by_text("Waiting for answers until")).to_be_visible(timeout=60_000)
    look_at(page, "two-texts-running")
    broadcast_id = int(page.url.rsplit("/", 1)[1].partition("?")[0])
    with live_server.session() as session:
        mine = Broadcast.id == broadcast_id
        session.execute(update(Broadcast).where(mine).values(test_ends_at=clock.now()))
        session.commit()

        def waits() -> bool:
            session.rollback()
            return session.scalar(select(Broadcast.test_state).where(mine)) == TextTestState.WAITING

        until(waits, 30, 0.2)
    expect(page.get_by_text("decide which text everybody else gets")).to_be_visible(timeout=10_000)
    look_at(page, "two-texts-waiting")
    page.get_by_role("button", name="Send Text B to the others").click()
    expect(page.get_by_text("Decided. The others get Text B.")).to_be_visible()
    expect(page.get_by_role("img", name=f"{PEOPLE} of {PEOPLE} handed to Twilio")).to_be_visible(timeout=60_000)
    look_at(page, "two-texts-decided")
    assert guest.complaints == []
