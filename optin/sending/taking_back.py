"""Taking back what waits of a cancelled broadcast: some thousands at a time, so that a STOP has its turn in between.

From the commit of the cancel on its messages are not started (sending/start.py asks for the broadcast's state), and the
rows are marked afterwards: the first of them with the click, the others by the broadcast's job. The rows are the truth
about what is left, whatever ends the process.
"""

from sqlalchemy import ColumnElement, Engine, Select, exists, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.database.transactions import writing
from optin.database.turns import some_of
from optin.enums import BroadcastState, MessageStatus
from optin.models import Broadcast, Message

AT_ONCE = 10_000
WAITING = (MessageStatus.CLAIMED, MessageStatus.QUEUED)


def is_left() -> ColumnElement[bool]:
    """The condition that a broadcast was cancelled and messages of it are not marked yet."""
    waits = exists().where(Message.broadcast_id == Broadcast.id, Message.status.in_(WAITING))
    return (Broadcast.state == BroadcastState.CANCELLED) & waits


def await_starts(engine: Engine, broadcast_id: int) -> None:
    """Wait until what was being started at the commit of a pause or cancel is started or refused.

    On PostgreSQL a start may have asked for the broadcast's state before that commit, and commit after it; it holds the
    rows of its messages meanwhile.
    """
    with writing(engine) as session:
        session.execute(_in_hand(broadcast_id))


def take_back_some(engine: Engine, broadcast_id: int) -> int:
    """Mark some of what waits of a cancelled broadcast; return how many messages, 0 when nothing is left.

    What a worker has comes first, and is waited for: after the first part nothing of the broadcast is being started.
    """
    with writing(engine) as session:
        if session.scalar(select(Broadcast.state).where(Broadcast.id == broadcast_id)) != BroadcastState.CANCELLED:
            return 0
        return _mark(session, _in_hand(broadcast_id)) + _mark(session, _queued(broadcast_id))


def _mark(session: Session, chosen: Select[int]) -> int:
    return ledger.cancel_waiting(session, Message.id.in_(chosen), at=clock.now())


def _in_hand(broadcast_id: int) -> Select[int]:
    """Select what workers have claimed, locked when they have let go of it."""
    return _waiting(broadcast_id, MessageStatus.CLAIMED).with_for_update()


def _queued(broadcast_id: int) -> Select[int]:
    """Choose some of what nobody has claimed."""
    return some_of(_waiting(broadcast_id, MessageStatus.QUEUED), AT_ONCE)


def _waiting(broadcast_id: int, status: MessageStatus) -> Select[int]:
    mine = (Message.broadcast_id == broadcast_id, Message.status == status)
    return select(Message.id).where(*mine).order_by(Message.id)
