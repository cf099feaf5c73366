"""What carriers say of numbers ends opt-ins, holds, or is shown only; a text from the number proves it alive."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent import consent_status, ledger
from optin.consent.events import Act
from optin.database.session import db
from optin.enums import EndReason, EventKind, HoldCause, HoldResolution, MessageStatus, OptInSource, OptInStatus, Reason
from optin.models import Broadcast, ConsentEvent, Hold, Message, NumberLoss, OptIn
from optin.provider.gateway import ListedMessage
from optin.receiving import inbound
from optin.receiving.store import InboundText
from optin.sending import delivery, status_callbacks, unknown_outcomes
from tests.conftest import Clock
from tests.support import outbox, world
from tests.support.clients import Browser
from tests.support.outbox import MAYA, OURS
from tests.support.provider import Provider, gateway_to, serve_provider
from tests.support.twilio_requests import new_sid

CALLBACK = "http://127.0.0.1:9/webhooks/twilio/status"
NOON = datetime(2026, 6, 3, 19, tzinfo=UTC)
S = MessageStatus
GONE = [30005, 30006, 21211, 21614, 21635]
SHOWN_ONLY = [30007, 30008, 30017, 30022, 30046, 30410, 30453, 99999]


@pytest.fixture
def engine(app: Flask, clock: Clock) -> Engine:
    clock.set(NOON)
    with app.app_context():
        return db.engine


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


class Line:
    """Sends to Maya and lets carrier and Maya speak. The session keeps no lock between."""

    def __init__(self, session: Session, engine: Engine, provider: Provider) -> None:
        self.session, self._engine, self.provider = session, engine, provider
        outbox.opted_in(session, MAYA)
        outbox.without_sending_hours(session)
        session.commit()

    def broadcast(self, *, with_keyword: bool = True) -> Message:
        """Send a broadcast to Maya and return her message as it is then."""
        made = outbox.broadcast(self.session, to=outbox.keyword(self.session) if with_keyword else None)
        known = self.session.scalar(select(Message.person_id).where(Message.person_id.is_not(None)).limit(1))
        if known is None:
            outbox.add_people(self.session, made, [MAYA])
        else:
            self.session.add(outbox._waiting(MAYA, made.sender_id, purpose="campaign", broadcast_id=made.id))
        return self._send(made)

    def one_to_one(self) -> Message:
        """Send a 1:1 message to Maya, as far as the rules let it."""
        sender = outbox.sender(self.session)
        self.session.add(
            outbox._waiting(MAYA, sender.id, purpose="one_to_one", body="Hi", author_id=outbox.author(self.session))
        )
        return self._send(None)

    def _send(self, made: Broadcast | None) -> Message:
        self.session.commit()
        for post in delivery.claim(self._engine, broadcast_id=made.id if made else None):
            delivery.deliver(self._engine, gateway_to(self.provider.url), post, CALLBACK)
        newest = select(Message).where(Message.direction == "outbound").order_by(Message.id.desc()).limit(1)
        found = self.session.scalars(newest.execution_options(populate_existing=True)).one()
        self.session.commit()
        return found

    def report(self, message: Message, code: int, status: str = "undelivered") -> None:
        """Let a status callback come."""
        assert message.sid
        given = {"sid": message.sid, "status": status, "message_id": message.id, "error_code": code or None}
        status_callbacks.receive(self.session, status_callbacks.StatusCallback(**given))  # type: ignore[arg-type]
        self.session.commit()

    def text(self, body: str, at: datetime | None = None) -> Message:
        """Let Maya's phone text us; `at` is Twilio's date where the text was found in its list."""
        stored = inbound.receive(
            self.session, InboundText(new_sid().replace("SM", "MM"), MAYA, OURS, body, provider_at=at)
        )
        assert stored
        self.session.commit()
        return stored

    @property
    def opt_ins(self) -> list[tuple[str, str | None]]:
        rows = self.session.execute(select(OptIn.status, OptIn.end_reason).order_by(OptIn.id)).all()
        self.session.commit()
        return [(row.status, row.end_reason) for row in rows]

    @property
    def is_lost(self) -> bool:
        found = self.session.scalar(select(NumberLoss.id).where(NumberLoss.ended_at.is_(None)))
        self.session.commit()
        return found is not None

    @property
    def hold(self) -> str | None:
        found = self.session.scalar(select(Hold.cause).where(Hold.ended_at.is_(None)))
        self.session.commit()
        return found


@pytest.fixture
def line(session: Session, engine: Engine, provider: Provider) -> Line:
    return Line(session, engine, provider)


LOST = [(OptInStatus.INACTIVE, EndReason.NUMBER_LOST)]
STANDS = [(OptInStatus.ACTIVE, None)]


@pytest.mark.parametrize("code", GONE)
def test_what_is_gone_for_good_ends_the_opt_in_and_gets_nothing_more(line: Line, clock: Clock, code: int) -> None:
    line.report(line.broadcast(), code)
    assert (line.opt_ins, line.is_lost) == (LOST, True)
    sent = len(line.provider.accepted)
    clock.forward(hours=1)
    for message in (line.broadcast(), line.broadcast(with_keyword=False), line.one_to_one()):
        assert (message.status, message.reason) == (S.SKIPPED, Reason.NUMBER_LOST)
    outbox.without_sending_hours(line.session, keywordless_needs_opt_in=False)
    assert line.broadcast(with_keyword=False).reason == Reason.NUMBER_LOST
    assert len(line.provider.accepted) == sent


@pytest.mark.parametrize("code", [21211, 21614])
def test_the_answer_to_the_request_counts_too(line: Line, code: int) -> None:
    line.provider.answers = [(400, code)]
    assert line.broadcast().status == S.FAILED
    assert (line.opt_ins, line.is_lost) == (LOST, True)


def test_twilios_list_counts_too(line: Line, engine: Engine, clock: Clock) -> None:
    line.provider.answers = [(500, 20500)]
    message = line.broadcast()
    assert message.status == S.UNKNOWN
    found = ListedMessage("SM" + "e" * 32, False, MAYA, OURS, None, message.body, "undelivered", 30005, clock.now())
    assert unknown_outcomes.adopt(engine, found)
    assert (line.opt_ins, line.is_lost) == (LOST, True)


@pytest.mark.parametrize("code", SHOWN_ONLY)
def test_what_is_doubtful_is_only_shown(line: Line, code: int) -> None:
    for _ in range(4):
        line.report(line.broadcast(), code)
    assert (line.opt_ins, line.is_lost, line.hold) == (STANDS, False, None)


def test_the_setting_may_ask_for_two_tries(line: Line, clock: Clock) -> None:
    outbox.without_sending_hours(line.session, tries_before_lost=2)
    first = line.broadcast()
    line.report(first, 30005)
    line.report(first, 30005)
    line.report(first, 30005, "failed")
    assert line.opt_ins == STANDS, "one message, however often it is told of, is one try"
    clock.forward(hours=1)
    line.report(line.broadcast(), 30006)
    assert (line.opt_ins, line.is_lost) == (LOST, True)


@pytest.mark.parametrize(
    ("days", "lost"), [([0, 3, 20], True), ([0, 3], False), ([0, 3, 31], False), ([0, 1, 29], True)]
)
def test_out_of_reach_three_times_within_thirty_days(line: Line, clock: Clock, days: list[int], lost: bool) -> None:
    for day in days:
        clock.set(NOON + timedelta(days=day))
        line.report(line.broadcast(), 30003)
    assert line.is_lost is lost


def test_a_delivery_in_between_begins_the_count_anew(line: Line, clock: Clock) -> None:
    for code in (30003, 30003, 0, 30003, 30003):
        line.report(line.broadcast(), code, "undelivered" if code else "delivered")
        clock.forward(hours=1)
    assert not line.is_lost


@pytest.mark.parametrize("code", [30005, 30004])
def test_who_has_texted_since_is_there(line: Line, clock: Clock, code: int) -> None:
    message = line.broadcast()
    clock.forward(minutes=5)
    line.text("Thank you!")
    clock.forward(minutes=5)
    line.report(message, code)
    assert (line.opt_ins, line.is_lost, line.hold) == (STANDS, False, None)


def test_a_late_report_says_nothing_after_a_later_delivery(line: Line, clock: Clock) -> None:
    early = line.broadcast()
    clock.forward(hours=1)
    line.report(line.broadcast(), 0, "delivered")
    line.report(early, 30005)
    assert not line.is_lost


def test_reports_in_any_order_and_twice_come_to_the_same(line: Line) -> None:
    message = line.broadcast()
    line.report(message, 30005)
    for status in ("sent", "undelivered", "queued", "sent"):
        line.report(message, 30005 if status == "undelivered" else 0, status)
    assert (line.opt_ins, line.is_lost) == (LOST, True)
    events = line.session.scalars(select(ConsentEvent).where(ConsentEvent.kind == EventKind.NUMBER_LOST)).all()
    assert [event.detail for event in events] == ["error 30005"]


@pytest.mark.parametrize("code", [30004, 30640])
def test_a_block_by_the_carrier_is_decided_by_a_person(line: Line, clock: Clock, code: int) -> None:
    message = line.broadcast()
    line.report(message, code)
    assert (line.hold, line.opt_ins) == (HoldCause.CARRIER_BLOCK, STANDS)
    clock.forward(hours=1)
    assert line.broadcast().reason == Reason.ON_HOLD
    ledger.keep(line.session, MAYA, Act(OptInSource.USER, at=clock.now()))
    line.session.commit()
    line.report(message, code, "failed")
    assert line.hold is None, "old news does not undo the decision"
    clock.forward(hours=1)
    line.report(line.broadcast(), code)
    assert line.hold == HoldCause.CARRIER_BLOCK


def test_waiting_messages_end_with_the_number(line: Line) -> None:
    message = line.broadcast()
    waiting = outbox.one_to_one(line.session)
    line.session.commit()
    line.report(message, 30005)
    line.session.refresh(waiting)
    assert (waiting.status, waiting.reason) == (S.SKIPPED, Reason.NUMBER_LOST)


@pytest.mark.parametrize(
    ("body", "opt_ins"),
    [
        ("Who is this?", LOST),
        ("START", LOST),
        ("YES", LOST),
        ("HELP", LOST),
        ("VOLUNTEER", [*LOST, (OptInStatus.ACTIVE, None)]),
    ],
)
def test_a_text_from_a_lost_number_revives_nothing_and_asks_whose_it_is(
    line: Line, clock: Clock, body: str, opt_ins: list[tuple[str, str | None]]
) -> None:
    outbox.without_sending_hours(line.session, start_restores_opt_ins=True)
    line.report(line.broadcast(), 30005)
    clock.forward(days=90)
    line.text(body)
    assert (line.is_lost, line.hold, line.opt_ins) == (False, HoldCause.NEW_OWNER, opt_ins)
    clock.forward(hours=1)
    line.text("VOLUNTEER")
    line.text("START")
    assert line.hold == HoldCause.NEW_OWNER, "words do not tell who they are"
    assert line.broadcast().reason == Reason.ON_HOLD
    ledger.keep(line.session, MAYA, Act(OptInSource.USER, at=clock.now()))
    line.session.commit()
    assert line.broadcast().status == S.SENT


def test_stop_from_a_lost_number_opts_out_and_needs_no_decision(line: Line, clock: Clock) -> None:
    line.report(line.broadcast(), 30005)
    clock.forward(days=1)
    line.text("STOP")
    assert (line.is_lost, line.hold) == (False, None)
    assert consent_status.of_number(line.session, MAYA).kind == consent_status.StatusKind.OPTED_OUT


def test_start_of_a_new_owner_restores_nothing_of_the_old_one(line: Line, clock: Clock) -> None:
    outbox.without_sending_hours(line.session, start_restores_opt_ins=True)
    message = line.broadcast()
    clock.forward(minutes=1)
    ledger.opt_out(line.session, MAYA, Act(OptInSource.USER, at=clock.now()))
    line.session.commit()
    line.report(message, 30005)
    clock.forward(days=90)
    line.text("Hello?")
    clock.forward(minutes=1)
    line.text("START")
    assert line.opt_ins == [(OptInStatus.INACTIVE, EndReason.OPTED_OUT)]


def test_a_text_from_before_the_failure_proves_nothing(line: Line, clock: Clock) -> None:
    clock.forward(hours=2)
    line.report(line.broadcast(), 30005)
    clock.forward(hours=1)
    line.text("On my way", at=NOON + timedelta(hours=1))
    assert line.is_lost
    line.text("Still me", at=NOON + timedelta(hours=2, minutes=30))
    assert not line.is_lost


def test_pages_say_what_happened_and_what_to_do(line: Line, clock: Clock, agent: Browser) -> None:
    message = line.broadcast()
    person_id = message.person_id
    line.report(message, 30005)
    record = agent.get(f"/contacts/{person_id}").text
    assert "Not in use since 3 Jun 2026" in record
    composer = agent.get(f"/contacts/{person_id}?tab=messages").text
    assert "this number is not in use" in composer
    clock.forward(days=1)
    line.text("Who is this?")
    review = agent.get("/review").text
    assert HoldCause.NEW_OWNER.label in review
    assert HoldResolution.KEEP.label


@pytest.mark.parametrize("first", ["before", "after"])
def test_another_hold_does_not_let_a_new_owner_pass(session: Session, clock: Clock, first: str) -> None:
    world.keyword(session)
    world.text(session, "volunteer", MAYA)
    if first == "before":
        clock.forward(days=1)
        world.text(session, "can we maybe stop this some day", MAYA)
    clock.forward(days=1)
    ledger.lose_number(session, MAYA, Act(OptInSource.SMS, at=the_clock.now()), error_code=30005)
    session.commit()
    clock.forward(days=40)
    world.text(session, "hi" if first == "before" else "who is this, can we maybe stop this", MAYA)
    for said in ("START", "volunteer"):
        clock.forward(minutes=1)
        world.text(session, said, MAYA)
    [hold] = session.scalars(select(Hold).where(Hold.ended_at.is_(None)))
    assert hold.cause == HoldCause.NEW_OWNER
