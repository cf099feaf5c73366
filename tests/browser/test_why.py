"""Why? in a real browser: a dialog over the page, by mouse and keys, which is the page without a script."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from optin.models import Keyword
from optin.sending import put_out
from tests.browser.test_one_to_one import address, page, signed_in
from tests.features.conftest import volunteer
from tests.support import campaign_scene as scene
from tests.support import world

__all__ = ["address", "page", "volunteer"]


@pytest.fixture
def places(session: Session, volunteer: Keyword) -> dict[str, str]:
    """A thread, a campaign's members and a broadcast's recipients."""
    maya = world.person(session, "Maya Cole", world.MAYA)
    came = world.text(session, "volunteer")
    campaign = scene.campaign(session, volunteer)
    scene.member(session, campaign, maya)
    broadcast = scene.broadcast(session, campaign, scene.sender(session), "sending")
    scene.member(session, campaign, world.person(session, "Tom Reed", world.TOM))
    put_out.begin(session, campaign, broadcast, None)
    session.commit()
    return {
        "inbox": f"/inbox/{came.conversation_id}",
        "record": f"/contacts/{maya.id}",
        "members": f"/campaigns/{campaign.id}?tab=members",
        "recipients": f"/broadcasts/{broadcast.id}",
        "not sent": f"/broadcasts/{broadcast.id}?view=not-sent",
    }


@pytest.mark.parametrize("width", [1320, 360])
@pytest.mark.parametrize("place", ["inbox", "record", "members", "recipients", "not sent"])
def test_it_opens_over_the_page_and_leaves_by_escape(
    page: Page, places: dict[str, str], place: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(places[place])
    link = page.locator(".why-link").first
    link.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.sheet[open]")
    expect(dialog).to_be_visible()
    expect(dialog.locator("h2").nth(1)).to_be_visible()
    assert page.url.endswith(places[place])
    assert [fault["id"] for fault in Axe().run(page).response["violations"]] == []
    assert dialog.evaluate("it => it.scrollWidth <= it.clientWidth + 1")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(link).to_be_focused()


def test_without_a_script_it_is_a_page(
    app: Flask, session: Session, address: str, chromium: Any, places: dict[str, str]
) -> None:
    with signed_in(app, session, address, chromium, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(places["inbox"])
        page.locator(".why-link").first.click()
        expect(page.locator("h1")).to_contain_text("Text from")
        page.get_by_role("link", name="Back").click()
        assert page.url.endswith(places["inbox"])
        page.goto(places["recipients"])
        page.get_by_role("link", name="Not sent to").click()
        page.get_by_label("Reason").select_option("not_opted_in")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("#recipients tbody tr")).to_have_count(1)
        page.locator(".why-link").first.click()
        expect(page.locator("#why")).to_contain_text("Tom Reed out when its messages were put into the outbox")
        page.get_by_role("link", name="Back").click()
        assert page.url.endswith(places["not sent"])
