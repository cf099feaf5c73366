"""While Twilio refuses the account or a sender: who waits and for how long, what is asked again, what is said."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from optin import clock as clocks
from optin.consent import ledger
from optin.database.session import db
from optin.enums import MessageStatus, Reason, ReplyKind, SenderKind
from optin.features.one_to_one import thread
from optin.models import Broadcast, Message, Sender, SendingPause
from optin.policy import policy
from optin.sending import delivery, overdue_replies, pauses, status_callbacks
from optin.sending.delivery import ClaimedMessage
from tests.conftest import Clock
from tests.support import outbox
from tests.support.clients import Browser
from tests.support.outbox import MAYA, act
from tests.support.provider import Provider, gateway_to, serve_provider

CALLBACK = "http://127.0.0.1:9/webhooks/twilio/status"
NOON = datetime(2026, 6, 3, 19, tzinfo=UTC)
S = MessageStatus
REFUSED_SIGN_IN = (401, 20003)


@pytest.fixture
def engine(app: Flask, clock: Clock) -> Engine:
    clock.set(NOON)
    with app.app_context():
        return db.engine


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


def send(session: Session, engine: Engine, provider: Provider, broadcast: Broadcast | None = None) -> list[str]:
    """Claim what waits, and send it message by message."""
    session.commit()
    posts: list[ClaimedMessage] = delivery.claim(engine, broadcast_id=broadcast.id if broadcast else None)
    return [delivery.deliver(engine, gateway_to(provider.url), post, CALLBACK) for post in posts]


def stored(session: Session) -> list[Message]:
    """Return the messages as they are now; the session keeps no lock."""
    session.commit()
    found = list(session.scalars(select(Message).order_by(Message.id).execution_options(populate_existing=True)))
    session.commit()
    return found


def test_the_first_refusal_puts_back_what_was_claimed_with_it(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    for number in outbox.numbers(20):
        outbox.one_to_one(session, number)
    provider.always = REFUSED_SIGN_IN
    assert send(session, engine, provider) == [S.QUEUED] * 20
    assert provider.requests == 1
    assert not delivery.urgent_waiting(engine)
    for _ in range(60):
        clock.forward(seconds=5)
        send(session, engine, provider)
    assert 6 <= provider.requests <= 12, "in five minutes: after 2, 4, 8, 16, 32, 60, 60 … seconds"
    assert {message.status for message in stored(session)} == {S.QUEUED}
    provider.always = None
    clock.forward(seconds=60)
    assert delivery.urgent_waiting(engine)
    send(session, engine, provider)
    clock.forward(seconds=2)
    send(session, engine, provider)
    assert {message.status for message in stored(session)} == {S.SENT}
    assert len(provider.accepted) == 20
    assert session.scalars(select(SendingPause)).one().is_open is False


def test_consent_is_asked_again_when_it_goes_on(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    outbox.one_to_one(session)
    provider.answers = [REFUSED_SIGN_IN]
    assert send(session, engine, provider) == [S.QUEUED]
    ledger.opt_out(session, MAYA, act("STOP"))
    clock.forward(minutes=5)
    assert send(session, engine, provider) == []
    assert (stored(session)[0].status, provider.accepted) == (S.CANCELLED, [])


def test_a_sender_that_fails_stops_no_other(session: Session, engine: Engine, provider: Provider, clock: Clock) -> None:
    other = Sender(address="+14155550177", kind=SenderKind.LONG_CODE, created_at=NOON)
    session.add(other)
    first, second = (outbox.one_to_one(session, number) for number in outbox.numbers(2))
    session.flush()
    second.sender_id = other.id
    provider.at = {outbox.OURS: (400, 21606)}
    assert send(session, engine, provider) == [S.QUEUED, S.SENT]
    third = outbox.one_to_one(session, "+14155557777")
    third.sender_id = other.id
    assert send(session, engine, provider) == [S.SENT]
    clock.forward(minutes=3)
    provider.at = {}
    assert send(session, engine, provider) == [S.SENT]
    assert first.number in dict(provider.texts)


@pytest.mark.parametrize(("minutes", "state"), [(4, S.SENT), (5, S.SKIPPED), (90, S.SKIPPED)])
def test_an_opt_out_confirmation_waits_five_minutes_and_then_says_why_it_was_not_sent(
    session: Session, engine: Engine, provider: Provider, clock: Clock, minutes: int, state: MessageStatus
) -> None:
    ledger.opt_out(session, MAYA, act("STOP"))
    outbox.reply(session, ReplyKind.OPT_OUT)
    provider.answers = [REFUSED_SIGN_IN]
    assert send(session, engine, provider) == [S.QUEUED]
    clock.forward(minutes=minutes)
    send(session, engine, provider)
    [message] = stored(session)
    assert message.status == state
    if state == S.SKIPPED:
        assert message.reason == Reason.REPLY_TOO_LATE
        [row] = thread.rows_of(message)
        assert row.text == "automatic reply not sent: too late for an automatic reply"
        assert provider.accepted == []


@pytest.mark.parametrize(
    ("kind", "hours", "ended"), [(ReplyKind.OPT_OUT, 0.1, 1), (ReplyKind.HELP, 0.1, 0), (ReplyKind.HELP, 24, 1)]
)
def test_what_waits_too_long_is_ended_although_the_pause_lasts(
    session: Session, engine: Engine, provider: Provider, clock: Clock, kind: ReplyKind, hours: float, ended: int
) -> None:
    outbox.reply(session, kind)
    provider.always = REFUSED_SIGN_IN
    send(session, engine, provider)
    assert overdue_replies.end_overdue(engine) == 0
    clock.forward(hours=hours)
    assert overdue_replies.end_overdue(engine) == ended
    assert (stored(session)[0].reason == Reason.REPLY_TOO_LATE) is bool(ended)
    assert overdue_replies.end_overdue(engine) == 0


def test_the_patience_runs_from_the_text_that_is_answered(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    asked = Message(direction="inbound", number=MAYA, status=S.RECEIVED, created_at=NOON, updated_at=NOON, purpose=None)
    session.add(asked)
    session.flush()
    clock.forward(minutes=3)
    outbox.reply(session, ReplyKind.OPT_OUT).in_reply_to_id = asked.id
    clock.forward(minutes=2)
    assert send(session, engine, provider) == [S.SKIPPED]
    assert provider.requests == 0


def test_what_is_not_known_is_not_put_back(session: Session, engine: Engine, provider: Provider) -> None:
    outbox.one_to_one(session)
    provider.answers = [(500, 20003)]
    assert send(session, engine, provider) == [S.UNKNOWN]
    assert pauses.warning(session) == ""


def _sent_at(session: Session, engine: Engine, provider: Provider, count: int) -> list[Message]:
    for number in outbox.numbers(count):
        outbox.one_to_one(session, number)
    send(session, engine, provider)
    return stored(session)


def test_a_status_report_stops_the_sender_until_a_try_has_come_through(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    first, second, *_ = _sent_at(session, engine, provider, 3)
    status_callbacks.apply(session, first, "undelivered", 30034, NOON)
    status_callbacks.apply(session, second, "undelivered", 30034, NOON)
    for number in ("+14155558001", "+14155558002", "+14155558003"):
        outbox.one_to_one(session, number)
    assert send(session, engine, provider) == []
    assert "not registered" in pauses.warning(session)
    clock.forward(minutes=1)
    assert send(session, engine, provider) == [S.SENT]
    status_callbacks.apply(session, stored(session)[3], "failed", 30034, NOON)
    clock.forward(seconds=90)
    assert send(session, engine, provider) == [], "the try has failed: the next one comes later"
    clock.forward(minutes=1)
    assert send(session, engine, provider) == [S.SENT]
    clock.forward(minutes=15)
    assert send(session, engine, provider) == [S.SENT]
    assert pauses.warning(session) == ""
    status_callbacks.apply(session, stored(session)[2], "undelivered", 30034, NOON)
    assert pauses.warning(session) == "", "what is told of a message from before proves nothing of now"


@pytest.mark.parametrize("code", [30003, 30005, 30007, 21703, 30008, 30022])
def test_other_reports_stop_nothing(session: Session, engine: Engine, provider: Provider, code: int) -> None:
    [message] = _sent_at(session, engine, provider, 1)
    status_callbacks.apply(session, message, "undelivered", code, NOON)
    assert pauses.warning(session) == ""


def test_everybody_sees_what_stopped_it_and_what_to_do(
    session: Session, engine: Engine, provider: Provider, agent: Browser
) -> None:
    outbox.one_to_one(session)
    provider.answers = [REFUSED_SIGN_IN]
    assert send(session, engine, provider) == [S.QUEUED]
    untried = outbox.one_to_one(session, "+14155550135")
    session.commit()
    sentence = (
        "Nothing is being sent for now. Twilio rejected our credentials (error 20003). "
        "Check account SID, token and region"
    )
    for path in ("/", "/inbox", f"/inbox/{untried.conversation_id}"):
        assert sentence in re.sub(r"\s+", " ", agent.get(path).text), path
    shown = thread.load(session, untried.conversation_id)
    assert "Waiting: Twilio rejected our credentials." in shown.rows[-1].note
    assert agent.get("/readyz").json["sending"] == "paused (account): error 20003"
    [wrong] = list(pauses.sentences(session))
    assert wrong.startswith(sentence)


def test_the_broadcast_says_what_stopped_it(
    session: Session, engine: Engine, provider: Provider, agent: Browser
) -> None:
    outbox.without_sending_hours(session, keywordless_needs_opt_in=False)
    broadcast = outbox.broadcast(session)
    outbox.add_people(session, broadcast, outbox.numbers(3))
    provider.at = {outbox.OURS: (400, 21606)}
    send(session, engine, provider, broadcast)
    progress = agent.get(f"/broadcasts/{broadcast.id}/progress").text
    assert "Nothing is being sent from +14155550100 for now. The sender can’t send SMS" in progress.replace(
        "&#39;", "’"
    )
    broadcast_id = broadcast.id
    session.commit()
    assert not delivery.finish(engine, broadcast_id)


def test_of_two_who_look_at_once_one_tries(session: Session, engine: Engine, provider: Provider, clock: Clock) -> None:
    for number in outbox.numbers(4):
        outbox.one_to_one(session, number)
    provider.always = REFUSED_SIGN_IN
    send(session, engine, provider)
    clock.forward(seconds=3)
    claimed = [delivery.claim(engine), delivery.claim(engine)]
    assert [len(posts) for posts in claimed] == [1, 0]
    assert [post.is_try for post in claimed[0]] == [True]


def _broadcast(session: Session, count: int, *, at_night: bool = False) -> Broadcast:
    """Have a broadcast to so many people; `at_night` it is four in the morning where they live, and hours hold."""
    policy.change(session, None, sending_hours=at_night, keywordless_needs_opt_in=False)
    broadcast = outbox.broadcast(session)
    outbox.add_people(session, broadcast, outbox.numbers(count), zones="Asia/Tokyo" if at_night else "UTC")
    return broadcast


def _pause_account(session: Session, engine: Engine, provider: Provider) -> None:
    """Have Twilio refuse one reply, and be well again."""
    outbox.reply(session, ReplyKind.HELP, "+14155550111")
    provider.answers = [REFUSED_SIGN_IN]
    assert send(session, engine, provider) == [S.QUEUED]


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("waited_for_hours", [False, True])
def test_an_account_that_fails_again_and_again_without_a_code_burns_nothing(
    session: Session, engine: Engine, provider: Provider, clock: Clock, status: int, waited_for_hours: bool
) -> None:
    broadcast = _broadcast(session, 40)
    for message in stored(session) if waited_for_hours else []:
        message.not_before = clocks.now() - timedelta(seconds=1)
    for _ in range(4):
        provider.always = (status, 0)
        send(session, engine, provider, broadcast)
        clock.forward(minutes=1)
        send(session, engine, provider, broadcast)
        provider.always = None
        clock.forward(minutes=1)
        send(session, engine, provider, broadcast)
    clock.forward(minutes=2)
    send(session, engine, provider, broadcast)
    assert Counter(message.status for message in stored(session)) == {S.SENT: 40}


def test_a_message_that_met_the_senders_error_fails_only_after_others_came_through(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    refused = outbox.one_to_one(session, "+14155550111")
    provider.at = {refused.number: (400, 21659)}
    assert send(session, engine, provider) == [S.QUEUED]
    bad = outbox.one_to_one(session, "+14155550112")
    provider.at |= {bad.number: (400, 21211)}
    clock.forward(seconds=3)
    assert send(session, engine, provider) == [S.FAILED]
    assert pauses.warning(session) == "", "an answer about the number"
    clock.forward(seconds=3)
    assert send(session, engine, provider) == [S.QUEUED], "the number may be looked at before the sender"
    outbox.one_to_one(session, "+14155550113")
    clock.forward(seconds=3)
    assert send(session, engine, provider) == [S.SENT]
    assert send(session, engine, provider) == [S.FAILED]


def test_tries_that_cannot_start_cost_nothing(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    broadcast = _broadcast(session, 20, at_night=True)
    _pause_account(session, engine, provider)
    clock.forward(seconds=3)
    for _ in range(20):
        assert send(session, engine, provider, broadcast) == [S.QUEUED]
    assert send(session, engine, provider) == [S.SENT]
    assert provider.requests == 2
    assert Counter(message.reason for message in stored(session)) == {Reason.OUTSIDE_HOURS: 20, None: 1}


@pytest.mark.parametrize("late", [False, True], ids=["opted out", "after the last time"])
def test_what_is_skipped_costs_no_try(
    session: Session, engine: Engine, provider: Provider, clock: Clock, late: bool
) -> None:
    broadcast = _broadcast(session, 10)
    if late:
        broadcast.not_after = NOON
    else:
        policy.change(session, None, keywordless_needs_opt_in=True)
    _pause_account(session, engine, provider)
    clock.forward(seconds=3)
    for _ in range(10):
        assert send(session, engine, provider, broadcast) == [S.SKIPPED]
    assert session.scalars(select(SendingPause.tries)).one() == 0
    assert send(session, engine, provider) == [S.SENT]


def test_a_try_that_is_handed_back_costs_nothing(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    _pause_account(session, engine, provider)
    clock.forward(seconds=6)
    session.commit()
    delivery.release(engine, delivery.claim(engine))
    assert send(session, engine, provider) == [S.SENT]


def test_an_opt_out_is_confirmed_before_a_broadcast_is_tried(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    broadcast = _broadcast(session, 40, at_night=True)
    _pause_account(session, engine, provider)
    ledger.opt_out(session, MAYA, act("STOP"))
    outbox.reply(session, ReplyKind.OPT_OUT)
    clock.forward(seconds=3)
    assert send(session, engine, provider, broadcast) == []
    assert send(session, engine, provider) == [S.SENT]
    assert provider.texts[-1][0] == MAYA


def test_one_that_is_refused_each_time_leaves_the_next_try_to_others(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    broadcast = _broadcast(session, 5)
    outbox.reply(session, ReplyKind.HELP, "+14155550111")
    provider.at = {"+14155550111": (403, 0)}
    assert send(session, engine, provider) == [S.QUEUED]
    clock.forward(seconds=6)
    assert send(session, engine, provider) == [S.QUEUED]
    clock.forward(seconds=5)
    assert send(session, engine, provider) == [], "it was the last one"
    assert send(session, engine, provider, broadcast) == [S.SENT]


@pytest.mark.parametrize("answer", [(400, 21612), (400, 21211), (400, 21610), (400, 21606)])
def test_an_answer_about_a_message_proves_the_account(
    session: Session, engine: Engine, provider: Provider, clock: Clock, answer: tuple[int, int]
) -> None:
    _pause_account(session, engine, provider)
    provider.always = answer
    clock.forward(seconds=6)
    send(session, engine, provider)
    assert not session.get_one(SendingPause, pauses.ACCOUNT, populate_existing=True).is_open


@pytest.mark.parametrize("answer", [(429, 20429), (500, 20500), (401, 20003), (401, 20101)])
def test_an_answer_that_says_nothing_of_the_account_proves_nothing(
    session: Session, engine: Engine, provider: Provider, clock: Clock, answer: tuple[int, int]
) -> None:
    _pause_account(session, engine, provider)
    provider.always = answer
    clock.forward(seconds=6)
    send(session, engine, provider)
    assert session.get_one(SendingPause, pauses.ACCOUNT, populate_existing=True).is_open


@pytest.mark.parametrize(("code", "goes_on"), [(30003, True), (30005, True), (30034, False), (30036, False)])
def test_a_report_about_the_phone_proves_the_sender(
    session: Session, engine: Engine, provider: Provider, clock: Clock, code: int, goes_on: bool
) -> None:
    first, *_ = _sent_at(session, engine, provider, 1)
    status_callbacks.apply(session, first, "undelivered", 30034, NOON)
    for number in ("+14155558001", "+14155558002"):
        outbox.one_to_one(session, number)
    session.commit()
    clock.forward(minutes=1)
    assert send(session, engine, provider) == [S.SENT]
    status_callbacks.apply(session, stored(session)[1], "undelivered", code, NOON)
    assert (pauses.warning(session) == "") is goes_on
    assert send(session, engine, provider) == [S.SENT] * goes_on


def test_a_pause_with_nothing_left_to_try_ends(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    message = outbox.one_to_one(session)
    provider.answers = [(400, 21606)]
    assert send(session, engine, provider) == [S.QUEUED]
    pauses.end_idle(session, clocks.now() + timedelta(minutes=4))
    assert pauses.warning(session)
    clock.forward(minutes=6)
    pauses.end_idle(session, clocks.now())
    assert pauses.warning(session) == ""
    provider.answers = [(400, 21606)]
    assert send(session, engine, provider) == [S.QUEUED], "nobody came through: it is not refused for itself"
    session.commit()
    assert session.get_one(Message, message.id, populate_existing=True).status == S.QUEUED


def test_what_only_a_report_told_stays_until_a_try_proves_it(
    session: Session, engine: Engine, provider: Provider, clock: Clock
) -> None:
    first, *_ = _sent_at(session, engine, provider, 1)
    status_callbacks.apply(session, first, "undelivered", 30034, NOON)
    clock.forward(days=1)
    pauses.end_idle(session, clocks.now())
    assert "not registered" in pauses.warning(session)
    outbox.one_to_one(session, "+14155558001")
    assert send(session, engine, provider) == [S.SENT]
    clock.forward(minutes=2)
    pauses.end_idle(session, clocks.now())
    assert pauses.warning(session) == ""
