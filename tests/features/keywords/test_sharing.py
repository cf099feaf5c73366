"""Sharing a keyword: the link, the QR code as a phone reads it, the page, the poster."""

from html import unescape
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy.orm import Session

from optin import clock
from optin.features.keywords.invitation import invite
from optin.models import Disclosure, Sender
from optin.policy import policy
from optin.provider import senders
from tests.support.clients import Browser
from tests.support.world import OURS, keyword

TOLL_FREE, SHORT_CODE, SERVICE = "+18005550100", "55512", "MG" + "0" * 32


def read(png: bytes) -> str:
    """Return what a phone's camera reads in the picture."""
    with Image.open(BytesIO(png)) as picture:
        (code,) = zxingcpp.read_barcodes(picture.convert("L"))
    return code.text


@pytest.fixture
def numbers(session: Session) -> dict[str, Sender]:
    """One sender of each kind; the long code came first."""
    return {address: senders.ensure(session, address) for address in (OURS, SERVICE, TOLL_FREE, SHORT_CODE)}


@pytest.mark.parametrize(
    ("word", "address", "link", "code"),
    [
        ("volunteer", OURS, "sms:+14155550100?&body=VOLUNTEER", "SMSTO:+14155550100:VOLUNTEER"),
        ("River2", SHORT_CODE, "sms:55512?&body=RIVER2", "SMSTO:55512:RIVER2"),
        ("café", OURS, "sms:+14155550100?&body=CAF%C3%89", "SMSTO:+14155550100:CAFÉ"),
        ("помощник", OURS, None, "SMSTO:+14155550100:ПОМОЩНИК"),
        ("ırmak", OURS, "sms:+14155550100?&body=%C4%B1rmak", "SMSTO:+14155550100:ırmak"),  # İ and I are other letters
        ("x" * 30, OURS, None, "SMSTO:+14155550100:" + "X" * 30),
    ],
)
def test_link_and_code_open_the_text(word: str, address: str, link: str | None, code: str) -> None:
    invitation = invite(word, address)
    assert link is None or invitation.link == link
    assert read(invitation.png) == code


def test_the_code_is_a_picture_of_a_size_to_print_and_a_drawing_without_styles() -> None:
    invitation = invite("volunteer", OURS)
    with Image.open(BytesIO(invitation.png)) as picture:
        assert picture.width == picture.height > 700
    assert b"<title>QR code: text VOLUNTEER to +14155550100</title>" in invitation.svg
    assert b'fill="#fff"' in invitation.svg
    assert b"style" not in invitation.svg


def test_the_page_offers_each_number_that_can_be_texted(
    viewer: Browser, session: Session, numbers: dict[str, Sender]
) -> None:
    made = keyword(session)
    page = unescape(viewer.get(f"/keywords/{made.id}/share").text)
    for shown in ("(415) 555-0100 · long code", "(800) 555-0100 · toll-free", "55512 · short code"):
        assert shown in page
    assert "A Messaging Service has no number of its own" in page
    assert "Messaging Service</option>" not in page
    assert 'href="sms:+14155550100?&body=VOLUNTEER"' in page
    assert "works only in its own country" not in page
    short = unescape(viewer.get(f"/keywords/{made.id}/share?sender={numbers[SHORT_CODE].id}").text)
    assert 'href="sms:55512?&body=VOLUNTEER"' in short
    assert "works only in its own country" in short


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_files_are_of_the_number_that_is_asked_for(
    viewer: Browser, session: Session, numbers: dict[str, Sender], kind: str
) -> None:
    made = keyword(session)
    url = f"/keywords/{made.id}/code.{kind}"
    response = viewer.get(f"{url}?sender={numbers[TOLL_FREE].id}")
    assert response.mimetype == {"svg": "image/svg+xml", "png": "image/png"}[kind]
    assert response.data == getattr(invite("volunteer", TOLL_FREE), kind)
    for other in ("x", "999", str(numbers[SERVICE].id), ""):
        assert viewer.get(f"{url}?sender={other}").data == getattr(invite("volunteer", OURS), kind)


def test_a_number_that_is_given_up_is_not_offered(
    viewer: Browser, session: Session, numbers: dict[str, Sender]
) -> None:
    made = keyword(session)
    numbers[OURS].retired_at = clock.now()
    page = viewer.get(f"/keywords/{made.id}/share?sender={numbers[OURS].id}").text
    assert "555-0100 · long code" not in page
    assert "sms:+18005550100" in page


def test_without_a_number_the_pages_say_so(viewer: Browser, session: Session) -> None:
    made = keyword(session)
    for page in ("share", "poster"):
        assert "No number to text yet" in viewer.get(f"/keywords/{made.id}/{page}").text
    for kind in ("svg", "png"):
        assert viewer.get(f"/keywords/{made.id}/code.{kind}").status_code == 404


def test_the_poster_says_what_people_agree_to(agent: Browser, session: Session, numbers: dict[str, Sender]) -> None:
    policy.change(session, None, brand="River Team")
    made = keyword(session, frequency="Up to 4 msgs/month")
    for version, told in enumerate(("Old words", "Get news of clean-up days.\nNo purchase needed."), 1):
        now = clock.now()
        session.add(
            Disclosure(keyword_id=made.id, version=version, text=told, url="https://a.example/t", created_at=now)
        )
    page = unescape(agent.get(f"/keywords/{made.id}/poster?sender={numbers[TOLL_FREE].id}").text)
    poster = page.split("<article")[1].split("</article>")[0]
    for shown in (
        "River Team",
        "VOLUNTEER",
        "(800) 555-0100",
        f"/keywords/{made.id}/code.svg?sender={numbers[TOLL_FREE].id}",
        "Get news of clean-up days.\nNo purchase needed.",
        "https://a.example/t",
        "Up to 4 msgs/month. Msg & data rates may apply. Reply HELP for help, STOP to end.",
    ):
        assert shown in poster
    assert "Old words" not in page
    assert "does not say what people agree to" not in page
    assert "<title>Text VOLUNTEER to (800) 555-0100 ·" in page


def test_a_poster_does_not_say_it_twice(agent: Browser, session: Session, numbers: dict[str, Sender]) -> None:
    made = keyword(session)
    told = "News. Msg frequency varies. Msg & data rates may apply. Reply HELP for help, STOP to cancel."
    session.add(Disclosure(keyword_id=made.id, version=1, text=told, created_at=clock.now()))
    page = unescape(agent.get(f"/keywords/{made.id}/poster").text)
    assert told in page
    assert page.count("data rates may apply") == 1


def test_a_poster_without_disclosure_is_warned_of_on_the_screen(
    agent: Browser, session: Session, numbers: dict[str, Sender]
) -> None:
    made = keyword(session)
    page = unescape(agent.get(f"/keywords/{made.id}/poster").text)
    before, _, poster = page.partition("<article")
    assert "This poster does not say what people agree to" in before.split('class="poster-width screen-only"')[1]
    assert "agree to" not in poster
    assert "Msg frequency varies. Msg & data rates may apply." in poster


def test_an_archived_keyword_says_that_texting_it_does_nothing(
    agent: Browser, session: Session, numbers: dict[str, Sender]
) -> None:
    made = keyword(session)
    for page in ("share", "poster"):
        assert "texting it has no effect" not in agent.get(f"/keywords/{made.id}/{page}").text
    made.archived_at = clock.now()
    for page in ("share", "poster"):
        assert "texting it has no effect" in agent.get(f"/keywords/{made.id}/{page}").text


@pytest.mark.parametrize("page", ["share", "poster", "code.svg", "code.png"])
def test_an_unknown_keyword_has_nothing_to_share(viewer: Browser, page: str) -> None:
    assert viewer.get(f"/keywords/7/{page}").status_code == 404


def test_the_record_page_leads_to_the_share_page(viewer: Browser, session: Session) -> None:
    made = keyword(session)
    page = viewer.get(f"/keywords/{made.id}").text
    assert f'href="/keywords/{made.id}/share" hx-get="/keywords/{made.id}/share" hx-select="#share"' in page
