"""Messages that are not in Twilio's list: a user decides whether to send them again or leave them."""

from collections.abc import Sequence

from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import BroadcastState, MessageStatus
from optin.models import Broadcast, Message
from optin.policy import audit

LEFT = "It is not in Twilio’s list, and it was not sent again."


def send_again(session: Session, broadcast: Broadcast, user_id: int, message_id: int | None) -> int:
    """Let all of them, or one, wait to be sent; return how many. Consent is asked again when each starts.

    A broadcast that was done is taken up for them; what was cancelled stays cancelled.
    """
    session.scalars(select(Broadcast).where(Broadcast.id == broadcast.id).with_for_update()).one()
    if broadcast.state == BroadcastState.CANCELLED:
        return 0
    change = update(Message).values(
        status=MessageStatus.QUEUED, started_at=None, not_before=None, error_text="", updated_at=clock.now()
    )
    count = len(_settle(session, change, broadcast.id, message_id))
    if count and broadcast.state == BroadcastState.SENT:
        broadcast.state, broadcast.finished_at = BroadcastState.SENDING, None
    if count:
        audit.record(session, user_id, "sent again", "broadcast", broadcast.id, {"Not found at Twilio": (count, "")})
    return count


def leave(session: Session, broadcast: Broadcast, user_id: int, message_id: int | None) -> int:
    """Call all of them, or one, failed; return how many."""
    change = update(Message).values(status=MessageStatus.FAILED, error_text=LEFT, updated_at=clock.now())
    count = len(_settle(session, change, broadcast.id, message_id))
    if count:
        audit.record(session, user_id, "left", "broadcast", broadcast.id, {"Not found at Twilio": (count, "")})
    return count


def _settle(session: Session, change: Update, broadcast_id: int, message_id: int | None) -> Sequence[int]:
    """Change what is still not found; what was found meanwhile stays as it is."""
    open_still = [Message.broadcast_id == broadcast_id, Message.status == MessageStatus.NOT_FOUND]
    if message_id is not None:
        open_still.append(Message.id == message_id)
    found = change.where(*open_still).returning(Message.id).execution_options(synchronize_session=False)
    return session.scalars(found).all()
