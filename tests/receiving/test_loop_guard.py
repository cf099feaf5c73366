"""Two automata must not keep answering one another; consent changes all the same. On both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock as the_clock
from optin.consent.rules import REPLIES_AN_HOUR
from optin.enums import Direction, MessageStatus, OptInStatus, Reason, ReplyKind
from optin.features.one_to_one import thread
from optin.models import Message, OptIn, Suppression
from tests.conftest import Clock
from tests.support import world

SHORT_CODE = "40404"  # here Twilio answers nothing, so that we answer everything


def answers(session: Session, number: str = world.MAYA) -> list[Message]:
    """List what we answered, oldest first."""
    own = select(Message).where(Message.number == number, Message.direction == Direction.OUTBOUND)
    return list(session.scalars(own.order_by(Message.id)))


def went(session: Session) -> list[str | None]:
    """List the kinds of the answers that wait to go out."""
    return [each.reply_kind for each in answers(session) if each.status == MessageStatus.QUEUED]


def help_often(session: Session, times: int) -> None:
    for _ in range(times):
        world.text(session, "help", to=SHORT_CODE)


def test_a_number_that_texts_without_end_gets_so_many_answers_an_hour(session: Session, clock: Clock) -> None:
    help_often(session, REPLIES_AN_HOUR + 3)
    assert went(session) == [ReplyKind.HELP] * REPLIES_AN_HOUR
    assert [each.reason for each in answers(session)][REPLIES_AN_HOUR:] == [Reason.TOO_MANY_REPLIES] * 3
    clock.forward(minutes=61)
    help_often(session, 1)
    assert len(went(session)) == REPLIES_AN_HOUR + 1


def test_the_hour_rolls(session: Session, clock: Clock) -> None:
    begin = clock.set(the_clock.now())
    for index in range(REPLIES_AN_HOUR):
        clock.set(begin + timedelta(minutes=5 * index))
        help_often(session, 1)
    clock.set(begin + timedelta(minutes=59))
    help_often(session, 1)
    assert answers(session)[-1].status == MessageStatus.SKIPPED
    clock.set(begin + timedelta(minutes=61))  # the first one is older than an hour now: room for one
    help_often(session, 2)
    assert [each.status for each in answers(session)][-2:] == [MessageStatus.QUEUED, MessageStatus.SKIPPED]


def test_one_number_does_not_silence_another(session: Session) -> None:
    help_often(session, REPLIES_AN_HOUR)
    world.text(session, "help", number=world.TOM, to=SHORT_CODE)
    assert answers(session, world.TOM)[0].status == MessageStatus.QUEUED


def test_consent_changes_although_the_answer_is_withheld(session: Session) -> None:
    world.keyword(session)
    help_often(session, REPLIES_AN_HOUR)
    assert world.text(session, "volunteer", to=SHORT_CODE).effect == "opted in with volunteer"
    assert session.scalars(select(OptIn.status)).one() == OptInStatus.ACTIVE
    assert answers(session)[-1].reason == Reason.TOO_MANY_REPLIES


def test_an_opt_out_is_confirmed_nevertheless_but_not_in_a_loop(session: Session) -> None:
    help_often(session, REPLIES_AN_HOUR)
    for body in ("stop", "start", "stop"):
        world.text(session, body, to=SHORT_CODE)
    assert went(session)[REPLIES_AN_HOUR:] == [ReplyKind.OPT_OUT]
    assert session.scalars(select(Suppression).where(Suppression.ended_at.is_(None))).one()


@pytest.mark.parametrize("body", ["Thanks! Your message was received.", "Out of office until Monday"])
def test_what_asks_for_nothing_is_answered_with_nothing(session: Session, body: str) -> None:
    world.text(session, body)
    assert answers(session) == []


def test_the_thread_says_why_nothing_was_answered(session: Session) -> None:
    help_often(session, REPLIES_AN_HOUR + 1)
    rows = [row for message in answers(session) for row in thread.rows_of(message)]
    assert "too many automatic replies within an hour" in " ".join(f"{row.text} {row.note}" for row in rows)
