"""The start statement's own check: nobody took the waiting row back, and still an opt-out or a block forbids the start.

An opt-out also cancels what waits; a row that it could not see yet (queued in a transaction under way) has only this.
"""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.clock import now
from optin.database.session import db
from optin.enums import MessageStatus, Reason, ReplyKind
from optin.models import Message, ProviderBlock, Suppression
from optin.sending import delivery
from tests.support import outbox
from tests.support.outbox import MAYA, OURS


@pytest.mark.parametrize("what", ["1:1", "confirmation", "question"])
@pytest.mark.parametrize(
    ("obstacle", "ended"),
    [
        (
            lambda: Suppression(number=MAYA, started_at=now(), asked_at=now()),
            (MessageStatus.CANCELLED, Reason.OPTED_OUT),
        ),
        (
            lambda: ProviderBlock(scope=OURS, number=MAYA, started_at=now(), cause="word"),
            (MessageStatus.SKIPPED, Reason.BLOCKED),
        ),
    ],
    ids=["opted out", "blocked"],
)
def test_it_does_not_start(
    app: Flask, session: Session, what: str, obstacle: object, ended: tuple[MessageStatus, Reason]
) -> None:
    if what == "1:1":
        outbox.one_to_one(session)
    else:
        outbox.reply(session, ReplyKind(what))
    session.add(obstacle())  # type: ignore[operator]
    session.commit()
    with app.app_context():
        engine = db.engine
    started, held = delivery.start(engine, delivery.claim(engine))
    assert (started, held) == ([], [])
    message = session.scalars(select(Message).execution_options(populate_existing=True)).one()
    assert (message.status, message.reason, message.started_at) == (*ended, None)
