"""Taking a review decision back: what it gives back, what it leaves, and what forbids it."""

import threading
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import chain
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import facts, ledger
from optin.consent.events import Act
from optin.consent.ledger import WithdrawalRefusal
from optin.enums import Direction, HoldResolution, MessageStatus, OptInSource, PersonKind, Purpose, Role
from optin.models import ConsentEvent, Hold, Keyword, Message, OptIn, Suppression
from optin.queries import opt_ins_per_day
from tests.conftest import Clock, add_user
from tests.support.clients import Browser
from tests.support.world import MAYA, keyword, person, text

DOUBTFUL = "please stop volunteer texts, so many"


@pytest.fixture
def volunteer(session: Session) -> Keyword:
    """The keyword; Maya opted in with it and then wrote something that may ask to stop."""
    made = keyword(session)
    keyword(session, "donate2026")
    person(session, "Maya Chen", MAYA)
    text(session, "volunteer")
    text(session, DOUBTFUL)
    return made


def decide(agent: Browser, session: Session, decision: str) -> Hold:
    hold = session.scalars(select(Hold).where(Hold.ended_at.is_(None))).one()
    agent.post(f"/review/{hold.id}/decision", data={"decision": decision})
    return hold


def undo(agent: Browser, hold: Hold) -> str:
    return unescape(agent.post(f"/review/{hold.id}/withdrawal", follow_redirects=True).text)


def events(session: Session) -> list[str]:
    return list(session.scalars(select(ConsentEvent.kind).order_by(ConsentEvent.id)))


def stands(session: Session) -> facts.Facts:
    return facts.of_number(session, MAYA, scope=None)


def test_a_withdrawn_opt_out_is_undone_by_new_events(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    clock.forward(minutes=1)
    before = session.scalars(select(OptIn)).one().activated_at
    hold = decide(agent, session, "opt_out")
    written = events(session)
    clock.forward(minutes=9)
    page = undo(agent, hold)
    assert "Withdrawn: Maya Chen is on hold again. 1 opt-in stands as before." in page
    assert "1 number on hold" in page
    assert events(session)[: len(written)] == written
    assert events(session)[len(written) :] == ["opt_out_withdrawn", "suppression_ended", "held", "decision_withdrawn"]
    opt_in = session.scalars(select(OptIn)).one()
    assert (opt_in.status, opt_in.activated_at, opt_in.ended_at, opt_in.end_reason) == ("active", before, None, None)
    assert (stands(session).suppressed, stands(session).held, stands(session).any_opt_in) == (False, True, True)
    assert (hold.resolution, hold.withdrawn_by_id) == ("opt_out", agent.user.id if agent.user else 0)
    again = session.scalars(select(Hold).where(Hold.ended_at.is_(None))).one()
    assert (again.started_at, again.message_id, again.trigger) == (hold.started_at, hold.message_id, hold.trigger)


def test_a_withdrawn_keep_puts_the_number_on_hold_again(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    clock.forward(minutes=1)
    hold = decide(agent, session, "keep")
    assert not stands(session).held
    assert "Withdrawn: Maya Chen is on hold again." in undo(agent, hold)
    assert stands(session).held
    assert events(session)[-3:] == ["kept", "held", "decision_withdrawn"]
    decided = session.scalars(select(ConsentEvent).order_by(ConsentEvent.id.desc()).limit(1)).one()
    assert (decided.detail, decided.actor_id) == ("Kept, given back 0", hold.withdrawn_by_id)


def test_it_can_be_decided_and_withdrawn_anew(agent: Browser, session: Session, volunteer: Keyword) -> None:
    for decision in ("opt_out", "keep", "opt_out"):
        undo(agent, decide(agent, session, decision))
    assert (stands(session).held, stands(session).suppressed, stands(session).any_opt_in) == (True, False, True)
    assert events(session).count("decision_withdrawn") == 3


@pytest.mark.parametrize("decision", ["opt_out", "keep"])
def test_after_ten_minutes_a_decision_stands(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock, decision: str
) -> None:
    clock.set(datetime(2026, 11, 24, 9, tzinfo=UTC) + timedelta(days=400))
    hold = decide(agent, session, decision)
    assert "min left" in agent.get("/review").text
    written = events(session)
    clock.forward(minutes=10)
    assert "min left" not in agent.get("/review").text
    page = undo(agent, hold)
    assert "The decision about Maya Chen is more than 10 minutes old and stands." in page
    assert ("stands. Only they can opt in again, by texting a keyword." in page) == (decision == "opt_out")
    assert "Nothing was changed." not in page
    assert events(session) == written


@pytest.mark.parametrize(
    ("decision", "said", "came"),
    [
        ("opt_out", "STOP", "Opted out of everything"),
        ("opt_out", "START", "Texted START"),
        ("opt_out", "donate2026", "Texts allowed again"),
        ("opt_out", "stop volunteer", "Opted out of one keyword"),
        ("opt_out", "stpo", "On hold for review"),
        ("keep", "STOP", "Opted out of everything"),
        ("keep", "START", "Texted START"),
        ("keep", "volunteer", "Asked again, already opted in"),
        ("keep", "stpo", "On hold for review"),
    ],
)
def test_what_the_person_did_since_is_never_undone(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock, decision: str, said: str, came: str
) -> None:
    clock.forward(minutes=1)
    hold = decide(agent, session, decision)
    clock.forward(minutes=1)
    text(session, said)
    written, before = events(session), stands(session)
    page = undo(agent, hold)
    told = f"The decision about Maya Chen stands: “{came}” came after it, just now, and must not be undone."
    assert told in page
    assert "Nothing was changed." not in page
    assert (events(session), stands(session), hold.withdrawn_at) == (written, before, None)


def test_a_stop_that_twilio_brings_late_forbids_it_too(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    clock.forward(minutes=1)
    hold = decide(agent, session, "opt_out")
    earlier = Act(OptInSource.SMS, at=clock.now(), provider_at=hold.started_at + timedelta(seconds=5), text="STOP")
    ledger.opt_out(session, MAYA, earlier)
    assert "stands: “Opted out of everything” came after it" in undo(agent, hold)
    assert stands(session).suppressed


def test_a_stop_from_before_that_is_found_after_a_withdrawal_ends_everything(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    """The withdrawal is no word of the person: it must not look like one that came after their STOP."""
    clock.forward(minutes=1)
    hold = decide(agent, session, "opt_out")
    undo(agent, hold)
    found = Act(OptInSource.SMS, at=clock.now(), provider_at=hold.started_at + timedelta(seconds=1), text="STOP")
    result = ledger.opt_out(session, MAYA, found)
    session.commit()
    assert (len(result.ended), result.late) == (1, False)
    assert (stands(session).suppressed, stands(session).any_opt_in) == (True, False)


@pytest.mark.parametrize("back", [False, True])
def test_a_number_that_was_given_up_gets_nothing_back(
    agent: Browser, session: Session, volunteer: Keyword, back: bool
) -> None:
    hold = decide(agent, session, "opt_out")
    maya = session.scalars(select(Message.person_id).limit(1)).first() or 1
    act = Act(OptInSource.USER, at=hold.started_at, actor_id=hold.resolved_by_id)
    ledger.change_number(session, maya, MAYA, "+12125550199", act)
    if back:
        ledger.change_number(session, maya, "+12125550199", MAYA, act)
    assert "“Number changed” came after it" in undo(agent, hold)
    assert not stands(session).any_opt_in


def test_a_shared_number_that_one_gives_up_gets_it_back(agent: Browser, session: Session, volunteer: Keyword) -> None:
    tom = person(session, "Tom Baker", MAYA, PersonKind.LEAD)
    hold = decide(agent, session, "opt_out")
    act = Act(OptInSource.USER, at=hold.started_at, actor_id=hold.resolved_by_id)
    tom.mobile = "+12125550199"
    ledger.change_number(session, tom.id, MAYA, tom.mobile, act)
    assert "1 opt-in stands as before" in undo(agent, hold)
    assert stands(session).any_opt_in


def test_a_number_that_the_carrier_lost_gets_nothing_back(agent: Browser, session: Session, volunteer: Keyword) -> None:
    hold = decide(agent, session, "opt_out")
    ledger.lose_number(session, MAYA, Act(OptInSource.SMS, at=hold.started_at))
    assert "“Number lost” came after it" in undo(agent, hold)
    assert not stands(session).any_opt_in


def test_an_earlier_opt_out_of_the_person_stays(agent: Browser, session: Session, volunteer: Keyword) -> None:
    text(session, "STOP")
    text(session, DOUBTFUL)
    hold = decide(agent, session, "opt_out")
    assert "0 opt-ins stand" in undo(agent, hold)
    assert (stands(session).suppressed, stands(session).held, stands(session).any_opt_in) == (True, True, False)
    assert "suppression_ended" not in events(session)


def test_a_question_stands_again_until_it_runs_out(agent: Browser, session: Session, clock: Clock) -> None:
    keyword(session, "donate2026", double_opt_in=True)
    text(session, "donate2026")
    clock.forward(hours=23, minutes=51)
    text(session, DOUBTFUL)
    clock.forward(minutes=1)
    first = decide(agent, session, "opt_out")
    undo(agent, first)
    assert session.scalars(select(OptIn.status)).one() == "pending"
    second = decide(agent, session, "opt_out")
    clock.forward(minutes=9)
    undo(agent, second)
    opt_in = session.scalars(select(OptIn)).one()
    assert (opt_in.status, opt_in.end_reason) == ("expired", None)


def test_what_was_cancelled_stays_cancelled_and_what_waits_is_skipped(
    agent: Browser, session: Session, volunteer: Keyword
) -> None:
    sender = session.scalars(select(Message.sender_id).where(Message.sender_id.is_not(None)).limit(1)).one()

    def queue(purpose: Purpose) -> Message:
        made = Message(
            direction=Direction.OUTBOUND, number=MAYA, purpose=purpose, body="x", status=MessageStatus.QUEUED,
            sender_id=sender, created_at=datetime.now(UTC), updated_at=datetime.now(UTC),
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made

    waiting = queue(Purpose.ONE_TO_ONE)
    undo(agent, decide(agent, session, "opt_out"))
    assert waiting.status == MessageStatus.CANCELLED
    hold = decide(agent, session, "keep")
    broadcast = queue(Purpose.CAMPAIGN)
    undo(agent, hold)
    assert (broadcast.status, broadcast.reason) == (MessageStatus.SKIPPED, "on_hold")
    assert waiting.status == MessageStatus.CANCELLED


def test_the_chart_forgets_an_opt_out_that_was_withdrawn(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    hold = decide(agent, session, "opt_out")
    zone = ZoneInfo("UTC")
    assert opt_ins_per_day.per_day(session, zone, clock.now(), keyword_id=volunteer.id)[-1][1:] == (1, 1)
    undo(agent, hold)
    assert opt_ins_per_day.per_day(session, zone, clock.now(), keyword_id=volunteer.id)[-1][1:] == (1, 0)


def test_the_notice_offers_to_undo_and_counts_down(
    agent: Browser, session: Session, volunteer: Keyword, clock: Clock
) -> None:
    clock.forward(minutes=1)
    hold = session.scalars(select(Hold)).one()
    page = agent.post(f"/review/{hold.id}/decision", data={"decision": "opt_out"}, follow_redirects=True).text
    notice = page.split('id="undo"')[1].split("</main>")[0]
    assert "10 min left" in notice
    assert 'data-key="u"' in notice
    clock.forward(minutes=6, seconds=30)
    live = agent.get(f"/review/decided?decided={hold.id}").text
    assert live.count("4 min left") == 2
    assert 'id="undo" hx-swap-oob="true"' in live
    clock.forward(minutes=4)
    assert "min left" not in agent.get(f"/review/decided?decided={hold.id}").text


def test_who_withdrew_it_is_told(agent: Browser, session: Session, volunteer: Keyword) -> None:
    hold = decide(agent, session, "keep")
    page = undo(agent, hold)
    assert "Kept before; by you" in page
    who = agent.user.name if agent.user else ""
    told = f"The decision about Maya Chen was already withdrawn by {who}. Nothing was changed."
    assert told in undo(agent, hold)


def test_only_a_users_decision_can_be_withdrawn(agent: Browser, session: Session, volunteer: Keyword) -> None:
    hold = session.scalars(select(Hold)).one()
    assert "Nobody has decided about Maya Chen" in undo(agent, hold)
    text(session, "STOP")
    assert "Nobody has decided about Maya Chen" in undo(agent, hold)
    assert agent.post("/review/999/withdrawal").status_code == 404


def test_a_viewer_sees_no_undo_and_may_not(viewer: Browser, session: Session, volunteer: Keyword, app: Flask) -> None:
    agent = app.test_client()
    assert isinstance(agent, Browser)
    agent.test_session = session
    agent.sign_in(add_user(session, Role.AGENT))
    hold = decide(agent, session, "keep")
    assert "withdrawal" not in viewer.get(f"/review?decided={hold.id}").text
    assert viewer.post(f"/review/{hold.id}/withdrawal").status_code == 403


def test_at_once_a_decision_is_withdrawn_once_and_never_against_a_stop(app: Flask, session: Session) -> None:
    """Ten numbers, each decided; two users withdraw, a third decides again and the person texts STOP, all at once."""
    user = add_user(session, Role.AGENT)
    volunteer = keyword(session)
    numbers = [f"+1415555{last}" for last in range(2000, 2010)]
    holds = {}
    for number in numbers:
        text(session, "volunteer", number)
        text(session, DOUBTFUL, number)
        act = Act(OptInSource.USER, at=datetime.now(UTC), actor_id=user.id)
        ledger.opt_out(session, number, act, resolution=HoldResolution.OPT_OUT)
        holds[number] = session.scalars(select(Hold.id).where(Hold.number == number)).one()
    session.commit()
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
    start = threading.Barrier(4)
    results: dict[str, list[WithdrawalRefusal | None]] = {number: [] for number in numbers}

    def act(text_: str = "") -> Act:
        person_ = text_ == "STOP"
        source = OptInSource.SMS if person_ else OptInSource.USER
        return Act(source, at=datetime.now(UTC), actor_id=None if person_ else user.id, text=text_)

    def run(what: str) -> None:
        for number in numbers:
            start.wait(30)
            with Session(engine) as own:
                if what == "withdraw":
                    results[number].append(ledger.withdraw(own, holds[number], act()).refused)
                elif what == "decide":
                    ledger.lock_number(own, number)
                    if own.scalar(select(Hold.id).where(Hold.number == number, Hold.ended_at.is_(None))):
                        ledger.opt_out(own, number, act(), resolution=HoldResolution.OPT_OUT)
                else:
                    ledger.opt_out(own, number, act("STOP"))
                own.commit()

    threads = [threading.Thread(target=run, args=[what]) for what in ("withdraw", "withdraw", "decide", "stop")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    session.expire_all()
    assert all(len(refused) == 2 and refused.count(None) <= 1 for refused in results.values())
    assert session.scalars(select(OptIn.status).where(OptIn.keyword_id == volunteer.id)).all() == ["inactive"] * 10
    suppressed = session.scalars(select(Suppression.number).where(Suppression.ended_at.is_(None))).all()
    assert sorted(suppressed) == numbers
    withdrawn = list(chain(*results.values())).count(None)
    assert events(session).count("decision_withdrawn") == withdrawn
