"""In Chromium: where several elements ask for one place, an answer that comes late does not stand over a newer one."""

from datetime import timedelta

from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from optin import clock
from optin.models import CampaignMember, Person
from tests.browser.guests import ChromiumGuest
from tests.browser.test_story import signed_in
from tests.support import campaign_scene as scene
from tests.support import world
from tests.support.servers import LiveServer

NAMES = {"Maya Chen": world.MAYA, "Tom Reyes": world.TOM}


class Held:
    """Holds back the first request to an address, and lets all others pass."""

    def __init__(self, page: Page, pattern: str) -> None:
        self.page, self.first = page, None
        page.route(pattern, self._take)

    def _take(self, route: Route) -> None:
        if self.first is None:
            self.first = route
        else:
            route.continue_()

    def let_go(self) -> None:
        """Let the first be answered now, and wait until the page has taken it."""
        assert self.first is not None
        with self.page.expect_response(lambda answer: answer.request == self.first.request):
            self.first.continue_()
        self.page.wait_for_timeout(300)


def composing(chromium: Browser, live_server: LiveServer) -> tuple[ChromiumGuest, int]:
    with live_server.session() as session:
        campaign = scene.with_opted_in(session, NAMES)
        session.scalars(select(Person).where(Person.mobile == world.MAYA)).one().company = "Acme"
        session.commit()
    guest = signed_in(chromium, live_server)
    guest.page.goto(f"/campaigns/{campaign.id}?tab=broadcasts")
    return guest, campaign.id


def test_the_composer_shows_the_answer_to_the_last_choice(chromium: Browser, live_server: LiveServer) -> None:
    guest, _ = composing(chromium, live_server)
    page, button = guest.page, guest.page.locator("#ready button.btn-primary")
    page.get_by_label("Message", exact=True).fill("Hello")
    expect(page.locator("#advice")).to_contain_text("5 characters")
    held = Held(page, "**/broadcasts/preview")
    page.get_by_label("When", exact=True).select_option("later")
    expect(button).to_have_text("Send to 2 people")
    in_ten_days = clock.now() + timedelta(days=10)
    page.locator("#at").fill(f"{in_ten_days:%Y-%m-%dT12:34}")
    page.locator("#at").blur()
    expect(button).to_contain_text("12:34")
    held.let_go()
    expect(button).to_contain_text("12:34")
    page.get_by_label("Message", exact=True).fill("Hello you")
    expect(page.locator("#advice")).to_contain_text("9 characters")
    assert guest.complaints == []


def test_a_choice_that_is_gone_when_its_answer_comes_complains_of_nothing(
    chromium: Browser, live_server: LiveServer
) -> None:
    guest, _ = composing(chromium, live_server)
    page, button = guest.page, guest.page.locator("#ready button.btn-primary")
    page.get_by_label("Message", exact=True).fill("Hello {{ company }}")
    expect(page.get_by_text("is empty for")).to_be_visible()
    held = Held(page, "**/broadcasts/preview")
    page.get_by_label("Without a default, these people").select_option("leave_out")
    page.get_by_label("Message", exact=True).fill("Hello you")
    expect(page.get_by_text("is empty for")).to_have_count(0)
    expect(button).to_have_text("Send to 2 people")
    held.let_go()
    expect(page.get_by_text("is empty for")).to_have_count(0)
    expect(button).to_have_text("Send to 2 people")
    assert guest.complaints == []


def test_the_sheet_shows_the_last_why_that_was_asked(chromium: Browser, live_server: LiveServer) -> None:
    guest, campaign_id = composing(chromium, live_server)
    page = guest.page
    page.goto(f"/campaigns/{campaign_id}?tab=members")
    with live_server.session() as session:
        tom = session.scalars(select(CampaignMember).where(CampaignMember.number == world.TOM)).one().id
    links = page.locator("a.why-link")
    held = Held(page, "**/why*")
    theirs = [f"/members/{tom}/" in (links.nth(nth).get_attribute("href") or "") for nth in (0, 1)]
    links.nth(theirs.index(False)).click()
    links.nth(theirs.index(True)).click()
    expect(page.locator("#why-sheet")).to_contain_text("(646) 555-0177")
    held.let_go()
    expect(page.locator("#why-sheet")).to_contain_text("(646) 555-0177")
    assert guest.complaints == []
