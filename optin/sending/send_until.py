"""Broadcasts with a last time: what still waits when it comes is not sent, and says so."""

from functools import partial

from sqlalchemy import Engine, select, update

from optin import clock
from optin.consent import conditions
from optin.database.transactions import reading, writing
from optin.database.turns import take_turns
from optin.enums import BroadcastState, MessageStatus, Reason
from optin.models import Broadcast, Message
from optin.models.index_conditions import is_queued
from optin.policy import cache

MESSAGES_AT_ONCE = 1000


def end_late(engine: Engine) -> int:
    """End what waits of broadcasts that are being sent and whose last time has come; return how many messages.

    What the rule refuses for another reason is left to the start, which says that reason.
    """
    with reading(engine) as session:
        over = (Broadcast.state == BroadcastState.SENDING, Broadcast.not_after <= clock.now())
        broadcast_ids = session.scalars(select(Broadcast.id).where(*over)).all()
    return sum(take_turns(engine, partial(_end_some, engine, broadcast_id)) for broadcast_id in broadcast_ids)


def _end_some(engine: Engine, broadcast_id: int) -> int:
    with writing(engine) as session:
        now, broadcast = clock.now(), session.get_one(Broadcast, broadcast_id)
        covered = conditions.consent_holds(
            Message.number,
            cache.policy(session),
            keyword_id=broadcast.keyword_id,
            scope=broadcast.sender.scope,
            channel=broadcast.channel,
        )
        waiting = (
            select(Message.id)
            .where(is_queued(Message), Message.broadcast_id == broadcast_id, covered)
            .limit(MESSAGES_AT_ONCE)
        )
        ids = session.scalars(waiting.with_for_update(skip_locked=True)).all()
        if ids:
            late = {"status": MessageStatus.SKIPPED, "reason": Reason.TOO_LATE, "decided_at": now, "updated_at": now}
            ended = update(Message).where(Message.id.in_(ids)).values(**late)
            session.execute(ended.execution_options(synchronize_session=False))
    return len(ids)
