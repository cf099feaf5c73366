"""Every screen at three widths, light and dark: axe finds nothing, nothing scrolls sideways, nothing complains."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.billing import DEAR
from tests.browser.gallery import Gallery, gallery
from tests.browser.guests import ChromiumGuest
from tests.browser.looking import AXE, HEIGHT, SCHEMES, WIDTHS, faults

# What is looked at: a name, and an address that may begin with the name of one of the gallery's records.
SCREENS = {
    "home": "/",
    "contacts-views": "/contacts/views",
    "duplicates": "/duplicates",
    "merge": "merge",
    "merge-choose": "contact/merge",
    "view-new": "/contacts/views/new?owner=me",
    "act-deletion": "/contacts/act?act=deletion&all=1&company.contains=a",
    "contacts-filtered": "/contacts?owner.not=nobody&company.contains=a&added.since=2020-05-03&add=heard",
    "keywords": "/keywords",
    "keyword-new": "/keywords/new",
    "keyword": "keyword?tab=related",
    "keyword-details": "keyword",
    "keyword-edit": "keyword/edit",
    "keyword-near-misses": "keyword?tab=near",
    "keyword-history": "keyword?tab=history",
    "keyword-as-of": "keyword-as-of",
    "keyword-share": "keyword/share",
    "keyword-poster": "keyword/poster",
    "opt-in": "opt-in",
    "campaigns": "/campaigns",
    "campaign-empty": "campaign-empty?tab=broadcasts",
    "campaign": "campaign?tab=broadcasts",
    "campaign-sent": "campaign?tab=broadcasts&view=sent",
    "recurring": "recurring",
    "series": "series",
    "series-edit": "series/edit",
    "series-new": "campaign/series/new",
    "campaign-series": "series-campaign?tab=broadcasts&view=series",
    "campaign-members": "campaign?tab=members",
    "campaign-history": "campaign?tab=history",
    "campaign-as-of": "campaign/as-of?at=2026-02-30T10:00",
    "add-opt-ins": "campaign-empty/opt-ins",
    "adding-opt-ins": "adding-opt-ins",
    "added-opt-ins": "added-opt-ins",
    "add-members": "campaign/members/new",
    "paste": "paste",
    "pasted": "pasted",
    "members-file": "members-file",
    "members-imported": "members-imported",
    "other-campaign": "campaign-empty/members/from-campaign",
    "addition": "addition",
    "adding-members": "adding",
    "broadcast-sending": "broadcast-sending",
    "broadcast-canary": "broadcast-canary",
    "text-test-measuring": "text-test-measuring",
    "text-test-waiting": "text-test-waiting",
    "text-test-decided": "text-test-decided",
    "two-texts": "two-texts",
    "short-links": "short-links",
    "short-links-results": "short-links-results",
    "broadcast-done": "broadcast-done",
    "broadcast-not-sent": "broadcast-left-out?view=not-sent",
    "broadcast-results": "broadcast-done/results",
    "broadcast-opt-outs": "broadcast-done/results?show=opt-outs",
    "broadcast-scheduled": "broadcast-scheduled",
    "broadcast-changed": "broadcast-changed",
    "broadcast-edit": "broadcast-changed/edit",
    "broadcast-copy": "broadcast-done/copy",
    "follow-up": "follow-up",
    "why-sent": "why-sent",
    "why-refused": "why-refused",
    "why-left-out": "why-left-out",
    "why-text": "why-text",
    "why-member": "why-member",
    "contacts": "/contacts",
    "leads": "/leads?q=park",
    "contact": "contact",
    "contact-history": "contact?tab=history",
    "contact-left-out": "contact-left-out?tab=related",
    "contact-refused": "contact-refused",
    "contact-edit": "contact/edit",
    "opt-out-by-hand": "/opt-outs/new?number=%2B14155550134",
    "imports": "/imports",
    "import-file": "/imports/new/contact",
    "import-columns": "import-columns/columns",
    "import": "import?known=overwrite",
    "import-rows": "import/rows?known=fill&outcome=unreadable",
    "import-numbers": "import-numbers",
    "import-consent": "import-consent/consent",
    "import-opt-ins": "import-opt-ins",
    "import-opt-ins-done": "import-opt-ins-done",
    "import-opt-ins-undone": "import-opt-ins-undone",
    "import-people": "import-people",
    "opt-in-imported": "opt-in-imported",
    "proof": "opt-in/proof",
    "proof-imported": "opt-in-imported/proof",
    "proof-of-number": "/numbers/+14155550134/proof",
    "importing": "importing",
    "imported": "imported",
    "inbox": "/inbox?show=all",
    "inbox-thread": "conversation",
    "review": "/review",
    "review-opt-outs": "/review/opt-outs",
    "review-opt-out": "opt-out",
    "nightly-check": "/sending-check",
    "stop-sending": "/stop-sending",
    "settings": "/settings/sms",
    "settings-replies": "/settings/replies",
    "settings-hours": "/settings/hours",
    "settings-states": "/settings/states",
    "settings-state": "/settings/states/TX",
    "settings-prices": "/settings/prices",
    "settings-short-links": "/settings/short-links",
    "settings-consent-log": "/settings/consent-log",
    "settings-opted-out": "/settings/opted-out",
    "settings-templates": "/templates",
    "settings-template": "template",
    "settings-fields": "/settings/fields",
    "settings-field": "field",
    "settings-field-deletion": "field/deletion",
    "settings-twilio": "/settings/twilio",
    "settings-sender": "/settings/twilio/senders/1",
    "settings-users": "/settings/users",
    "settings-user": "user",
    "settings-audit": "/settings/audit",
    "settings-export": "export",
    "settings-move": "/settings/move",
    "move-reading": "move-reading",
    "move": "move",
    "move-rows": "move/rows/opt_in?outcome=left_out",
    "move-conflicts": "move/rows/opt_in?outcome=conflict",
    "moving": "moving",
    "move-paused": "move-paused",
    "moved": "moved",
    "search": "/search?q=river",
    "account": "/account",
    "phones": "/simulator/phones?phone=%2B14155550134&phone=%2B16465550177",
    "phones-faults": "/simulator/phones?phone=%2B14155550134&phone=%2B16465550177&faults=open",
    "not-found": "/campaigns/99999",
}
FOR_STRANGERS = {"sign-in": "/sign-in"}
REFUSED = ("not-found",)
ON_PAPER = ("keyword", "opt-in", "proof", "contact", "campaign-members", "broadcast-done", "settings-audit")


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> Iterator[Gallery]:
    """The running app with everything to look at."""
    with gallery(shared_folder, tmp_path_factory.mktemp("gallery")) as made:
        yield made


@pytest.fixture(scope="module")
def visit(chromium: Browser, rooms: Gallery) -> ChromiumGuest:
    """A tab in which the admin is signed in."""
    return guest(chromium, rooms, rooms.cookie)


def guest(chromium: Browser, rooms: Gallery, cookie: str = "") -> ChromiumGuest:
    """Sit somebody at a tab; axe needs a page that lets it in."""
    made = ChromiumGuest(chromium, rooms.url, bypass_csp=True, reduced_motion="reduce")  # colours change at once
    if cookie:
        made.context.add_cookies([{"name": "optin_session", "value": cookie, "url": rooms.url}])
    return made


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_as_it_should_be(rooms: Gallery, visit: ChromiumGuest, name: str) -> None:
    look(visit, name, address_of(rooms, name))


def test_while_all_sending_is_stopped(rooms: Gallery, visit: ChromiumGuest) -> None:
    page = visit.page
    page.goto("/")
    page.get_by_role("link", name="Stop all sending").click()
    page.get_by_label("Reason").fill("The text to River Team names the wrong day")
    page.get_by_role("button", name="Stop all sending").click()
    page.get_by_role("heading", name="All sending is stopped").wait_for()
    for name, address in (("sending-stopped", "/stop-sending"), ("broadcast-stopped", rooms.at["broadcast-sending"])):
        look(visit, name, address)
    page.goto("/stop-sending")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Lift the stop").click()
    page.get_by_text("The stop is lifted.").wait_for()


def test_the_question_before_a_broadcast_is_saved(rooms: Gallery, visit: ChromiumGuest) -> None:
    page = visit.page
    visit.complaints.clear()
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    page.goto(address_of(rooms, "broadcast-edit"))
    page.locator("#ready .btn-primary").click()
    page.get_by_role("group", name="Empty merge fields").get_by_role("button", name="Leave out").click()
    page.get_by_text("left out.", exact=False).first.wait_for()
    assert faults(page, "broadcast-confirm") == []
    page.get_by_label("Default instead").first.fill("your team")
    page.get_by_role("button", name="Put it into the text").first.click()
    page.get_by_text("your team").first.wait_for()
    assert page.get_by_role("group", name="Empty merge fields").count() == 0
    assert visit.complaints == []


def test_two_who_change_the_same_broadcast(rooms: Gallery, visit: ChromiumGuest) -> None:
    visit.complaints.clear()
    pages = [visit.page, visit.context.new_page()]
    for page in pages:
        page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        page.goto(address_of(rooms, "broadcast-edit"))
    for page, text in zip(reversed(pages), ("Sunday at ten, at the boat house.", "Sunday at nine!"), strict=True):
        page.locator("#body").fill(text)
        page.locator("#ready .btn-primary").click()
        page.locator("#confirm .btn-primary").click()
    pages[1].get_by_text("Saved").first.wait_for()
    pages[1].close()
    late = pages[0]
    late.get_by_role("heading", name="As it is now").wait_for()
    assert late.get_by_text("Sunday at ten, at the boat house.").count() == 1
    assert late.get_by_label("Your message").input_value() == "Sunday at nine!"
    assert faults(late, "broadcast-409") == []
    assert [said for said in visit.complaints if "409" not in said] == []


def test_what_a_broadcast_costs_and_who_makes_it_dear(rooms: Gallery, visit: ChromiumGuest) -> None:
    page = visit.page
    visit.complaints.clear()
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    page.goto("/settings/prices")
    page.get_by_label("Countries").fill("US, DE")
    page.get_by_role("button", name="Fetch prices").click()
    page.get_by_text("Fetched:").wait_for()
    page.goto(f"{rooms.at['campaign-dear']}?tab=broadcasts")
    page.locator("#body").fill(DEAR)
    page.locator("#ready .btn-primary").click()
    page.get_by_text("because of “Ł”").wait_for()
    page.get_by_text("Not in the sum, since there is no price: Canada (1 person).").wait_for()
    assert faults(page, "broadcast-cost") == []
    assert visit.complaints == []


@pytest.mark.parametrize("name", FOR_STRANGERS)
def test_a_strangers_screen_is_as_it_should_be(chromium: Browser, rooms: Gallery, name: str) -> None:
    stranger = guest(chromium, rooms)
    look(stranger, name, FOR_STRANGERS[name])
    stranger.context.close()


@pytest.mark.parametrize("name", ON_PAPER)
def test_what_is_printed_can_be_read_on_white(rooms: Gallery, visit: ChromiumGuest, name: str) -> None:
    page = visit.page
    page.set_viewport_size({"width": 720, "height": HEIGHT})
    page.emulate_media(color_scheme="dark")
    page.goto(address_of(rooms, name))
    page.emulate_media(media="print")
    for part in (".appbar", ".nav-tabs", ".btn", "form.toolbar"):
        assert not any(found.is_visible() for found in page.locator(part).all()), part
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    found: Any = Axe().run(page, options=AXE["dark"])
    assert [node["html"][:150] for violation in found.response["violations"] for node in violation["nodes"]] == []
    if folder := os.environ.get("OPTIN_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}-print.png", full_page=True)
    page.emulate_media(media="screen")


def address_of(rooms: Gallery, name: str) -> str:
    """Return the address of a screen: what stands before the first slash may name a record."""
    record, mark, rest = SCREENS[name].partition("?")
    first, slash, below = record.partition("/")
    return rooms.at.get(first, first) + slash + below + mark + rest


def look(visitor: ChromiumGuest, name: str, address: str) -> None:
    """Open a page once, and look at it in every width and both colours."""
    visitor.complaints.clear()
    page = visitor.page
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    page.emulate_media(color_scheme=SCHEMES[0])
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == (404 if name in REFUSED else 200), f"{address}: {answer.status}"
    assert faults(page, name) == []
    assert [said for said in visitor.complaints if name not in REFUSED or "404" not in said] == []
