"""Short links in Chromium: the domain is named, a text with links is composed and sent, and a link is opened."""

from http.client import HTTPConnection

from playwright.sync_api import Browser, expect
from sqlalchemy import select

from optin.models import Message, ShortLink
from tests.browser.test_story import signed_in
from tests.browser.test_two_texts import arrange, look_at
from tests.support.servers import LiveServer
from tests.support.short_links import HOST, PHONE

LONG = "https://river.example/clean-up/2026/november/saturday-at-the-boat-house?from=sms"


def opened(server: LiveServer, code: str) -> tuple[int, str | None]:
    """Open a short link as a phone does; no name server knows the domain."""
    connection = HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=30)
    connection.request("GET", f"/{code}", headers={"Host": HOST, "User-Agent": PHONE})
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("Location")


def test_links_are_shortened_sent_and_opened(chromium: Browser, live_server: LiveServer) -> None:
    with live_server.session() as session:
        campaign_id = arrange(session).id
    guest = signed_in(chromium, live_server)
    page = guest.page
    page.emulate_media(reduced_motion="reduce")  # colours change at once
    page.goto("/settings/short-links")
    page.get_by_label("Your short domain").fill("bit.ly")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("bit.ly is a public shortener").first).to_be_visible()
    look_at(page, "short-links-refused")
    guest.complaints.clear()  # Chromium tells of the 422
    page.get_by_label("Your short domain").fill(HOST)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: Domain of short links.")).to_be_visible()
    look_at(page, "short-links-settings")

    page.goto(f"/campaigns/{campaign_id}?tab=broadcasts")
    page.get_by_label("Message", exact=True).fill("Come on Saturday")
    expect(page.locator("#advice").get_by_text("16 characters")).to_be_visible()
    expect(page.get_by_label("Shorten links and count clicks")).to_have_count(0)
    page.get_by_label("Message", exact=True).fill(f"Come on Saturday: {LONG}")
    box = page.get_by_label("Shorten links and count clicks")
    expect(box).not_to_be_checked()
    expect(page.locator("#ready").get_by_text(LONG)).to_be_visible()
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator("#ready").get_by_text(f"https://{HOST}/xxxxxx")).to_be_visible()
    expect(page.locator("#advice").get_by_text("47 characters")).to_be_visible()
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    look_at(page, "short-links-compose")
    page.locator("#ready button.btn-primary").click()
    expect(page.get_by_text("1 link is shortened under go.example.org")).to_be_visible()
    look_at(page, "short-links-confirm")
    page.locator("#confirm button.btn-primary").click()
    expect(page.get_by_role("img", name="130 of 130 handed to Twilio")).to_be_visible(timeout=60_000)
    with live_server.session() as session:
        code = session.scalars(select(ShortLink.code)).one()
        bodies = set(session.scalars(select(Message.body).where(Message.broadcast_id.is_not(None))))
        session.rollback()
    assert bodies == {f"Come on Saturday: https://{HOST}/{code}"}
    assert [opened(live_server, code) for _ in range(3)] == [(302, LONG)] * 3
    live_server.app.extensions["short_link_clicks"].write()
    page.get_by_role("link", name="Their texts, by hour, and earlier broadcasts").click()
    expect(page.locator("#clicks").get_by_text("3 clicks")).to_be_visible()
    look_at(page, "short-links-results")
    assert guest.complaints == []
