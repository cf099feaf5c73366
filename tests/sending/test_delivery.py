"""From the outbox to the provider: every reason not to start, every way in which a request can end."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.database.session import db
from optin.enums import BlockCause, BroadcastState, HoldCause, MessageStatus, Purpose, Reason, ReplyKind
from optin.models import Broadcast, CampaignMember, Conversation, Keyword, Message, OptIn, ProviderBlock
from optin.provider.gateway import Failure, GatewayError, SentMessage
from optin.sending import delivery, status_callbacks
from optin.sending.record import LEFT_OPEN
from tests.conftest import Clock
from tests.support import outbox
from tests.support.outbox import MAYA, OURS, act
from tests.support.provider import DROP, Provider, gateway_to, serve_provider, serve_simulator

CALLBACK = "http://127.0.0.1:9/webhooks/twilio/status"
NOON = datetime(2026, 6, 3, 19, tzinfo=UTC)
NIGHT = datetime(2026, 6, 3, 11, tzinfo=UTC)
S = MessageStatus


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


class Sending:
    """Claims, starts and sends, one message after the other. The test's session never keeps its lock meanwhile."""

    def __init__(self, session: Session, engine: Engine, provider: Provider) -> None:
        self.session, self.provider = session, provider
        self._engine, self._gateway = engine, gateway_to(provider.url)

    @property
    def engine(self) -> Engine:
        """Give the database to the code under test, after what the test has arranged or read is committed."""
        self.session.commit()
        return self._engine

    def claim(self, broadcast: Broadcast | None = None) -> list[delivery.ClaimedMessage]:
        return delivery.claim(self.engine, broadcast_id=broadcast.id if broadcast else None)

    def deliver(self, *posts: delivery.ClaimedMessage) -> list[MessageStatus]:
        return [delivery.deliver(self.engine, self._gateway, post, CALLBACK) for post in posts]

    def send(self, broadcast: Broadcast | None = None) -> list[MessageStatus]:
        return self.deliver(*self.claim(broadcast))

    def message(self) -> Message:
        """Return the only message as it is now."""
        return self.session.scalars(select(Message).execution_options(populate_existing=True)).one()


@pytest.fixture
def sending(session: Session, engine: Engine, provider: Provider) -> Sending:
    return Sending(session, engine, provider)


@pytest.fixture
def volunteers(session: Session, clock: Clock) -> Broadcast:
    """At noon, a broadcast to VOLUNTEER with Maya in it, who opted in yesterday."""
    clock.set(NOON - timedelta(days=1))
    word = outbox.keyword(session)
    outbox.opted_in(session, MAYA, word)
    clock.set(NOON)
    broadcast = outbox.broadcast(session, to=word)
    outbox.add_people(session, broadcast, [MAYA])
    session.commit()
    return broadcast


def test_a_message_goes_once_with_the_text_of_the_moment(
    sending: Sending, volunteers: Broadcast, session: Session
) -> None:
    assert sending.send(volunteers) == [S.SENT]
    assert sending.claim(volunteers) == []
    message = sending.message()
    assert sending.provider.accepted == [
        {
            "To": MAYA,
            "From": OURS,
            "Body": "Hello P0134",
            "StatusCallback": f"{CALLBACK}?message={message.id}",
        }
    ]
    assert (message.body, message.segments, message.attempts) == ("Hello P0134", 1, 1)
    assert message.opt_in_id == session.scalars(select(OptIn.id).where(OptIn.number == MAYA)).one()
    assert message.conversation_id == session.scalars(select(Conversation.id)).one()
    assert delivery.finish(sending.engine, volunteers.id)
    session.refresh(volunteers)
    assert (volunteers.state, volunteers.finished_at is not None) == (BroadcastState.SENT, True)
    assert not delivery.finish(sending.engine, volunteers.id)


def test_the_simulator_takes_it_too(engine: Engine, volunteers: Broadcast, tmp_path: Path) -> None:
    with serve_simulator(tmp_path, OURS) as url:
        [post] = delivery.claim(engine, broadcast_id=volunteers.id)
        assert delivery.deliver(engine, gateway_to(url), post, CALLBACK) == S.SENT


# What may happen while a message lies claimed. It never starts; what is left to do is in its state and reason.
Event = Callable[[Session, Broadcast], object]


def _stop(session: Session, _: Broadcast) -> object:
    return ledger.opt_out(session, MAYA, act("STOP"))


def _leave_the_keyword(session: Session, broadcast: Broadcast) -> object:
    assert broadcast.keyword_id
    return ledger.opt_out_keyword(session, MAYA, broadcast.keyword_id, act("STOP VOLUNTEER"))


def _hold(session: Session, _: Broadcast) -> object:
    return ledger.hold(session, MAYA, act("please stop it"), HoldCause.SENTENCE, "stop")


def _block(session: Session, _: Broadcast) -> object:
    return ledger.block(session, OURS, MAYA, BlockCause.WORD, act("STOP"))


def _pause(session: Session, broadcast: Broadcast) -> object:
    broadcast.state = BroadcastState.PAUSED
    return None


def _cancel(session: Session, broadcast: Broadcast) -> object:
    broadcast.state = BroadcastState.CANCELLED
    return None


CLAIMED_AND_THEN: dict[str, tuple[Event, MessageStatus, Reason | None]] = {
    "the person texts STOP": (_stop, S.CANCELLED, Reason.OPTED_OUT),
    "the person leaves the keyword": (_leave_the_keyword, S.SKIPPED, Reason.NOT_OPTED_IN),
    "the number is put on hold": (_hold, S.SKIPPED, Reason.ON_HOLD),
    "Twilio blocks the number": (_block, S.SKIPPED, Reason.BLOCKED),
    "the broadcast is paused": (_pause, S.QUEUED, None),
    "the broadcast is cancelled": (_cancel, S.CANCELLED, None),
}


@pytest.mark.parametrize("case", CLAIMED_AND_THEN)
def test_what_happens_after_the_claim_keeps_it_from_starting(
    sending: Sending, volunteers: Broadcast, session: Session, case: str
) -> None:
    event, state, reason = CLAIMED_AND_THEN[case]
    [post] = sending.claim(volunteers)
    event(session, volunteers)
    assert sending.deliver(post) == [state]
    message = sending.message()
    assert (message.status, message.reason, message.started_at, message.lease_until) == (state, reason, None, None)
    assert sending.provider.requests == 0
    assert sending.claim(volunteers) == []


def test_a_paused_broadcast_goes_on_when_it_is_resumed(
    sending: Sending, volunteers: Broadcast, session: Session
) -> None:
    volunteers.state = BroadcastState.PAUSED
    assert sending.claim(volunteers) == []
    assert delivery.waiting_broadcasts(sending.engine) == []
    volunteers.state = BroadcastState.SENDING
    session.commit()
    assert delivery.waiting_broadcasts(sending.engine) == [volunteers.id]
    assert sending.send(volunteers) == [S.SENT]


# The same rules, asked by the start statement alone: the message came into the outbox beside the event.
REFUSED_AT_THE_START: dict[str, tuple[Event, MessageStatus, Reason]] = {
    "opted out": (_stop, S.CANCELLED, Reason.OPTED_OUT),
    "on hold": (_hold, S.SKIPPED, Reason.ON_HOLD),
    "left the keyword": (_leave_the_keyword, S.SKIPPED, Reason.NOT_OPTED_IN),
    "blocked": (_block, S.SKIPPED, Reason.BLOCKED),
}


@pytest.mark.parametrize("case", REFUSED_AT_THE_START)
def test_the_start_asks_for_itself(sending: Sending, volunteers: Broadcast, session: Session, case: str) -> None:
    event, state, reason = REFUSED_AT_THE_START[case]
    event(session, volunteers)
    message = sending.message()
    message.status, message.reason = S.QUEUED, None
    assert sending.send(volunteers) == [state]
    message = sending.message()
    assert (message.status, message.reason, sending.provider.requests) == (state, reason, 0)


def test_an_unanswered_question_is_no_consent(sending: Sending, session: Session, clock: Clock) -> None:
    clock.set(NOON)
    word = outbox.keyword(session, "ASKED", double_opt_in=True)
    outbox.opted_in(session, MAYA, word)
    broadcast = outbox.broadcast(session, to=word)
    outbox.add_people(session, broadcast, [MAYA])
    assert sending.send(broadcast) == [S.SKIPPED]
    assert sending.message().reason == Reason.PENDING


def test_without_keyword_some_opt_in_is_needed_unless_the_policy_says_otherwise(
    sending: Sending, session: Session
) -> None:
    outbox.without_sending_hours(session)
    broadcast = outbox.broadcast(session)
    outbox.add_people(session, broadcast, [MAYA])
    assert sending.send(broadcast) == [S.SKIPPED]
    assert sending.message().reason == Reason.NO_OPT_IN
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    sending.message().status = S.QUEUED
    assert sending.send(broadcast) == [S.SENT]


def test_outside_sending_hours_it_waits_for_the_morning(sending: Sending, volunteers: Broadcast, clock: Clock) -> None:
    clock.set(NIGHT)
    assert sending.send(volunteers) == [S.QUEUED]
    message = sending.message()
    assert (message.reason, message.not_before) == (Reason.OUTSIDE_HOURS, datetime(2026, 6, 3, 15, tzinfo=UTC))
    assert delivery.waiting_broadcasts(sending.engine) == []
    assert not delivery.finish(sending.engine, volunteers.id)
    clock.set(NOON)
    assert delivery.waiting_broadcasts(sending.engine) == [volunteers.id]
    assert sending.send(volunteers) == [S.SENT]
    assert sending.message().reason is None


@pytest.mark.parametrize(("waits", "state"), [(True, S.QUEUED), (False, S.SKIPPED)])
def test_the_cap_holds_back_the_second_broadcast(
    sending: Sending, volunteers: Broadcast, session: Session, clock: Clock, waits: bool, state: MessageStatus
) -> None:
    outbox.without_sending_hours(session, cap_per_day=1, cap_waits=waits)
    sending.provider.answers = [(429, 20429)]
    assert sending.send(volunteers) == [S.QUEUED]  # what never went does not count
    clock.forward(seconds=10)
    assert sending.send(volunteers) == [S.SENT]
    second = outbox.broadcast(session, to=session.get_one(Keyword, volunteers.keyword_id))
    session.add(_again(sending.message(), second))
    assert sending.send(second) == [state]
    reason = session.scalars(select(Message.reason).where(Message.broadcast_id == second.id)).one()
    assert reason == Reason.CAP_REACHED
    if waits:
        clock.forward(hours=25)
        assert sending.send(second) == [S.SENT]


def _again(first: Message, second: Broadcast) -> Message:
    return Message(
        direction=first.direction,
        number=first.number,
        sender_id=first.sender_id,
        status=S.QUEUED,
        purpose=Purpose.CAMPAIGN,
        broadcast_id=second.id,
        person_id=first.person_id,
        created_at=first.created_at,
        updated_at=first.updated_at,
    )


def _cancel(session: Session, broadcast: Broadcast) -> None:
    broadcast.state = BroadcastState.CANCELLED


def _remove(session: Session, _: Broadcast) -> None:
    session.scalars(select(CampaignMember)).one().removed_at = NOON


@pytest.mark.parametrize("take_back", [_cancel, _remove])
def test_what_is_taken_back_during_a_request_is_not_tried_again(
    sending: Sending, volunteers: Broadcast, session: Session, take_back: Callable[[Session, Broadcast], None]
) -> None:
    started, _ = delivery.start(sending.engine, sending.claim(volunteers))
    take_back(session, volunteers)
    busy = GatewayError("busy", Failure.NOT_SENT, code=20429)
    states = delivery.record(sending.engine, [(post, busy) for post in started])
    assert list(states.values()) == [S.CANCELLED]
    assert sending.message().status == S.CANCELLED


def test_a_one_to_one_message_needs_what_the_settings_ask(sending: Sending, session: Session) -> None:
    outbox.one_to_one(session)
    outbox.without_sending_hours(session, require_opt_in_for_one_to_one=True)
    assert delivery.urgent_waiting(sending.engine)
    assert sending.send() == [S.SKIPPED]
    assert sending.message().reason == Reason.NO_OPT_IN
    assert not delivery.urgent_waiting(sending.engine)


def test_a_one_to_one_message_goes_to_who_never_left(sending: Sending, session: Session) -> None:
    outbox.one_to_one(session)
    assert sending.send() == [S.SENT]
    assert sending.provider.texts == [(MAYA, "See you at nine")]


def test_a_stop_takes_back_a_claimed_one_to_one_message(sending: Sending, session: Session) -> None:
    outbox.one_to_one(session)
    [post] = sending.claim()
    ledger.opt_out(session, MAYA, act("STOP"))
    assert sending.deliver(post) == [S.CANCELLED]
    assert sending.provider.requests == 0


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (ReplyKind.OPT_OUT, S.SENT),
        (ReplyKind.HELP, S.SENT),
        (ReplyKind.QUESTION, S.CANCELLED),
        (ReplyKind.CONFIRMATION, S.CANCELLED),
        (ReplyKind.KEYWORD_ENDED, S.CANCELLED),
    ],
)
def test_after_a_stop_only_these_answers_go(
    sending: Sending, session: Session, kind: ReplyKind, state: MessageStatus
) -> None:
    ledger.opt_out(session, MAYA, act("STOP"))
    outbox.reply(session, kind)
    assert sending.send() == [state]


def test_the_question_that_they_texted_for_after_a_stop_goes(sending: Sending, session: Session, clock: Clock) -> None:
    ledger.opt_out(session, MAYA, act("STOP"))
    clock.forward(minutes=1)
    outbox.opted_in(session, MAYA, outbox.keyword(session, double_opt_in=True))
    outbox.reply(session, ReplyKind.QUESTION)
    assert sending.send() == [S.SENT]


def test_a_question_that_twilio_put_off_is_not_asked_after_a_stop(
    sending: Sending, session: Session, clock: Clock
) -> None:
    outbox.opted_in(session, MAYA, outbox.keyword(session, double_opt_in=True))
    outbox.reply(session, ReplyKind.QUESTION)
    posts = sending.claim()
    started, _ = delivery.start(sending.engine, posts)
    ledger.opt_out(session, MAYA, act("STOP"))  # while the request is under way
    busy = GatewayError("busy", Failure.NOT_SENT, code=20429)
    delivery.record(sending.engine, [(post, busy) for post in started])
    clock.forward(minutes=10)
    assert sending.send() == [S.CANCELLED]
    assert sending.message().reason == Reason.OPTED_OUT
    assert sending.provider.requests == 0


def test_no_answer_passes_a_block(sending: Sending, session: Session) -> None:
    ledger.block(session, OURS, MAYA, BlockCause.WORD, act("STOP"))
    outbox.reply(session, ReplyKind.OPT_OUT)
    assert sending.send() == [S.SKIPPED]
    assert sending.message().reason == Reason.BLOCKED


# How a request may end: the state, and whether it is made again by itself.
ENDS: dict[str, tuple[tuple[int, int], MessageStatus, bool]] = {
    "too many requests": ((429, 20429), S.QUEUED, True),
    "the sender's queue is full": ((400, 21611), S.QUEUED, True),
    "not a mobile number": ((400, 21614), S.FAILED, False),
    "wrong credentials": ((401, 20003), S.QUEUED, True),
    "the connection is dropped after the text was accepted": (DROP, S.UNKNOWN, False),
    "an error inside Twilio": ((500, 20500), S.UNKNOWN, False),
    "a gateway in between gives up": ((504, 0), S.UNKNOWN, False),
}


@pytest.mark.parametrize("case", ENDS)
def test_how_a_request_ends(sending: Sending, volunteers: Broadcast, session: Session, clock: Clock, case: str) -> None:
    answer, state, again = ENDS[case]
    sending.provider.answers = [answer]
    assert sending.send(volunteers) == [state]
    message = sending.message()
    assert message.error_code == (answer[1] or None)
    assert message.error_text
    assert sending.claim(volunteers) == []
    assert delivery.sweep(sending.engine) == 0
    clock.forward(minutes=10)
    assert delivery.sweep(sending.engine) == 0
    assert sending.send(volunteers) == ([S.SENT] if again else [])
    assert sending.provider.requests == (2 if again else 1)
    assert len(sending.provider.accepted) == (1 if again or answer == DROP else 0)


def test_a_provider_that_cannot_be_reached_is_waited_for(
    session: Session, engine: Engine, volunteers: Broadcast, clock: Clock
) -> None:
    with serve_provider() as gone:
        port = int(gone.url.rpartition(":")[2])
    away = Sending(session, engine, gone)
    assert away.send(volunteers) == [S.QUEUED]
    clock.forward(minutes=10)
    with serve_provider(port) as back:
        assert away.send(volunteers) == [S.SENT]
        assert len(back.accepted) == 1
    assert (away.message().error_code, away.message().error_text) == (None, "")


def test_a_refusal_because_of_an_opt_out_at_twilio_is_remembered(
    sending: Sending, volunteers: Broadcast, session: Session
) -> None:
    sending.provider.answers = [(400, 21610)]
    assert sending.send(volunteers) == [S.FAILED]
    assert sending.message().reason == Reason.BLOCKED
    block = session.scalars(select(ProviderBlock)).one()
    assert (block.scope, block.number, block.cause) == (OURS, MAYA, BlockCause.ERROR_21610)
    session.rollback()
    outbox.reply(session, ReplyKind.HELP)
    assert sending.send() == [S.SKIPPED]


def test_a_fault_of_our_own_leaves_the_outcome_open(session: Session, engine: Engine, volunteers: Broadcast) -> None:
    class Broken:
        def send(self, **_: object) -> SentMessage:
            raise KeyError("num_segments")

        def signed(self, *_: object) -> bool:
            return False

    [post] = delivery.claim(engine, broadcast_id=volunteers.id)
    assert delivery.deliver(engine, Broken(), post, CALLBACK) == S.UNKNOWN


def test_a_callback_settles_what_was_unknown(sending: Sending, volunteers: Broadcast, session: Session) -> None:
    sending.provider.answers = [DROP]
    assert sending.send(volunteers) == [S.UNKNOWN]
    message = sending.message()
    sid = f"SM{1:032x}"
    status_callbacks.receive(session, status_callbacks.StatusCallback(sid, "delivered", message_id=message.id))
    assert (message.status, message.sid, message.error_text) == (S.DELIVERED, sid, "")


def test_a_callback_that_comes_before_the_answer_keeps_its_word(
    sending: Sending, volunteers: Broadcast, session: Session
) -> None:
    [post] = sending.claim(volunteers)
    started, held = delivery.start(sending.engine, [post])
    assert (started, held) == ([replace(post, attempt=1)], [])
    sid = f"SM{1:032x}"
    status_callbacks.receive(session, status_callbacks.StatusCallback(sid, "delivered", message_id=post.message_id))
    session.commit()
    states = delivery.record(sending.engine, [(post, SentMessage(sid, S.SENT, 2))])
    assert states == {post.message_id: S.DELIVERED}
    message = sending.message()
    assert (message.sid, message.segments, message.segments_told) == (sid, 1, 2)


def test_many_outcomes_are_recorded_together(session: Session, engine: Engine) -> None:
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    broadcast = outbox.broadcast(session)
    outbox.add_people(session, broadcast, outbox.numbers(5))
    session.commit()
    posts = delivery.claim(engine, broadcast_id=broadcast.id)
    started, _ = delivery.start(engine, posts)
    answers = [
        SentMessage("SM1", S.SENT, 1),
        GatewayError("busy", Failure.NOT_SENT, code=20429),
        GatewayError("blocked", Failure.REFUSED, code=21610),
        GatewayError("lost", Failure.UNKNOWN),
        SentMessage("SM2", S.SENT, 0),
    ]
    states = delivery.record(engine, list(zip(started, answers, strict=True)))
    assert [states[post.message_id] for post in posts] == [S.SENT, S.QUEUED, S.FAILED, S.UNKNOWN, S.SENT]
    rows = session.scalars(select(Message).order_by(Message.id)).all()
    assert [(row.status, row.lease_until) for row in rows] == [(states[row.id], None) for row in rows]


def test_a_refusal_that_is_recorded_again_does_not_put_back_the_next_attempt(
    sending: Sending, volunteers: Broadcast, clock: Clock
) -> None:
    """Nobody saw whether the commit arrived, so it is recorded again, while the next request is under way."""
    first, _ = delivery.start(sending.engine, sending.claim(volunteers))
    refused = [(post, GatewayError("busy", Failure.NOT_SENT, code=20429)) for post in first]
    assert list(delivery.record(sending.engine, refused).values()) == [S.QUEUED]
    clock.forward(minutes=10)
    second, _ = delivery.start(sending.engine, sending.claim(volunteers))
    assert [post.attempt for post in (*first, *second)] == [1, 2]
    assert list(delivery.record(sending.engine, refused).values()) == [S.SENDING]
    clock.forward(minutes=10)
    assert sending.claim(volunteers) == []


def test_what_a_dead_process_left_is_put_right_when_its_lease_ends(
    session: Session, engine: Engine, clock: Clock
) -> None:
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    broadcast = outbox.broadcast(session)
    outbox.add_people(session, broadcast, outbox.numbers(2))
    session.commit()
    claimed = delivery.claim(engine, broadcast_id=broadcast.id)
    started, _ = delivery.start(engine, claimed[:1])
    assert delivery.sweep(engine) == 0
    clock.forward(seconds=40)
    assert delivery.sweep(engine) == 1  # the claimed one
    clock.forward(seconds=40)
    assert delivery.sweep(engine) == 1
    left = session.scalars(select(Message).order_by(Message.id)).all()
    assert [(row.status, row.error_text) for row in left] == [(S.UNKNOWN, LEFT_OPEN), (S.QUEUED, "")]
    session.commit()
    late = delivery.record(engine, [(started[0], SentMessage("SM1", S.SENT, 1))])  # it was only slow
    assert late == {started[0].message_id: S.SENT}


def test_a_worker_that_stops_gives_back_what_it_claimed(sending: Sending, volunteers: Broadcast) -> None:
    delivery.release(sending.engine, sending.claim(volunteers))
    assert sending.send(volunteers) == [S.SENT]


def test_urgent_messages_and_broadcasts_are_claimed_apart(
    sending: Sending, volunteers: Broadcast, session: Session
) -> None:
    outbox.one_to_one(session)
    assert [post.broadcast_id for post in sending.claim(volunteers)] == [volunteers.id]
    assert [post.purpose for post in sending.claim()] == [Purpose.ONE_TO_ONE]
