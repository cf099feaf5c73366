"""A short refusal in answer to a broadcast is held; within a conversation it is an ordinary word. On both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.enums import HoldCause, MessageStatus
from optin.models import Hold, Suppression
from optin.policy import policy
from tests.conftest import Clock
from tests.support import outbox
from tests.support.texting import Phone, add_keyword

S = MessageStatus
REFUSALS = ["no", "No!", "n", "nope", "Nah", "out", "S", "x", "done", "not me", "block", "mute", "no thanks"]
ON_HOLD = "on hold for review"


@pytest.fixture
def phone(session: Session) -> Phone:
    for word, double in (("volunteer", False), ("donate", True)):
        add_keyword(session, word, double)
    phone = Phone(session)
    phone.text("volunteer")
    return phone


def reach(phone: Phone, status: MessageStatus = S.DELIVERED) -> None:
    """Let a broadcast reach the phone now."""
    outbox.reached(phone.session, phone.number, status=status)


def write(phone: Phone, status: MessageStatus = S.DELIVERED) -> None:
    """Let a user write to the phone now."""
    outbox.went(outbox.one_to_one(phone.session, phone.number), status)
    phone.session.commit()


@pytest.mark.parametrize("body", REFUSALS)
def test_a_refusal_in_answer_to_a_broadcast_is_held(phone: Phone, body: str) -> None:
    reach(phone)
    assert phone.text(body) == ON_HOLD
    held = phone.session.scalars(select(Hold)).one()
    assert (held.cause, held.trigger) == (HoldCause.SHORT_REFUSAL, body)
    assert phone.states() == ["volunteer active"]


@pytest.mark.parametrize("body", ["exit", "leave"])
def test_the_plain_ones_hold_or_opt_out(phone: Phone, body: str) -> None:
    reach(phone)
    phone.text(body)
    assert phone.open(Hold) + phone.open(Suppression) == 1


@pytest.mark.parametrize("body", ["no?", "Not on Saturday, sorry", "yes", "see you", "ok", "who is this"])
def test_what_is_no_short_refusal_is_ordinary(phone: Phone, body: str) -> None:
    reach(phone)
    assert phone.text(body) == ""
    assert phone.open(Hold) == 0


@pytest.mark.parametrize("body", REFUSALS)
def test_without_a_broadcast_it_is_ordinary(phone: Phone, body: str) -> None:
    assert phone.text(body) == ""


@pytest.mark.parametrize("status", [S.SENT, S.DELIVERED, S.SENDING, S.UNKNOWN, S.UNDELIVERED])
def test_what_may_have_reached_them_counts(phone: Phone, status: MessageStatus) -> None:
    reach(phone, status)
    assert phone.text("no") == ON_HOLD


@pytest.mark.parametrize("status", [S.QUEUED, S.SKIPPED, S.CANCELLED, S.FAILED, S.NOT_FOUND])
def test_what_never_went_does_not(phone: Phone, status: MessageStatus) -> None:
    reach(phone, status)
    assert phone.text("no") == ""


@pytest.mark.parametrize(("hours", "effect"), [(1, ON_HOLD), (71, ON_HOLD), (73, "")])
def test_for_three_days(phone: Phone, clock: Clock, hours: int, effect: str) -> None:
    reach(phone)
    clock.forward(hours=hours)
    assert phone.text("no") == effect


def test_within_a_users_conversation_it_is_ordinary(phone: Phone, clock: Clock) -> None:
    reach(phone)
    clock.forward(minutes=1)
    write(phone)
    assert phone.text("no") == ""


def test_a_broadcast_after_the_conversation_is_what_it_answers(phone: Phone, clock: Clock) -> None:
    write(phone)
    clock.forward(minutes=1)
    reach(phone)
    assert phone.text("no") == ON_HOLD


@pytest.mark.parametrize("status", [S.QUEUED, S.FAILED, S.SKIPPED, S.UNKNOWN])
def test_a_users_message_that_did_not_reach_them_is_no_conversation(
    phone: Phone, clock: Clock, status: MessageStatus
) -> None:
    reach(phone)
    clock.forward(minutes=1)
    write(phone, status)
    assert phone.text("no") == ON_HOLD


def test_texts_of_their_own_in_between_change_nothing(phone: Phone) -> None:
    reach(phone)
    phone.text("who is this?")
    phone.text("HELP", to="40404")
    assert phone.text("no thanks") == ON_HOLD


def test_a_broadcast_of_somebody_else_is_none_of_theirs(phone: Phone) -> None:
    reach(Phone(phone.session, "+14155550199"))
    assert phone.text("no") == ""


def test_a_no_to_our_question_answers_that(phone: Phone, clock: Clock) -> None:
    reach(phone)
    clock.forward(minutes=1)
    phone.text("donate")
    phone.question()
    assert phone.text("no") == "answered no, not opted in with donate"
    assert phone.open(Hold) == 0


def test_a_no_to_a_broadcast_after_our_question_answers_both(phone: Phone, clock: Clock) -> None:
    phone.text("donate")
    phone.question()
    clock.forward(minutes=1)
    reach(phone)
    assert phone.text("no") == f"answered no, not opted in with donate; {ON_HOLD}"
    assert phone.states() == ["volunteer active", "donate inactive declined"]


def test_who_has_opted_out_has_answered_already(phone: Phone) -> None:
    reach(phone)
    phone.text("STOP")
    assert phone.text("no") == ""
    assert phone.open(Hold) == 0


def test_a_text_that_twilios_list_brings_is_read_at_its_own_time(phone: Phone, clock: Clock) -> None:
    begun = the_clock.now()
    clock.forward(hours=1)
    reach(phone)
    assert phone.text("no", provider_at=begun + timedelta(minutes=30)) == ""
    clock.forward(hours=1)
    assert phone.text("no", provider_at=begun + timedelta(minutes=90)) == ON_HOLD


def test_the_setting_switches_it_off(phone: Phone) -> None:
    policy.change(phone.session, None, holds_short_refusals=False)
    reach(phone)
    assert phone.text("no") == ""


def test_start_or_a_keyword_ends_the_hold(phone: Phone) -> None:
    reach(phone)
    phone.text("no")
    phone.text("volunteer")
    assert phone.session.scalars(select(Hold.resolution)).one() == "keyword"


def test_an_ordinary_text_does_not_look_for_a_broadcast(phone: Phone) -> None:
    """The webhook is hot: only what may refuse asks for one more statement."""
    asked: list[str] = []
    engine = phone.session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    phone.text("see you on Saturday")
    count = len([each for each in asked if "coalesce(message.sent_at" in each])
    phone.text("no")
    assert (count, len([each for each in asked if "coalesce(message.sent_at" in each])) == (0, 1)
