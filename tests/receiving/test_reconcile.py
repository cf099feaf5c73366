"""What Twilio's list tells: texts that no webhook brought, sends of unknown outcome, statuses that never came."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import BroadcastState, HoldCause, MessageStatus, OptInStatus
from optin.models import Hold, Message, OptIn, Reconciliation, Sender, SendingGate
from optin.provider.gateway import Failure, GatewayError, ListedMessage, SentMessage
from optin.receiving import reconcile
from optin.sending import gate
from optin.sending.gate_mark import Mark
from tests.conftest import Clock
from tests.support import outbox, world
from tests.support.clients import Browser
from tests.support.outbox import MAYA, OURS

NOON = datetime(2026, 6, 3, 19, tzinfo=UTC)
STRANGERS = "+14155550999"


class Twilio:
    """A list of messages as the gateway gives it, with what was asked for."""

    def __init__(self) -> None:
        self.messages: list[ListedMessage] = []
        self.asked: list[str | None] = []
        self.broken = False

    def has(self, body: str, at: datetime, *, inbound: bool = True, status: str = "", **other: object) -> ListedMessage:
        given = {
            "sid": f"SM{len(self.messages) + 0xA00:032x}",
            "number": MAYA,
            "address": OURS,
            "messaging_service_sid": None,
            "error_code": None,
            "status": status or ("received" if inbound else "delivered"),
            **other,
        }
        self.messages.append(ListedMessage(inbound=inbound, body=body, at=at, **given))  # type: ignore[arg-type]
        return self.messages[-1]

    def listed(
        self, *, to: str | None = None, sent_after: datetime | None = None, sent_before: datetime | None = None
    ) -> Iterator[ListedMessage]:
        self.asked.append(to)
        if self.broken:
            raise GatewayError("Twilio could not be reached.", Failure.NOT_SENT)
        for each in sorted(self.messages, key=lambda message: message.at, reverse=True):
            recipient = each.address if each.inbound else each.number
            fits = to in (None, recipient) and (sent_after is None or each.at >= sent_after)
            if fits and (sent_before is None or each.at <= sent_before):
                yield each

    def send(self, **_: object) -> SentMessage:
        raise AssertionError("a comparison sends nothing")

    def signed(self, *_: object) -> bool:
        return False


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def twilio() -> Twilio:
    return Twilio()


@pytest.fixture
def noon(clock: Clock, session: Session) -> datetime:
    """It is noon; we have a number and the keyword VOLUNTEER."""
    outbox.sender(session)
    clock.set(NOON)
    outbox.keyword(session)
    session.commit()
    return NOON


def opt_ins(session: Session) -> list[tuple[str, str]]:
    session.expire_all()
    found = [(row.number, row.status) for row in session.scalars(select(OptIn).order_by(OptIn.id))]
    session.commit()
    return found


def test_a_missed_stop_is_taken_in_with_its_date(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock
) -> None:
    world.text(session, "VOLUNTEER")
    stopped_at = noon + timedelta(minutes=10)
    twilio.has("STOP", stopped_at)
    twilio.has("VOLUNTEER", stopped_at, address=STRANGERS)  # a number of the account that is not ours
    twilio.has("STOP", stopped_at, number="+14155550177", status="failed")  # never delivered to anybody
    clock.forward(hours=1)
    report = reconcile.check_inbound(engine, twilio)
    assert report
    assert report.texts == 1
    assert opt_ins(session) == [(MAYA, OptInStatus.INACTIVE)]
    assert session.scalars(select(OptIn.ended_at)).one() == stopped_at
    assert session.scalars(select(Message.id).where(Message.reply_kind == "opt_out")).all() == []  # too late for one
    session.commit()
    again = reconcile.check_inbound(engine, twilio)
    assert again
    assert again.texts == 0
    assert set(twilio.asked) == {OURS, f"whatsapp:{OURS}"}


def test_a_stop_from_before_a_newer_keyword_is_for_a_person(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock
) -> None:
    clock.forward(minutes=30)
    world.text(session, "VOLUNTEER")
    twilio.has("STOP", noon + timedelta(minutes=10))
    reconcile.check_inbound(engine, twilio)
    assert opt_ins(session) == [(MAYA, OptInStatus.ACTIVE)]
    assert session.scalars(select(Hold.cause)).one() == HoldCause.LATE_STOP


def test_two_at_once_take_a_text_in_once(session: Session, engine: Engine, twilio: Twilio, noon: datetime) -> None:
    for minute in range(20):
        twilio.has("VOLUNTEER", noon - timedelta(minutes=minute), number=f"+1415555{1000 + minute}")
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: reconcile.check_inbound(engine, twilio), range(4)))
    assert sum(report.texts for report in done if report) == 20
    assert len(opt_ins(session)) == 20


def test_what_failed_is_told_and_goes_on_where_it_was(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock
) -> None:
    twilio.broken = True
    with pytest.raises(GatewayError):
        reconcile.check_inbound(engine, twilio)
    assert _state(engine, reconcile.INBOUND).problem == "Twilio could not be reached."
    assert _state(engine, reconcile.INBOUND).done_until is None
    twilio.broken = False
    reconcile.check_inbound(engine, twilio, since=noon - timedelta(hours=30))
    assert _state(engine, reconcile.INBOUND).problem == ""
    assert (_state(engine, reconcile.INBOUND).done_until or noon) >= noon


def test_a_service_needs_the_list_of_everything(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime
) -> None:
    outbox.senders.ensure(session, "MG" + "0" * 32)
    session.commit()
    twilio.has("VOLUNTEER", noon, address="+14155550111", messaging_service_sid="MG" + "0" * 32)
    twilio.has("a text of ours", noon, inbound=False)
    reconcile.check_inbound(engine, twilio)
    assert twilio.asked == [None] * len(twilio.asked)
    assert opt_ins(session) == [(MAYA, OptInStatus.ACTIVE)]


def _unknown(session: Session, clock: Clock, body: str = "See you at nine") -> Message:
    """Have a started message whose outcome is not known."""
    message = outbox.one_to_one(session, body=body)
    message.status, message.started_at, message.updated_at = MessageStatus.UNKNOWN, clock.now(), clock.now()
    session.commit()
    return message


def test_an_unknown_send_is_found_in_the_list(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock
) -> None:
    first, second = _unknown(session, clock), _unknown(session, clock)
    twilio.has("See you at nine", noon - timedelta(hours=2), inbound=False)  # of before
    twilio.has("See you at ten", noon, inbound=False)
    found = twilio.has("See you at nine", noon + timedelta(seconds=1), inbound=False)
    assert reconcile.settle_unknown(engine, twilio) == reconcile.ComparisonReport()  # a callback may still come
    clock.forward(minutes=3)
    report = reconcile.settle_unknown(engine, twilio)
    assert report
    assert report.settled == 1
    session.refresh(first)
    session.refresh(second)
    assert (first.status, first.sid) == (MessageStatus.DELIVERED, found.sid)
    assert (second.status, second.sid) == (MessageStatus.UNKNOWN, None)
    session.commit()
    clock.forward(minutes=31)
    reconcile.settle_unknown(engine, twilio)
    session.refresh(second)
    assert second.status == MessageStatus.NOT_FOUND


def test_a_person_sends_again_what_was_not_found_or_leaves_it(agent: Browser, session: Session, clock: Clock) -> None:
    broadcast = outbox.broadcast(session)
    outbox.add_people(session, broadcast, outbox.numbers(3))
    broadcast.state, broadcast.finished_at = BroadcastState.SENT, clock.now()
    rows = session.scalars(select(Message).order_by(Message.id)).all()
    for row in rows:
        row.status, row.started_at = MessageStatus.NOT_FOUND, clock.now()
    page = agent.get(f"/broadcasts/{broadcast.id}").text
    assert "Send 3 again" in page
    assert "Leave 3" in page
    url = f"/broadcasts/{broadcast.id}/not-found"
    assert agent.post(url, data={"do": "leave", "message": rows[0].id}).status_code == 303
    assert agent.post(url, data={"do": "again", "message": rows[1].id}).status_code == 303
    assert [row.status for row in rows] == [MessageStatus.FAILED, MessageStatus.QUEUED, MessageStatus.NOT_FOUND]
    assert broadcast.state == BroadcastState.SENDING
    agent.post(url, data={"do": "again"})
    assert [row.status for row in rows][1:] == [MessageStatus.QUEUED] * 2
    broadcast.state, rows[2].status = BroadcastState.CANCELLED, MessageStatus.NOT_FOUND
    agent.post(url, data={"do": "again"})
    assert rows[2].status == MessageStatus.NOT_FOUND


def test_statuses_that_never_came_are_asked_for(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock
) -> None:
    said = twilio.has("See you at nine", noon, inbound=False, status="undelivered", error_code=30005)
    message = outbox.one_to_one(session)
    message.status, message.sid, message.sent_at = MessageStatus.SENT, said.sid, noon
    session.commit()
    clock.forward(hours=13)
    reconcile.check_statuses(engine, twilio)
    session.refresh(message)
    assert (message.status, message.error_code) == (MessageStatus.UNDELIVERED, 30005)


def test_the_segments_that_a_service_tells_late_are_taken_from_the_list(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock
) -> None:
    """What a Messaging Service sends has none in its answer; the status may be final long since."""
    said = twilio.has("See you at nine", noon, inbound=False, segments=3)
    inbound = world.text(session, "Hello")
    twilio.has("Hello", noon, segments=2, sid=inbound.sid)
    message = outbox.one_to_one(session)
    message.status, message.sid, message.sent_at = MessageStatus.DELIVERED, said.sid, noon
    session.commit()
    clock.forward(hours=13)
    for _ in range(2):
        reconcile.check_statuses(engine, twilio)
        session.refresh(message)
        assert (message.status, message.segments, message.segments_told) == (MessageStatus.DELIVERED, 1, 3)
        session.commit()
    session.refresh(inbound)
    assert inbound.segments_told is None


def test_after_a_restore_the_list_opens_the_gate(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock, tmp_path: Path
) -> None:
    """The backup was made at noon with two messages waiting; one was sent since, and Maya opted out."""
    world.text(session, "VOLUNTEER")
    broadcast = outbox.broadcast(session, to=outbox.keyword(session), body="Hi {{ first_name }}")
    outbox.add_people(session, broadcast, [MAYA, "+14155550177"])
    session.execute(delete(Message).where(Message.reply_kind.is_not(None)))
    session.execute(delete(SendingGate))
    session.commit()
    sent = twilio.has("Hi P0134", noon + timedelta(minutes=5), inbound=False)
    twilio.has("STOP", noon + timedelta(minutes=6))
    twilio.has("somebody else’s text", noon, inbound=False, number="+14155550199")
    clock.forward(hours=30)
    gate.beat_and_check(engine, Mark(tmp_path), receives=True)
    twilio.broken = True
    with pytest.raises(GatewayError):
        reconcile.reopen(engine, twilio)
    assert _is_closed(engine)
    twilio.broken = False
    assert reconcile.reopen(engine, twilio)
    assert not _is_closed(engine)
    assert opt_ins(session) == [(MAYA, OptInStatus.INACTIVE)]
    rows = session.scalars(select(Message).where(Message.broadcast_id == broadcast.id).order_by(Message.id)).all()
    assert [(row.status, row.sid, row.body) for row in rows] == [
        (MessageStatus.DELIVERED, sent.sid, "Hi P0134"),
        (MessageStatus.UNKNOWN, None, ""),
    ]
    session.commit()
    assert not reconcile.reopen(engine, twilio)


def test_only_an_admin_reconciles(admin: Browser, session: Session) -> None:
    admin.application.extensions["gateway"] = Twilio()  # type: ignore[attr-defined]
    page = admin.post("/settings/twilio/reconciliation", follow_redirects=True)
    assert "Compared with Twilio’s list: 0 texts were missing, 0 sends were settled." in page.text
    assert session.scalar(select(func.count()).select_from(Reconciliation)) == 1


def _is_closed(engine: Engine) -> bool:
    with Session(engine) as session:
        return gate.closure(session) is not None


def _state(engine: Engine, name: str) -> Reconciliation:
    with Session(engine, expire_on_commit=False) as session:
        return session.get_one(Reconciliation, name)


@pytest.mark.parametrize("number", [f"rcs:{MAYA}", f"whatsapp:{MAYA}", f"carrierpigeon:{MAYA}"])
@pytest.mark.parametrize(("address", "service"), [(f"whatsapp:{OURS}", None), ("rcs:brand_x_agent", "MG" + "7" * 32)])
def test_a_missed_stop_by_another_channel_is_taken_in(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock,
    number: str, address: str, service: str | None,
) -> None:  # fmt: skip
    world.text(session, "VOLUNTEER")
    if service:
        session.execute(update(Sender).values(messaging_service_sid=service))
        session.commit()
    twilio.has("STOP", noon + timedelta(minutes=10), number=number, address=address, messaging_service_sid=service)
    clock.forward(hours=1)
    report = reconcile.check_inbound(engine, twilio)
    assert report
    assert report.texts == 1
    assert opt_ins(session) == [(MAYA, OptInStatus.INACTIVE)]


def test_texts_to_an_agent_of_others_are_left_alone(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock
) -> None:
    world.text(session, "VOLUNTEER")
    twilio.has("STOP", noon, number=f"rcs:{MAYA}", address="rcs:somebody_else")
    twilio.has("STOP", noon, number=MAYA, address=f"whatsapp:{STRANGERS}")
    clock.forward(hours=1)
    report = reconcile.check_everything(engine, twilio, since=noon - timedelta(hours=1))
    assert report
    assert report.texts == 0
    assert opt_ins(session) == [(MAYA, OptInStatus.ACTIVE)]


def test_names_and_short_codes_in_the_list_are_taken_in(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock
) -> None:
    for name in ("SUPPORT", "Acme & Co", "40404"):
        twilio.has("VOLUNTEER", noon, number=name)
    clock.forward(minutes=30)
    report = reconcile.check_inbound(engine, twilio)
    assert report
    assert report.texts == 3
    assert opt_ins(session) == []


def test_a_message_that_went_by_rcs_is_found_there(
    session: Session, engine: Engine, twilio: Twilio, noon: datetime, clock: Clock
) -> None:
    service = "MG" + "7" * 32
    world.text(session, "hello", f"rcs:{MAYA}", "rcs:brand_x_agent")
    message = outbox.one_to_one(session)
    session.execute(update(Sender).where(Sender.id == message.sender_id).values(address=service))
    message.status, message.started_at, message.updated_at = MessageStatus.UNKNOWN, noon, noon
    session.commit()
    by_rcs = {"number": f"rcs:{MAYA}", "address": "rcs:brand_x_agent", "messaging_service_sid": service}
    listed = twilio.has(message.body, noon, inbound=False, **by_rcs)
    clock.forward(minutes=5)
    report = reconcile.settle_unknown(engine, twilio)
    assert report
    assert report.settled == 1
    session.expire_all()
    assert (message.sid, message.status) == (listed.sid, MessageStatus.DELIVERED)
