"""Status callbacks: stored first, once per (SID, status), then applied by rank, in whatever order they come."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from optin import clock
from optin.extensions import insert
from optin.messaging import conversations, statuses
from optin.messaging.recording import BLOCKED_BY_PROVIDER, learned_block
from optin.models import Message, Sender, StatusEvent
from optin.terms import Direction, MessageStatus, Reason


def receive(session: Session, *, sid: str, status: str, message_id: int | None, error_code: int | None) -> bool:
    """Store a callback and apply it; tell whether it was new.

    `sid` and `status` are Twilio's words; `message_id` is our id from the callback's address: it settles a message
    whose SID was never recorded.
    """
    now = clock.now()
    added = session.execute(
        insert(session, StatusEvent)
        .values(sid=sid, status=status, message_id=message_id, error_code=error_code, received_at=now)
        .on_conflict_do_nothing(index_elements=["sid", "status"])
        .returning(StatusEvent.id)
    ).first()
    message = _message(session, sid, message_id)
    if added is None or message is None:
        return added is not None
    message.sid = message.sid or sid
    apply(session, message, status, error_code, now)
    return True


def apply(session: Session, message: Message, status: str, error_code: int | None, at: datetime) -> bool:
    """Bring a locked message to what Twilio says of it, unless that is older news; tell whether it was news.

    `at` is when it was sent, where that is not known better.
    """
    new = statuses.from_twilio(status)
    current = MessageStatus(message.status)
    if new is None or not statuses.advances(current, new, current_error=message.error_code, new_error=error_code):
        return False
    now = clock.now()
    message.status, message.updated_at, message.lease_until = new, now, None
    message.sent_at = message.sent_at or at
    message.error_code = error_code
    if error_code is not None:
        message.error_text = statuses.meaning(error_code).text
    elif new in (MessageStatus.SENT, MessageStatus.DELIVERED):
        message.error_text = ""
    if error_code == BLOCKED_BY_PROVIDER and message.sender_id:
        message.reason = Reason.BLOCKED
        learned_block(session, session.get_one(Sender, message.sender_id).scope, message, now)
    conversations.touch(session, message.conversation_id)
    return True


def _message(session: Session, sid: str, message_id: int | None) -> Message | None:
    """Find and lock the message: by its SID, or by our id while it has none."""
    mine = Message.sid == sid
    if message_id is not None:
        mine = or_(mine, (Message.id == message_id) & Message.sid.is_(None))
    return session.scalars(
        select(Message).where(mine, Message.direction == Direction.OUTBOUND).with_for_update()
    ).first()
