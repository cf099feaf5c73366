"""The results of a broadcast with short links: clicks of each, per 1,000 delivered, by hour, by text, as a file."""

import csv
import html
import io
import re
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from optin.enums import MessageStatus, Variant
from optin.models import Broadcast, ShortLink, ShortLinkClicks, VariantMessage
from tests.support import campaign_scene as scene
from tests.support import outbox
from tests.support.clients import Browser
from tests.support.short_links import HOST

START = datetime(2026, 11, 28, 10, 30, tzinfo=UTC)


def said(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def opened(session: Session, *, two: bool = False) -> Broadcast:
    """Have a broadcast that was delivered to four of five people, with two links that were opened."""
    numbers = outbox.numbers(5)
    made = outbox.reached(session, *numbers, body="https://a.example/x https://b.example/y")
    made.shortens, made.started_at = True, START
    messages = scene.messages(session, made.id)
    messages[0].status = MessageStatus.UNDELIVERED
    if two:
        made.other_body, made.winner = "https://a.example/x", Variant.A
        session.add(VariantMessage(message_id=messages[1].id, broadcast_id=made.id, variant=Variant.B))
    links = [
        ShortLink(code=code, host=HOST, link=link, broadcast_id=made.id, variant=variant, place=place, made_at=START)
        for code, link, variant, place in (
            ("aaaaaa", "https://a.example/x", "a", 0),
            ("bbbbbb", "https://b.example/y", "a", 1),
            *((("cccccc", "https://a.example/x", "b", 0),) if two else ()),
        )
    ]
    session.add_all(links)
    session.flush()
    for link, hour, clicks in ((links[0], 10, 2), (links[0], 12, 1), (links[-1], 12, 4)):
        session.add(ShortLinkClicks(short_link_id=link.id, hour=START.replace(hour=hour, minute=0), clicks=clicks))
    session.commit()
    return made


def test_the_results_say_how_often_each_link_was_opened(viewer: Browser, session: Session) -> None:
    broadcast = opened(session)
    page = said(viewer.get(f"/broadcasts/{broadcast.id}/results").text)
    assert f"https://a.example/x 3 clicks, 750.0 per 1,000 delivered https://{HOST}/aaaaaa" in page
    assert f"https://b.example/y 4 clicks, 1000.0 per 1,000 delivered https://{HOST}/bbbbbb" in page
    assert "Clicks 7" in page
    assert "Download clicks" not in page


def test_by_hour(agent: Browser, session: Session) -> None:
    broadcast = opened(session)
    page = agent.get(f"/broadcasts/{broadcast.id}/results").text
    counts = re.findall(r'data-label="Clicks">(\d+)<', page)
    assert counts == ["2", "5"]
    rows = list(csv.reader(io.StringIO(agent.get(f"/broadcasts/{broadcast.id}/clicks/file").text.lstrip("\ufeff"))))
    assert [row[1:] for row in rows] == [
        ["Link", "Short link", "Text", "Clicks"],
        ["https://a.example/x", f"https://{HOST}/aaaaaa", "", "2"],
        ["https://a.example/x", f"https://{HOST}/aaaaaa", "", "1"],
        ["https://b.example/y", f"https://{HOST}/bbbbbb", "", "4"],
    ]


def test_of_two_texts_each_has_its_own(agent: Browser, session: Session) -> None:
    broadcast = opened(session, two=True)
    page = said(agent.get(f"/broadcasts/{broadcast.id}/results").text)
    assert "Text A · https://a.example/x 3 clicks, 1000.0 per 1,000 delivered" in page
    assert "Text A · https://b.example/y 0 clicks, 0.0 per 1,000 delivered" in page
    assert "Text B · https://a.example/x 4 clicks, 4000.0 per 1,000 delivered" in page
    assert "Text B" in agent.get(f"/broadcasts/{broadcast.id}/clicks/file").text


def test_a_broadcast_without_short_links_says_nothing_of_clicks(viewer: Browser, session: Session) -> None:
    broadcast = outbox.reached(session, *outbox.numbers(2))
    page = viewer.get(f"/broadcasts/{broadcast.id}/results").text
    assert "Clicks" not in page
    assert "click" not in said(page)


def test_a_broadcast_whose_links_nobody_opened(viewer: Browser, session: Session) -> None:
    broadcast = opened(session)
    session.query(ShortLinkClicks).delete()
    session.commit()
    page = said(viewer.get(f"/broadcasts/{broadcast.id}/results").text)
    assert "https://a.example/x 0 clicks, 0.0 per 1,000 delivered" in page
    assert "By hour, the first day" not in page
