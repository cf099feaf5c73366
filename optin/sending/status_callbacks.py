"""Status callbacks: stored first, once per (SID, status), then applied by rank, in whatever order they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, String, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.postgresql import wait_briefly
from optin.database.statements import insert, run, table
from optin.database.steering import written_out
from optin.enums import Direction, MessageStatus, Purpose, Reason
from optin.models import Message, Sender, StatusEvent
from optin.provider import statuses
from optin.sending import carrier_errors, conversations, pauses, wait_ends
from optin.sending.record import BLOCKED_BY_PROVIDER, learned_block

_MESSAGE, _EVENT = table(Message), table(StatusEvent)
_FIND = (
    select(_MESSAGE.c.id)
    .where(
        or_(
            _MESSAGE.c.sid == bindparam("of_sid", type_=String()),
            and_(_MESSAGE.c.id == bindparam("of_id", type_=BigInteger()), _MESSAGE.c.sid.is_(None)),
        ),
        _MESSAGE.c.direction == written_out(Direction.OUTBOUND),
    )
    .order_by(_MESSAGE.c.sid.is_(None))  # a SID that another message has is that message's
    .limit(1)
    .with_for_update()
)


_NEW_EVENT = insert(_EVENT).on_conflict_do_nothing(index_elements=["sid", "status"]).returning(_EVENT.c.id)


@dataclass(frozen=True, slots=True)
class StatusCallback:
    """What Twilio says of a message of ours.

    `sid` and `status` are Twilio's words; `message_id` is our id from the callback's address: it settles a message
    whose SID was never recorded. `segments` are told by few callbacks, None by the others.
    """

    sid: str
    status: str
    message_id: int | None = None
    error_code: int | None = None
    segments: int | None = None


_OF_EVENT = ("sid", "status", "message_id", "error_code")


def receive(session: Session, said: StatusCallback) -> bool:
    """Store a callback and apply it; tell whether it was new."""
    now = clock.now()
    values = {name: getattr(said, name) for name in _OF_EVENT}
    if run(session, _NEW_EVENT, {**values, "received_at": now}).first() is None:
        return False
    message = _message(session, said)
    if message is None:
        return True
    message.sid = message.sid or said.sid
    message.segments_told = said.segments or message.segments_told
    apply(session, message, said.status, said.error_code, now)
    return True


def receive_several(session: Session, callbacks: Sequence[StatusCallback]) -> list[bool]:
    """Take in callbacks, for `Together`: in the order of their SIDs, so that two processes can't block each other."""
    wait_briefly(session)
    new: dict[int, bool] = {}
    for index in sorted(range(len(callbacks)), key=lambda index: callbacks[index].sid):
        new[index] = receive(session, callbacks[index])
        session.flush()
    return [new[index] for index in range(len(callbacks))]


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
    if new == MessageStatus.FAILED and message.purpose == Purpose.CAMPAIGN:
        session.flush()
        wait_ends.cap_eased(session, [message.number])
    if error_code is not None and new in carrier_errors.MISSED:
        pauses.reported(session, message, error_code, now)
        carrier_errors.learn(session, message, now)
    conversations.touch(session, message.conversation_id)
    return True


def _message(session: Session, said: StatusCallback) -> Message | None:
    """Find and lock the message: by its SID, or by our id while it has none."""
    found = run(session, _FIND, {"of_sid": said.sid, "of_id": said.message_id}).scalar()
    return session.get(Message, found, populate_existing=True) if found is not None else None
