"""The results of a broadcast: replies and opt-outs with their texts, by hour, beside earlier ones, as a file."""

import csv
import html
import io
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState, MessageStatus
from optin.features.broadcasts import figures
from optin.models import Broadcast, PhraseOptOut, SegmentPrice
from optin.queries import cached_counts
from tests.conftest import Clock
from tests.support import campaign_scene as scene
from tests.support import outbox
from tests.support.clients import Browser
from tests.support.world import INES, MAYA, TOM, keyword, text


@pytest.fixture
def broadcast(session: Session, clock: Clock) -> Broadcast:
    """A broadcast that reached Maya and Tom, and not Ines."""
    keyword(session)
    text(session, "volunteer", INES)
    clock.forward(minutes=1)
    made = outbox.reached(session, MAYA, TOM)
    made.state, made.finished_at = BroadcastState.SENT, clock.now()
    for message in scene.messages(session, made.id):
        message.segments = 2
    session.commit()
    return made


def page(browser: Browser, broadcast: Broadcast, show: str = "") -> str:
    return html.unescape(browser.get(f"/broadcasts/{broadcast.id}/results{show}").text)


def test_replies_are_listed_with_their_texts(
    session: Session, broadcast: Broadcast, agent: Browser, clock: Clock
) -> None:
    text(session, "Out of time: the same minute", INES)
    clock.forward(minutes=5)
    text(session, "See you on Saturday")
    text(session, "And my sister comes too")
    for word in ("volunteer", "HELP", "START"):
        text(session, word, TOM)
    clock.forward(hours=24)
    text(session, "A day too late")
    shown = page(agent, broadcast)
    assert "See you on Saturday" in shown
    assert "And my sister comes too" in shown
    for other in ("Out of time", "A day too late", ">START<", ">HELP<", ">volunteer<"):
        assert other not in shown, other


def test_opt_outs_are_listed_with_their_texts_and_counted_per_thousand(
    session: Session, broadcast: Broadcast, agent: Browser, clock: Clock
) -> None:
    clock.forward(minutes=5)
    text(session, "STOP. I moved away", MAYA)
    text(session, "STOP", INES)
    shown = page(agent, broadcast, "?show=opt-outs")
    assert "STOP. I moved away" in shown
    assert shown.count("STOP") == 1, "Ines was not reached"
    assert "500.0" in shown, "one of two"
    assert "STOP. I moved away" not in page(agent, broadcast)


def test_an_opt_out_that_ends_two_opt_ins_is_one(
    session: Session, broadcast: Broadcast, agent: Browser, clock: Clock
) -> None:
    keyword(session, "donate")
    for word in ("volunteer", "donate"):
        text(session, word, TOM)
    clock.forward(minutes=5)
    text(session, "STOP and goodbye", TOM)
    assert page(agent, broadcast, "?show=opt-outs").count("STOP and goodbye") == 1
    found = figures.figures(session, broadcast)
    assert found is not None
    assert sum(left for _, left in found.hours) == 1


def test_what_was_corrected_is_no_opt_out(session: Session, broadcast: Broadcast, agent: Browser, clock: Clock) -> None:
    clock.forward(minutes=5)
    text(session, "take me off your list", MAYA)
    assert "take me off" in page(agent, broadcast, "?show=opt-outs")
    session.query(PhraseOptOut).update({"corrected_at": broadcast.started_at})
    session.commit()
    assert "take me off" not in page(agent, broadcast, "?show=opt-outs")


def test_figures_by_hour_segments_and_zones(session: Session, broadcast: Broadcast, clock: Clock) -> None:
    clock.forward(minutes=5)
    text(session, "See you")
    clock.forward(hours=2)
    text(session, "And Tom", TOM)
    text(session, "STOP", TOM)
    found = figures.figures(session, broadcast)
    assert found is not None
    assert (found.started, found.segments, found.at) == (2, 4, None)
    assert [(hour, counts) for hour, counts in enumerate(found.hours) if any(counts)] == [(0, (1, 0)), (2, (1, 1))]
    assert sum(count for _, count in found.zones) == 2
    assert any("America/" in zone for zone, _ in found.zones)


def test_by_hour_is_a_picture_with_words_and_a_table(
    session: Session, broadcast: Broadcast, agent: Browser, clock: Clock
) -> None:
    clock.forward(hours=1, minutes=5)
    text(session, "See you")
    shown = page(agent, broadcast)
    assert 'aria-label="Replies and opt-outs by hour, 24 hours: 1 reply, 0 opt-outs"' in shown
    assert "<td>Hour 2</td>" in shown


def test_beside_it_stand_the_last_five_of_its_campaign(
    session: Session, broadcast: Broadcast, agent: Browser, clock: Clock
) -> None:
    sender = scene.sender(session)
    earlier = []
    for number in range(7):
        made = scene.broadcast(session, broadcast.campaign, sender, BroadcastState.SENT, f"Number {number} before")
        made.started_at = made.started_at.replace(year=2020, day=number + 1)
        earlier.append(made)
    other = scene.broadcast(session, scene.campaign(session, name="Other"), sender, BroadcastState.SENT, "Of another")
    other.started_at = earlier[0].started_at
    session.commit()
    shown = page(agent, broadcast)
    assert [number for number in range(7) if f"Number {number} before" in shown] == [2, 3, 4, 5, 6]
    assert "Of another" not in shown
    first = page(agent, earlier[0])
    assert "Number 1 before" not in first
    assert "this one" in first


def test_a_campaign_with_one_broadcast_is_beside_those_of_the_team(
    session: Session, broadcast: Broadcast, agent: Browser, clock: Clock
) -> None:
    other = scene.campaign(session, name="Other")
    made = scene.broadcast(session, other, scene.sender(session), BroadcastState.SENT, "Of another")
    made.started_at = made.started_at.replace(year=2020)
    session.commit()
    assert "Of another" in page(agent, broadcast)


def test_they_are_files(session: Session, broadcast: Broadcast, agent: Browser, viewer: Browser, clock: Clock) -> None:
    clock.forward(minutes=5)
    text(session, "See you, =SUM(1)")
    text(session, "STOP", TOM)
    address = f"/broadcasts/{broadcast.id}/results/file"
    replies = agent.get(f"{address}?show=replies").text
    assert '"Mobile phone","Text","When"' in replies
    assert f"'{MAYA}\",\"See you, '=SUM(1)" in replies
    assert f'{TOM}","STOP"' in agent.get(f"{address}?show=opt-outs").text
    assert viewer.get(address).status_code == 403
    assert "See you" in viewer.get(f"/broadcasts/{broadcast.id}/results").text


@pytest.mark.parametrize("state", [BroadcastState.SCHEDULED, BroadcastState.QUEUEING])
def test_what_has_not_begun_has_none(
    session: Session, broadcast: Broadcast, agent: Browser, state: BroadcastState
) -> None:
    broadcast.state = state
    if state is BroadcastState.SCHEDULED:
        broadcast.starts_at, broadcast.started_at = broadcast.started_at, None
    session.commit()
    assert agent.get(f"/broadcasts/{broadcast.id}/results").status_code == 303
    assert agent.get(f"/broadcasts/{broadcast.id}/results/file").status_code == 404


def test_a_large_one_is_counted_behind(
    app: Flask,
    session: Session,
    broadcast: Broadcast,
    agent: Browser,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
) -> None:
    monkeypatch.setattr(cached_counts, "FEW", 1)
    clock.forward(minutes=5)
    text(session, "See you")
    assert "still being counted" in page(agent, broadcast)
    assert "See you" in page(agent, broadcast), "the list itself needs no count"
    session.commit()
    with app.app_context():
        while cached_counts.refresh(db.engine):
            pass
    session.expire_all()
    shown = page(agent, broadcast)
    assert "still being counted" not in shown
    assert "24 hours: 1 reply," in shown


def test_the_broadcasts_page_leads_there(broadcast: Broadcast, agent: Browser) -> None:
    assert f"/broadcasts/{broadcast.id}/results" in agent.get(f"/broadcasts/{broadcast.id}").text


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((None, None), "We counted 4. Twilio has not said yet how many it counted."),
        ((2, 2), "We counted 4, and so did Twilio."),
        ((2, 3), "We counted 4, Twilio 5: 1 more."),
        (
            (1, None),
            "We counted 4 in all. Of the 1 message for which Twilio has said it, we counted 2, Twilio 1: 1 few",
        ),
    ],
)
def test_what_twilio_counted_stands_beside_our_own_count(
    session: Session, broadcast: Broadcast, agent: Browser, told: tuple[int | None, int | None], said: str
) -> None:
    for message, count in zip(scene.messages(session, broadcast.id), told, strict=True):
        message.segments_told = count
    session.commit()
    assert said in " ".join(page(agent, broadcast).split())
    file = csv.DictReader(io.StringIO(agent.get(f"/broadcasts/{broadcast.id}/recipients/file").text))
    found = [(row["Segments"], row["Segments at Twilio"]) for row in file]
    assert sorted(found) == sorted(("2", str(count or "")) for count in told)


def test_what_it_cost_by_country_and_the_price_of_the_day(
    session: Session, broadcast: Broadcast, agent: Browser, clock: Clock
) -> None:
    assert "It cost" not in page(agent, broadcast)
    first, second = scene.messages(session, broadcast.id)
    assert first.started_at
    day = first.started_at.date()
    for valid_from, amount in (
        (day, 8_300),
        (day + timedelta(days=1), 1_000_000),
        (day + timedelta(days=9), 9_000_000),
    ):
        of = {"country": "US", "sender_kind": "long_code", "valid_from": valid_from.isoformat(), "currency": "USD"}
        session.add(SegmentPrice(**of, price=amount, fee=3_000))
    first.segments_told = 3
    session.commit()
    assert "It cost about <strong>$0.06</strong>" in page(agent, broadcast), "3 as told and 2 as counted, $0.0113 each"
    second.started_at, broadcast.finished_at = first.started_at + timedelta(days=1), None
    session.commit()
    assert "It has cost about <strong>$2.04</strong> so far" in page(agent, broadcast)
    broadcast.finished_at = clock.now()
    second.status = MessageStatus.FAILED
    session.commit()
    assert "It cost about <strong>$0.03</strong>" in page(agent, broadcast), "what failed is not billed"
    second.status, second.number = MessageStatus.UNDELIVERED, "+14165550134"
    session.commit()
    said = " ".join(page(agent, broadcast).split())
    assert "It cost about <strong>$0.03</strong>" in said
    assert "Not in the sum, since there was no price: Canada." in said
