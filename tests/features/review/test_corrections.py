"""Correcting an opt-out that was read from a phrase: what it gives back, what it leaves, and what forbids it."""

import threading
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import chain

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.channels import CHANNELS
from optin.consent import facts, ledger
from optin.consent.events import Act
from optin.consent.ledger import WithdrawalRefusal
from optin.enums import Direction, MessageStatus, OptInSource, Purpose, Role, SenderKind
from optin.models import (
    ConsentEvent,
    ConsentPayload,
    Hold,
    Keyword,
    Message,
    OptIn,
    Person,
    PhraseOptOut,
    Sender,
    Suppression,
)
from optin.reading import words
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from tests.conftest import Clock, add_user
from tests.support.clients import Browser
from tests.support.world import MAYA, OURS, keyword, person, text

ROBOT = "Automatic reply: to leave this list, tell them to take me off your list."
OTHER = "+16465550177"
REASON = "It was her out-of-office reply; she told me on the phone."


@pytest.fixture
def volunteer(session: Session, clock: Clock) -> Keyword:
    """The keyword; Maya opted in with it."""
    made = keyword(session)
    keyword(session, "donate2026", double_opt_in=True)
    person(session, "Maya Chen", MAYA)
    text(session, "volunteer")
    clock.forward(hours=1)
    return made


def read(session: Session) -> list[PhraseOptOut]:
    return list(session.scalars(select(PhraseOptOut).order_by(PhraseOptOut.id)))


def correct(browser: Browser, opt_out: PhraseOptOut, reason: str = REASON) -> str:
    address = f"/review/opt-outs/{opt_out.id}/correction"
    return unescape(browser.post(address, data={"reason": reason}, follow_redirects=True).text)


def events(session: Session) -> list[str]:
    return list(session.scalars(select(ConsentEvent.kind).order_by(ConsentEvent.id)))


def stands(session: Session, number: str = MAYA) -> facts.Facts:
    return facts.of_number(session, number, scope=None)


def test_a_corrected_opt_out_is_undone_by_new_events(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    before = session.scalars(select(OptIn)).one()
    since, sid = before.activated_at, before.message_sid
    text(session, ROBOT)
    assert (stands(session).suppressed, stands(session).any_opt_in) == (True, False)
    written = events(session)
    clock.forward(days=9, hours=23)
    [opt_out] = read(session)
    page = correct(agent, opt_out)
    assert "Corrected: 1 opt-in was restored. Messages that were cancelled stay cancelled." in page
    assert f"“{REASON}”" in page
    assert "Agent Example" in page
    assert events(session)[: len(written)] == written
    assert events(session)[len(written) :] == ["opt_out_withdrawn", "suppression_ended", "opt_out_corrected"]
    opt_in = session.scalars(select(OptIn)).one()
    assert (opt_in.status, opt_in.activated_at, opt_in.message_sid) == ("active", since, sid)
    assert (opt_in.ended_at, opt_in.end_reason, opt_in.end_message_sid, opt_in.ended_by_id) == (None, None, None, None)
    assert (stands(session).suppressed, stands(session).held, stands(session).any_opt_in) == (False, False, True)
    last = session.scalars(select(ConsentEvent).order_by(ConsentEvent.id.desc()).limit(1)).one()
    payload = session.get_one(ConsentPayload, last.id)
    assert (last.source, last.actor_id, last.detail, payload.text) == ("user", agent.user.id, "given back 1", REASON)


def test_the_page_shows_the_words_and_what_would_stand_again(
    agent: Browser, session: Session, volunteer: Keyword
) -> None:
    text(session, ROBOT)
    [opt_out] = read(session)
    page = unescape(agent.get(f"/review/opt-outs/{opt_out.id}").text)
    assert "tell them to <mark>take me off</mark> your list." in page or "<mark>take me off your list</mark>" in page
    assert "That restores 1 opt-in" in page
    assert ">volunteer</a> since" in page
    listed = unescape(agent.get("/review/opt-outs").text)
    assert "Maya Chen" in listed
    assert "10 days left" in listed
    assert 'href="/review/opt-outs"' in agent.get("/review").text


@pytest.mark.parametrize("number", [MAYA, f"rcs:{MAYA}", f"whatsapp:{MAYA}"])
def test_the_page_leads_to_the_conversation_that_the_words_are_in(
    agent: Browser, session: Session, volunteer: Keyword, number: str
) -> None:
    message = text(session, ROBOT, number)
    [opt_out] = read(session)
    page = agent.get(f"/review/opt-outs/{opt_out.id}").text
    assert f'href="/inbox/{message.conversation_id}">Conversation</a>' in page


def test_a_reason_is_required_and_nothing_else_is_lost(agent: Browser, session: Session, volunteer: Keyword) -> None:
    text(session, ROBOT)
    [opt_out] = read(session)
    address = f"/review/opt-outs/{opt_out.id}/correction"
    for given in ({}, {"reason": "  "}, {"reason": "\u200b\ufeff"}, {"reason": "x" * 1001}):
        refused = agent.post(address, data=given)
        assert refused.status_code == 422
        assert given.get("reason", "").strip("\u200b\ufeff") in refused.text
    assert stands(session).suppressed
    assert opt_out.corrected_at is None


@pytest.mark.parametrize("said", ["STOP", " stop. ", "Unsubscribe", "opt out", "STOP ALL", "Stop\nSent from my iPad"])
def test_an_exact_word_cannot_be_corrected(session: Session, volunteer: Keyword, said: str) -> None:
    text(session, said)
    assert stands(session).suppressed
    assert read(session) == []


def test_what_twilio_took_for_a_stop_cannot_be_corrected(session: Session, volunteer: Keyword) -> None:
    sent = InboundText(sid="SM" + "a" * 32, number=MAYA, address=OURS, body="please remove me", opt_out_type="STOP")
    inbound.receive(session, sent)
    assert stands(session).suppressed
    assert read(session) == []


@pytest.mark.parametrize("kind", list(SenderKind))
def test_whatever_twilio_blocks_is_an_exact_word(kind: SenderKind) -> None:
    """So that nothing is corrected that Twilio goes on refusing."""
    sender = Sender(kind=kind, advanced_opt_out=False)
    for word in ("stop", "STOPALL", " Unsubscribe\n", "cancel", "End", "quit", "REVOKE", "optout"):
        read_as = words.read(word, keywords=["volunteer"])
        blocks = any(each.stop_filter.blocks(word, sender) for each in CHANNELS.values())
        assert words.phrase_read(read_as) is None or not blocks


def test_after_ten_days_it_stands(agent: Browser, session: Session, volunteer: Keyword, clock: Clock) -> None:
    text(session, ROBOT)
    [opt_out] = read(session)
    clock.forward(days=10)
    page = correct(agent, opt_out)
    told = "This opt-out is more than 10 days old and stands. Only they can opt in again, by texting a keyword."
    assert page.count(told) == 2
    assert f"{told} Nothing was changed." in page
    assert "Correct this opt-out" not in page
    assert stands(session).suppressed
    assert "Nothing in the last 10 days" in agent.get("/review/opt-outs").text


@pytest.mark.parametrize(
    ("said", "came"),
    [
        ("STOP", "Opted out of everything"),
        ("START", "Texted START"),
        ("volunteer", "Texts allowed again"),
        ("donate2026", "Asked to confirm"),
        ("stop volunteer", "Opted out of one keyword"),
        ("stpo", "On hold for review"),
    ],
)
def test_what_the_person_did_since_is_never_undone(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock, said: str, came: str
) -> None:
    text(session, ROBOT)
    clock.forward(minutes=1)
    text(session, said)
    [opt_out] = read(session)
    written, before = events(session), stands(session)
    page = correct(agent, opt_out)
    told = f"This opt-out stands: “{came}” came after it, just now, and must not be undone."
    assert page.count(told) == 2
    assert f"{told} Nothing was changed." in page
    assert (events(session), stands(session), opt_out.corrected_at) == (written, before, None)


def test_a_number_that_changed_hands_or_was_lost_gets_nothing_back(
    agent: Browser, session: Session, volunteer: Keyword
) -> None:
    text(session, ROBOT)
    [opt_out] = read(session)
    ledger.lose_number(session, MAYA, Act(OptInSource.SMS, at=opt_out.at))
    assert "“Number lost” came after it" in correct(agent, opt_out)
    text(session, "volunteer")
    text(session, ROBOT)
    again = read(session)[-1]
    maya = 1
    ledger.change_number(session, maya, MAYA, "+12125550199", Act(OptInSource.USER, at=again.at))
    assert "“Number changed” came after it" in correct(agent, again)
    assert not stands(session).any_opt_in


def test_a_robot_that_says_it_again_is_corrected_at_once(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    text(session, ROBOT)
    clock.forward(seconds=20)
    text(session, ROBOT)
    first, second = read(session)
    page = unescape(agent.get(f"/review/opt-outs/{second.id}").text)
    assert page.count("<blockquote") == 2
    assert "1 opt-in was restored" in correct(agent, second)
    assert (stands(session).suppressed, stands(session).any_opt_in) == (False, True)
    assert first.corrected_at == second.corrected_at is not None
    assert "It was already corrected by Agent Example. Nothing was changed." in correct(agent, first)


def test_a_robot_that_was_stopped_by_a_stop_between_keeps_the_stop(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    for said in (ROBOT, "STOP", ROBOT):
        clock.forward(minutes=1)
        text(session, said)
    first, last = read(session)
    assert "“Opted out of everything” came after it" in correct(agent, first)
    assert "no opt-in had ended" in correct(agent, last)
    assert (stands(session).suppressed, stands(session).any_opt_in) == (True, False)


def test_a_hold_that_it_ended_waits_again(agent: Browser, session: Session, volunteer: Keyword, clock: Clock) -> None:
    text(session, "we have to stop this bill, friends")
    clock.forward(minutes=1)
    text(session, ROBOT)
    [held] = session.scalars(select(Hold))
    assert held.ended_at is not None
    [opt_out] = read(session)
    correct(agent, opt_out)
    again = session.scalars(select(Hold).where(Hold.ended_at.is_(None))).one()
    assert (again.started_at, again.message_id, again.trigger) == (held.started_at, held.message_id, held.trigger)
    assert (stands(session).held, stands(session).suppressed, stands(session).any_opt_in) == (True, False, True)


def test_a_question_stands_again_until_it_runs_out(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    text(session, "donate2026")
    text(session, ROBOT)
    correct(agent, read(session)[0])
    statuses = select(OptIn.status).order_by(OptIn.id)
    assert session.scalars(statuses).all() == ["active", "pending"]
    text(session, ROBOT)
    clock.forward(days=2)
    correct(agent, read(session)[1])
    assert session.scalars(statuses).all() == ["active", "expired"]


def test_the_same_phone_in_another_numbering_plan_is_corrected_along(agent: Browser, session: Session) -> None:
    keyword(session)
    old, new = "+22961234567", "+2290161234567"
    for number in (old, new):
        text(session, "volunteer", number)
    text(session, ROBOT, new)
    assert not stands(session, old).any_opt_in
    assert not stands(session, new).any_opt_in
    [opt_out] = read(session)
    assert "2 opt-ins were restored" in correct(agent, opt_out)
    for number in (old, new):
        assert (stands(session, number).suppressed, stands(session, number).any_opt_in) == (False, True)


def test_a_stop_from_the_other_spelling_forbids_it(agent: Browser, session: Session) -> None:
    keyword(session)
    old, new = "+5215512345678", "+525512345678"
    text(session, "volunteer", new)
    text(session, ROBOT, new)
    text(session, "STOP", old)
    [opt_out] = read(session)
    assert "“Opted out of everything” came after it" in correct(agent, opt_out)
    assert stands(session, new).suppressed


def test_what_was_cancelled_stays_cancelled(agent: Browser, session: Session, volunteer: Keyword, clock: Clock) -> None:
    first = session.scalars(select(Message).where(Message.direction == Direction.INBOUND)).first()
    assert first is not None
    waiting = Message(
        direction=Direction.OUTBOUND, number=MAYA, purpose=Purpose.ONE_TO_ONE, body="x", status=MessageStatus.QUEUED,
        sender_id=first.sender_id, created_at=clock.now(), updated_at=clock.now(),
    )  # fmt: skip
    session.add(waiting)
    session.commit()
    text(session, ROBOT)
    correct(agent, read(session)[0])
    session.refresh(waiting)
    assert waiting.status == MessageStatus.CANCELLED


def test_a_stop_from_before_that_is_found_after_a_correction_ends_everything(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    text(session, ROBOT)
    [opt_out] = read(session)
    clock.forward(minutes=5)
    correct(agent, opt_out)
    found = Act(OptInSource.SMS, at=clock.now(), provider_at=opt_out.at - timedelta(seconds=1), text="STOP")
    result = ledger.opt_out(session, MAYA, found)
    session.commit()
    assert (len(result.ended), result.late) == (1, False)
    assert stands(session).suppressed


def test_a_viewer_reads_but_does_not_correct(viewer: Browser, session: Session, volunteer: Keyword) -> None:
    text(session, ROBOT)
    [opt_out] = read(session)
    page = viewer.get(f"/review/opt-outs/{opt_out.id}").text
    assert "take me off" in page
    assert "Correct this opt-out" not in page
    assert viewer.post(f"/review/opt-outs/{opt_out.id}/correction", data={"reason": REASON}).status_code == 403
    assert viewer.get("/review/opt-outs/999").status_code == 404
    assert stands(session).suppressed


def test_at_once_it_is_corrected_once_and_never_against_a_stop(app: Flask, session: Session) -> None:
    """Eight numbers, each read as opted out: two users correct it and the person texts STOP, all at once."""
    user = add_user(session, Role.AGENT)
    keyword(session)
    numbers = [f"+1415555{last}" for last in range(2000, 2008)]
    for number in numbers:
        text(session, "volunteer", number)
        text(session, ROBOT, number)
    ids = {opt_out.number: opt_out.id for opt_out in read(session)}
    session.commit()
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    start = threading.Barrier(3)
    results: dict[str, list[WithdrawalRefusal | None]] = {number: [] for number in numbers}

    def run(what: str) -> None:
        for number in numbers:
            start.wait(30)
            with Session(engine) as own:
                if what == "correct":
                    act = Act(OptInSource.USER, at=datetime.now(UTC), actor_id=user.id, text=REASON)
                    results[number].append(ledger.correct(own, ids[number], act).refused)
                else:
                    ledger.opt_out(own, number, Act(OptInSource.SMS, at=datetime.now(UTC), text="STOP"))
                own.commit()

    threads = [threading.Thread(target=run, args=[what]) for what in ("correct", "correct", "stop")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    session.expire_all()
    assert all(len(refused) == 2 and refused.count(None) <= 1 for refused in results.values())
    assert set(session.scalars(select(OptIn.status))) == {"inactive"}
    suppressed = session.scalars(select(Suppression.number).where(Suppression.ended_at.is_(None))).all()
    assert sorted(suppressed) == numbers
    assert events(session).count("opt_out_corrected") == list(chain(*results.values())).count(None)


def test_everybody_is_led_to_it_from_where_they_look(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    text(session, ROBOT)
    [opt_out] = read(session)
    maya, opt_in = session.scalars(select(Person)).one(), session.scalars(select(OptIn)).one()
    talk = session.scalars(select(Message.conversation_id)).first()
    places = [f"/contacts/{maya.id}", f"/inbox/{talk}", "/settings/opted-out", f"/opt-ins/{opt_in.id}"]
    link = f'href="/review/opt-outs/{opt_out.id}"'
    for place in places:
        assert link in agent.get(place).text, place
    assert f"This was read from “{opt_out.phrase}”" in unescape(agent.get(places[0]).text)
    correct(agent, opt_out)
    thread = unescape(agent.get(places[1]).text)
    assert "opted out of everything, 1 opt-in ended · corrected by Agent Example" in thread
    assert "You can’t text Maya" not in thread
    history = unescape(agent.get(f"{places[0]}?tab=history").text)
    assert "Corrected: not a request to stop" in history
    assert f"“{REASON}”" in history
    assert "Corrected: not a request to stop" in unescape(agent.get(places[3]).text)
    for place in places[2:]:
        assert link not in agent.get(place).text, place


def test_nobody_is_led_to_what_can_no_longer_be_corrected(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    text(session, ROBOT)
    text(session, "STOP", OTHER)
    talk = session.scalars(select(Message.conversation_id)).first()
    clock.forward(days=10)
    for place in ("/contacts/1", f"/inbox/{talk}", "/settings/opted-out", "/opt-ins/1"):
        assert "/review/opt-outs/" not in agent.get(place).text, place


def test_an_overtaken_one_is_not_offered_beside_the_composer(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    text(session, ROBOT)
    clock.forward(minutes=1)
    text(session, "STOP")
    assert "Look at what they wrote" not in agent.get("/contacts/1").text
