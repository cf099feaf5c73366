"""What an older version queued for a name or a short code never starts, and says why."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import rules
from optin.consent.rules import Facts
from optin.database.session import db
from optin.enums import MessageStatus, Purpose, Reason, ReplyKind
from optin.models import Message, OptIn
from optin.policy.policy import Policy
from optin.sending import delivery, queueing, start
from optin.sending.queueing import Refused
from tests.support import outbox

NAMES = ["SUPPORT", "40404", "Acme & Co", "messenger:10158431276", "+0"]


def started(app: Flask, session: Session) -> list[Message]:
    """Start all that waits; return the messages as they are then."""
    session.commit()
    with app.app_context():
        broadcasts = set(session.scalars(select(Message.broadcast_id)))
        session.commit()
        for broadcast_id in broadcasts:
            started, again = start.start(db.engine, delivery.claim(db.engine, broadcast_id=broadcast_id))
            assert (started, again) == ([], [])
    session.expire_all()
    return list(session.scalars(select(Message)))


@pytest.mark.parametrize("name", NAMES)
def test_a_broadcast_message_is_skipped(app: Flask, session: Session, name: str) -> None:
    outbox.without_sending_hours(session)
    word = outbox.keyword(session)
    sending = outbox.broadcast(session, to=word)
    outbox.add_people(session, sending, [name])
    session.add(OptIn(number=name, keyword_id=word.id, status="active", source="sms", requested_at=outbox.act().at))
    (message,) = started(app, session)
    assert (message.status, message.reason) == (MessageStatus.SKIPPED, Reason.NO_NUMBER)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [*ReplyKind])
def test_an_automatic_answer_is_skipped(app: Flask, session: Session, name: str, kind: ReplyKind) -> None:
    outbox.reply(session, kind, name)
    (message,) = started(app, session)
    assert (message.status, message.reason) == (MessageStatus.SKIPPED, Reason.NO_NUMBER)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("purpose", [Purpose.ONE_TO_ONE, Purpose.TEST, Purpose.CODE, Purpose.VERIFICATION])
def test_any_other_message_is_skipped(app: Flask, session: Session, name: str, purpose: Purpose) -> None:
    message = outbox.reply(session, ReplyKind.HELP, name)
    message.purpose, message.reply_kind, message.author_id = purpose, None, outbox.author(session)
    (message,) = started(app, session)
    assert (message.status, message.reason) == (MessageStatus.SKIPPED, Reason.NO_NUMBER)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_queued(session: Session, name: str) -> None:
    refused = queueing.queue_one_to_one(
        session,
        number=name,
        body="Hi",
        sender=outbox.sender(session),
        policy=Policy(),
        author_id=outbox.author(session),
        form_key="key",
    )
    assert isinstance(refused, Refused)
    assert refused.reason == Reason.NO_NUMBER


@pytest.mark.parametrize("kind", [*ReplyKind])
def test_the_rule_of_answers_wants_a_phone(kind: ReplyKind) -> None:
    assert rules.decide_reply(Facts(has_number=False, pending=True), kind).reason == Reason.NO_NUMBER
