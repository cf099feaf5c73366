"""From the outbox to the provider: claim, start with the consent checked in that very statement, send, record.

A message is started once: the commit that sets `sending` is the start, and nothing but a status callback or the
provider's own list settles a start whose outcome is not known. No transaction is open during the request. These
functions commit: the claim and the start must be known to everybody before the request is made.
"""

import logging
import time

from sqlalchemy import ColumnElement, Engine, and_, exists, false, or_, select, update

from optin import clock
from optin.database.transactions import reading, writing
from optin.enums import BroadcastState, MessageStatus
from optin.models import Broadcast, Message
from optin.models.index_conditions import is_queued
from optin.policy import cache
from optin.provider.gateway import Failure, Gateway, GatewayError, SentMessage
from optin.sending import limits, pace, taking_back, variants
from optin.sending.claim import CHUNK, ClaimedMessage, can_be_claimed, claim, person_fields, release
from optin.sending.record import BLOCKED_BY_PROVIDER, SendResult, all_sent, learned_block, record, sweep
from optin.sending.start import start
from optin.sending.turn import record_and_start

__all__ = [
    "BLOCKED_BY_PROVIDER",
    "CHUNK",
    "ClaimedMessage",
    "SendResult",
    "all_sent",
    "attempt",
    "claim",
    "deliver",
    "finish",
    "learned_block",
    "person_fields",
    "record",
    "record_and_start",
    "release",
    "start",
    "sweep",
    "urgent_waiting",
    "waiting_broadcasts",
]

UNFINISHED = (MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.SENDING)
log = logging.getLogger(__name__)


def deliver(engine: Engine, gateway: Gateway, claimed: ClaimedMessage, callback_url: str) -> MessageStatus:
    """Start one claimed message if it may still go, send it, record what came of it; return its state.

    `callback_url` is the public address of the status webhook; our id is added to it, so that a callback can settle a
    message whose SID we never saw.
    """
    started, held = start(engine, [claimed])
    while held:
        time.sleep(0.01)
        started, held = start(engine, held)
    if started:
        answer = attempt(gateway, started[0], callback_url)
        return record(engine, [(started[0], answer)])[claimed.message_id]
    with reading(engine) as session:
        return MessageStatus(session.scalars(select(Message.status).where(Message.id == claimed.message_id)).one())


def attempt(gateway: Gateway, claimed: ClaimedMessage, callback_url: str) -> SentMessage | GatewayError:
    """Make the request for a started message and return the answer; whatever goes wrong is an answer too."""
    callback = f"{callback_url}?message={claimed.message_id}"
    good_for = (claimed.not_after - clock.now()).total_seconds() if claimed.not_after else None
    try:
        return gateway.send(
            to=claimed.to.written,
            sender=claimed.address,
            body=claimed.body,
            status_callback=callback,
            good_for=good_for,
        )
    except GatewayError as error:
        return error
    except Exception as error:  # the request may have been made: the row must say so
        log.exception("sending message %s failed in an unexpected way", claimed.message_id)
        return GatewayError(f"Unexpected: {type(error).__name__}", Failure.UNKNOWN)


def finish(engine: Engine, broadcast_id: int) -> bool:
    """Call a broadcast sent when nothing of it waits or is under way; tell whether that happened now."""
    with writing(engine) as session:
        # Whoever adds messages has the row locked: they are seen by a statement that begins after that.
        mine = select(Broadcast.id).where(Broadcast.id == broadcast_id, Broadcast.state == BroadcastState.SENDING)
        if session.scalar(mine.with_for_update(key_share=True)) is None:
            return False
        finished = session.scalar(
            update(Broadcast)
            .where(
                Broadcast.id == broadcast_id,
                Broadcast.state == BroadcastState.SENDING,
                ~exists().where(Message.broadcast_id == broadcast_id, Message.status.in_(UNFINISHED)),
            )
            .values(state=BroadcastState.SENT, finished_at=clock.now())
            .returning(Broadcast.id)
        )
    return finished is not None


def waiting_broadcasts(engine: Engine) -> list[int]:
    """List the broadcasts that have something to do: those that are being queued, those that are being sent and have
    messages that could be claimed now, or nothing left at all, and those that were cancelled and have some waiting."""
    with reading(engine) as session:
        left = exists().where(Message.broadcast_id == Broadcast.id, Message.status.in_(UNFINISHED))
        due = _due(and_(Message.broadcast_id == Broadcast.id, can_be_claimed(session)))
        queueing = Broadcast.state == BroadcastState.QUEUEING
        under_way = Broadcast.state.in_((BroadcastState.QUEUEING, BroadcastState.SENDING))
        has_room = limits.room(session, cache.policy(session), clock.now()) != 0
        waits = or_(pace.is_taken_up(clock.now()), variants.holds_back())
        due = and_(due, ~waits) if has_room else false()
        active = select(Broadcast.id).where(under_way, or_(queueing, due, ~left))
        cancelled = select(Broadcast.id).where(taking_back.is_left())
        return sorted({*session.scalars(active), *session.scalars(cancelled)})


def urgent_waiting(engine: Engine) -> bool:
    """Tell whether a reply or a 1:1 message could be claimed now."""
    with reading(engine) as session:
        return bool(session.scalar(select(_due(and_(Message.broadcast_id.is_(None), can_be_claimed(session))))))


def _due(mine: ColumnElement[bool]) -> ColumnElement[bool]:
    """Some message of ours could be claimed now. Each half is a look at one index (sending/claim.py)."""
    return or_(
        exists().where(is_queued(Message), mine, Message.not_before.is_(None)),
        exists().where(is_queued(Message), mine, Message.not_before <= clock.now()),
    )
