"""1:1 SMS Messaging and the forms of people in a real browser: the composer opens by itself and never loses a text."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from optin.enums import Purpose, Role
from optin.models import Conversation, Keyword, Message, Person
from optin.person import records
from optin.policy import policy
from optin.refused import done
from tests.browser.guests import HTMX
from tests.conftest import add_user
from tests.features.conftest import noor, text, volunteer
from tests.support import campaign_scene as scene
from tests.support.signing_in import cookie_of

__all__ = ["noor", "text", "volunteer"]


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The address of the app, running."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(app: Flask, session: Session, address: str, chromium: Any) -> Iterator[Page]:
    """A page of a browser in which an agent is signed in."""
    with signed_in(app, session, address, chromium) as context:
        yield context.new_page()


def signed_in(app: Flask, session: Session, address: str, chromium: Any, **options: Any) -> BrowserContext:
    """A browser in which a new agent is signed in; the CDN answers with our own copy of HTMX."""
    user = add_user(session, Role.AGENT)
    value = cookie_of(app, user)
    context: BrowserContext = chromium.new_context(base_url=address, viewport={"width": 1320, "height": 900}, **options)
    context.add_cookies([{"name": str(app.config["SESSION_COOKIE_NAME"]), "value": value, "url": address}])
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
    context.route(re.compile(r"^https://"), lambda route: route.fulfill(body=HTMX, headers=headers))
    return context


@pytest.fixture
def required(session: Session, volunteer: Keyword) -> None:
    """Require Opt-In for 1:1 SMS Messaging is on."""
    policy.change(session, None, require_opt_in_for_one_to_one=True)


def sent(session: Session) -> list[str]:
    """The 1:1 messages in the outbox."""
    found = list(session.scalars(select(Message.body).where(Message.purpose == Purpose.ONE_TO_ONE)))
    session.commit()
    return found


@pytest.mark.parametrize("place", ["record", "inbox"])
def test_the_composer_opens_by_itself_and_keeps_what_is_typed(
    page: Page, session: Session, noor: Person, required: None, text: Callable[..., Message], place: str
) -> None:
    text("Is there parking?")
    session.commit()
    conversation = session.scalars(select(Conversation)).one()
    session.commit()
    page.goto(f"/contacts/{noor.id}" if place == "record" else f"/inbox/{conversation.id}")
    expect(page.get_by_text("You can’t text Noor: this number has not opted in.")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    page.get_by_label("Message", exact=True).press_sequentially("Hi {{ first_name }}, are")
    text("volunteer")
    session.commit()
    expect(page.get_by_role("button", name="Send")).to_be_enabled(timeout=8000)
    expect(page.locator("#composer-warning")).to_be_empty()
    expect(page.locator("#number-status")).to_have_text("Opted in with volunteer")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type(" you there?")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Hi {{ first_name }}, are you there?")
    expect(page.locator("#composer-count")).to_have_text("23 characters · 1 segment")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".bubble.out", has_text="Hi Noor, are you there?")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    assert sent(session) == ["Hi Noor, are you there?"]
    text("STOP")
    session.commit()
    expect(page.get_by_role("button", name="Send")).to_be_disabled(timeout=8000)
    expect(page.locator("#composer-warning")).to_contain_text("Only they can undo that")


def test_a_draft_survives_leaving_the_page(page: Page, session: Session, noor: Person, volunteer: Keyword) -> None:
    session.commit()
    page.goto(f"/contacts/{noor.id}")
    page.get_by_label("Message", exact=True).press_sequentially("Half a thought")
    page.goto(f"/contacts/{noor.id}?tab=history")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Half a thought")
    page.keyboard.press("Escape")
    page.get_by_label("Message", exact=True).press("Control+Enter")
    expect(page.locator(".bubble.out", has_text="Half a thought")).to_be_visible()
    page.goto(f"/contacts/{noor.id}")
    expect(page.get_by_label("Message", exact=True)).to_have_value("")


def test_a_send_that_is_refused_meanwhile_keeps_the_text(
    page: Page, session: Session, noor: Person, volunteer: Keyword
) -> None:
    session.commit()
    page.goto(f"/contacts/{noor.id}")
    page.route("**/thread?*", lambda route: route.abort())
    page.get_by_label("Message", exact=True).fill("Hi Noor")
    policy.change(session, None, require_opt_in_for_one_to_one=True)
    session.commit()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("You can’t text Noor: this number has not opted in.")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Hi Noor")
    assert sent(session) == []


def test_leaving_the_number_field_says_what_ends(
    page: Page, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("volunteer")
    session.commit()
    page.goto(f"/contacts/{noor.id}/edit")
    page.get_by_label("Mobile phone").fill("(206) 555-0147")
    page.get_by_label("Email").focus()
    expect(page.get_by_text("This ends 1 opt-in: volunteer.")).to_be_visible()
    page.get_by_role("button", name="Save and end 1 opt-in").click()
    expect(page.get_by_text("Saved. 1 opt-in of (206) 555-0163 ended: volunteer.")).to_be_visible()


def press(page: Page, key: str, opens: str) -> None:
    """Press a key that leads to a conversation, and wait until its page is there as a whole."""
    page.keyboard.press(key)
    expect(page.locator("#thread-title")).to_have_text(opens)
    page.wait_for_load_state()


def test_the_inbox_is_live_and_used_by_keys(
    page: Page, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("Hello", "+14155550101")
    text("Hello")
    session.commit()
    page.goto("/inbox")
    press(page, "j", "Noor Haddad")
    press(page, "j", "(415) 555-0101")
    page.keyboard.press("r")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    text("One more thing", "+13125550118")
    session.commit()
    expect(page.locator("#inbox-list .name").first).to_have_text("(312) 555-0118", timeout=8000)
    press(page, "k", "Noor Haddad")
    page.keyboard.press("e")
    expect(page.get_by_text("Closed. It reopens by itself when they text.")).to_be_visible()
    page.wait_for_load_state()
    page.get_by_label("Search conversations").fill("one more")
    expect(page.locator("#inbox-list .name")).to_have_text(["(312) 555-0118"])
    expect(page).to_have_url(re.compile(r"q=one\+more|q=one%20more"))


def test_the_list_of_conversations_keeps_its_place(
    page: Page, session: Session, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    for last in range(100, 130):
        text("Hello", f"+14155550{last}")
    session.commit()
    page.goto("/inbox")
    page.get_by_role("link", name="(415) 555-0104").click()
    expect(page.locator("#thread-title")).to_have_text("(415) 555-0104")
    opened = page.locator("#inbox-list [aria-current]")
    expect(opened).to_be_in_viewport()
    at = page.locator("#inbox-list .threads").evaluate("list => list.scrollTop")
    text("One more thing", "+13125550118")
    session.commit()
    expect(page.locator("#inbox-list .name").first).to_have_text("(312) 555-0118", timeout=8000)
    assert page.locator("#inbox-list .threads").evaluate("list => list.scrollTop") == at > 0
    page.get_by_label("Search conversations").fill("Hello")
    expect(page.locator("#inbox-list .name").first).to_have_text("(415) 555-0129")
    expect(page.locator("#inbox-list .name").first).to_be_in_viewport()


def test_what_was_refused_is_not_said_of_the_next_try(page: Page, noor: Person, session: Session) -> None:
    session.commit()
    page.goto(f"/contacts/{noor.id}/edit")
    mobile = page.get_by_label("Mobile phone")
    mobile.fill("abc")
    page.get_by_role("button", name="Save").click()
    said = page.locator("#mobile-error")
    expect(said).to_have_text("A phone number has no letters: enter its digits.")
    expect(mobile).to_have_attribute("aria-invalid", "true")
    mobile.fill("(206) 555-0147")
    expect(said).to_have_count(0)
    expect(mobile).not_to_have_attribute("aria-invalid", "true")


def test_the_text_of_a_broadcast_survives_making_a_template(
    page: Page, session: Session, noor: Person, volunteer: Keyword, text: Callable[..., Message]
) -> None:
    text("volunteer")
    campaign = scene.campaign(session, volunteer)
    scene.member(session, campaign, noor)
    page.goto(f"/campaigns/{campaign.id}?tab=broadcasts")
    page.get_by_label("Message", exact=True).press_sequentially("Half a thought")
    page.get_by_text("Use template").click()
    page.get_by_role("link", name="Create one").click()
    expect(page.locator("h1, h2").filter(has_text="Templates").first).to_be_visible()
    page.goto(f"/campaigns/{campaign.id}?tab=broadcasts")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Half a thought")
    expect(page.locator("#advice")).to_contain_text("14 characters")
    page.get_by_role("button", name="Send to 1 person").click()
    page.get_by_role("button", name="Send to 1 person").click()
    expect(page.locator("h1")).to_have_text("Broadcast to Volunteer Campaign")
    page.goto(f"/campaigns/{campaign.id}?tab=broadcasts")
    expect(page.get_by_label("Message", exact=True)).to_have_value("")


@pytest.mark.parametrize("width", [1320, 768, 360])
def test_pages_fit_and_are_accessible(
    page: Page, session: Session, noor: Person, required: None, text: Callable[..., Message], width: int
) -> None:
    done(records.create(session, noor.kind, {"first_name": "A" * 80, "mobile": "+12065550163"}, None))  # type: ignore[arg-type]
    text("volunteer")
    text("Is there parking? https://example.org/" + "a-long-address/" * 8)
    text("STOP")
    session.commit()
    page.set_viewport_size({"width": width, "height": 800})
    for path in (f"/contacts/{noor.id}?tab=related", "/contacts", f"/contacts/{noor.id}/edit", "/inbox", "/inbox/1"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        found = Axe().run(page).response["violations"]
        assert [(item["id"], item["nodes"][0]["target"]) for item in found] == [], path


def test_everything_works_without_javascript(
    app: Flask,
    session: Session,
    address: str,
    chromium: Any,
    noor: Person,
    required: None,
    text: Callable[..., Message],
) -> None:
    text("volunteer")
    with signed_in(app, session, address, chromium, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/inbox")
        page.get_by_role("link", name="Noor Haddad").first.click()
        page.get_by_label("Message", exact=True).fill("Welcome")
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".bubble.out", has_text="Welcome")).to_be_visible()
        page.get_by_role("link", name="Noor Haddad").last.click()
        page.get_by_role("link", name="Edit").click()
        page.get_by_label("Mobile phone").fill("(206) 555-0147")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Save and end 1 opt-in").click()
        expect(page.get_by_text("You can’t text Noor: this number has not opted in.")).to_be_visible()
