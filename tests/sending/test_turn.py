"""Answers and starts by one commit: both or neither, and no start that a start by itself would not make."""

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session

from optin.clock import now
from optin.database.session import db
from optin.database.transactions import writing
from optin.enums import MessageStatus
from optin.models import Conversation, Message, Suppression
from optin.provider.gateway import Failure, GatewayError, SentMessage
from optin.sending import conversations, delivery, start
from optin.sending.delivery import SendResult
from tests.support import outbox

S = MessageStatus


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def claimed(engine: Engine, session: Session) -> list[delivery.ClaimedMessage]:
    """Four claimed messages, of which the first two are started."""
    for number in outbox.numbers(4):
        outbox.one_to_one(session, number)
    session.commit()
    four = delivery.claim(engine)
    started, held = delivery.start(engine, four[:2])
    assert (len(started), held) == (2, [])
    return [*started, *four[2:]]


def _answers(claimed: list[delivery.ClaimedMessage]) -> list[SendResult]:
    return [(each, SentMessage(f"SM{each.message_id:032x}", S.SENT, 1)) for each in claimed[:2]]


def _states(session: Session) -> list[MessageStatus]:
    session.rollback()
    states = [S(status) for status in session.scalars(select(Message.status).order_by(Message.id))]
    session.rollback()
    return states


def test_one_commit_is_for_both(engine: Engine, session: Session, claimed: list[delivery.ClaimedMessage]) -> None:
    commits: list[object] = []
    count = commits.append
    event.listen(engine, "commit", count)
    found = delivery.record_and_start(engine, _answers(claimed), claimed[2:])
    event.remove(engine, "commit", count)
    assert len(commits) == 1
    assert found is not None
    started, held = found
    assert ([each.message_id for each in started], held) == ([each.message_id for each in claimed[2:]], [])
    assert [each.attempt for each in started] == [1, 1]
    assert _states(session) == [S.SENT, S.SENT, S.SENDING, S.SENDING]


def test_who_opted_out_meanwhile_is_not_started(
    engine: Engine, session: Session, claimed: list[delivery.ClaimedMessage]
) -> None:
    session.add(Suppression(number=claimed[2].number, started_at=now(), asked_at=now()))
    session.commit()
    found = delivery.record_and_start(engine, _answers(claimed), claimed[2:])
    assert found is not None
    assert [each.message_id for each in found[0]] == [claimed[3].message_id]
    assert _states(session) == [S.SENT, S.SENT, S.CANCELLED, S.SENDING]


def test_nothing_happens_when_an_answer_needs_more_than_the_usual(
    engine: Engine, session: Session, claimed: list[delivery.ClaimedMessage]
) -> None:
    answers = _answers(claimed)
    refusal: SendResult = (claimed[1], GatewayError("busy", Failure.NOT_SENT, http_status=429))
    unstorable: SendResult = (claimed[1], SentMessage("SM" + "7" * 32, "x" * 400, 1))  # type: ignore[arg-type]
    same_sid: SendResult = (claimed[1], SentMessage(f"SM{claimed[0].message_id:032x}", S.SENT, 1))
    for unusual in (refusal, same_sid, unstorable):
        if unusual is unstorable and engine.dialect.name == "sqlite":
            continue  # it has no limit for a text's length
        assert delivery.record_and_start(engine, [answers[0], unusual], claimed[2:]) is None
        assert _states(session) == [S.SENDING, S.SENDING, S.CLAIMED, S.CLAIMED]
    session.get_one(Message, claimed[1].message_id).status = S.DELIVERED
    session.commit()
    assert delivery.record_and_start(engine, answers, claimed[2:]) is None
    assert _states(session) == [S.SENDING, S.DELIVERED, S.CLAIMED, S.CLAIMED]


def test_an_error_of_the_start_leaves_the_answers_to_be_recorded(
    engine: Engine, session: Session, claimed: list[delivery.ClaimedMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(start, "_lock", breaks)
        assert delivery.record_and_start(engine, _answers(claimed), claimed[2:]) is None
    assert _states(session) == [S.SENDING, S.SENDING, S.CLAIMED, S.CLAIMED]
    assert delivery.record_and_start(engine, _answers(claimed), claimed[2:]) is not None
    assert _states(session) == [S.SENT, S.SENT, S.SENDING, S.SENDING]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer
def test_what_records_stands_in_the_way_of_no_start(
    engine: Engine, session: Session, claimed: list[delivery.ClaimedMessage]
) -> None:
    """Two that record and start at the same time may have each other's conversations: neither may wait for them."""
    ids = [each.conversation_id for each in claimed]
    with writing(engine) as recording:
        conversations.touch(recording, *ids)
        session.execute(text("SET LOCAL lock_timeout = '1s'"))
        as_a_foreign_key = (
            select(Conversation.id).where(Conversation.id.in_(ids)).with_for_update(read=True, key_share=True)
        )
        assert len(session.scalars(as_a_foreign_key).all()) == 4
