"""What carriers say of a number by a message's error: it is gone, it blocks us, or nothing that we could rely on.

Source: Twilio's error pages (docs/api/errors); which of them are proof of what is our reading of those pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.consent import ledger
from optin.consent.events import Act
from optin.enums import Channel, Direction, HoldCause, MessageStatus, OptInSource
from optin.models import Hold, Message, Sender
from optin.policy import cache

GONE = frozenset({21211, 21614, 21635, 30005, 30006})
"""Not valid, no mobile number, a landline, unknown to the carrier, a landline or out of every carrier's reach."""
OUT_OF_REACH, OUT_OF_REACH_TIMES, OUT_OF_REACH_WITHIN = 30003, 3, timedelta(days=30)
BLOCKS = frozenset({30004, 30640})
TELLING = GONE | BLOCKS | {OUT_OF_REACH}
"""The codes that may change where a number stands; all others are shown only."""
MISSED = (MessageStatus.FAILED, MessageStatus.UNDELIVERED)
LOOKED_AT = 200


@dataclass(frozen=True)
class PastMessage:
    """A message with a number: theirs, or ours with what became of it. `at` is when it came or was started."""

    inbound: bool
    at: datetime
    status: MessageStatus
    code: int | None = None


class Verdict(Enum):
    """What the messages with a number prove."""

    LOST = "lost"
    BLOCKED = "blocked"


def judge(past: Sequence[PastMessage], tries: int, now: datetime) -> Verdict | None:
    """Say what the messages with a number prove at `now`; None for nothing.

    Whatever was delivered or came from the number proves it in use, so that only failures of later messages count:
    `tries` that are for good, or three times out of reach within thirty days. One block is enough to ask a person.
    """
    alive_at = max((each.at for each in past if each.inbound or each.status is MessageStatus.DELIVERED), default=None)
    failed = [each for each in past if not each.inbound and each.status in MISSED]
    failed = [each for each in failed if alive_at is None or each.at > alive_at]
    gone = sum(each.code in GONE for each in failed)
    away = sum(each.code == OUT_OF_REACH and each.at > now - OUT_OF_REACH_WITHIN for each in failed)
    if gone >= tries or away >= OUT_OF_REACH_TIMES:
        return Verdict.LOST
    return Verdict.BLOCKED if any(each.code in BLOCKS for each in failed) else None


def learn(session: Session, message: Message, now: datetime) -> None:
    """Draw the consequence of what has become of a message of ours; the caller has it locked and commits.

    Told twice, late or out of order it comes to the same: what counts is when the messages were started.
    """
    code, started_at = message.error_code, message.started_at
    if code not in TELLING or message.status not in MISSED or started_at is None or _to_ourselves(session, message):
        return
    ledger.lock_number(session, message.number)
    verdict = judge(_past(session, message.number), cache.policy(session).tries_before_lost, now)
    by = Channel(message.channel)
    act = Act(source=OptInSource.SMS, at=now, message_id=message.id, message_sid=message.sid, channel=by)
    if verdict is Verdict.LOST and code not in BLOCKS:
        ledger.lose_number(session, message.number, act, since=started_at, error_code=code)
    elif verdict is Verdict.BLOCKED and code in BLOCKS and not _decided_since(session, message.number, started_at):
        ledger.hold(session, message.number, act, HoldCause.CARRIER_BLOCK, "")


def _past(session: Session, number: str) -> list[PastMessage]:
    rows = session.execute(
        select(
            Message.direction,
            func.coalesce(Message.started_at, Message.created_at).label("at"),
            Message.status,
            Message.error_code,
        )
        .where(Message.number == number)
        .order_by(Message.id.desc())
        .limit(LOOKED_AT)
    )
    return [
        PastMessage(row.direction == Direction.INBOUND, row.at, MessageStatus(row.status), row.error_code)
        for row in rows
    ]


def _to_ourselves(session: Session, message: Message) -> bool:
    """Twilio calls a number not valid too when it is the sender's own (error 21211)."""
    sender = session.get(Sender, message.sender_id) if message.sender_id else None
    return sender is not None and sender.address == message.number


def _decided_since(session: Session, number: str, moment: datetime) -> bool:
    """Tell whether a person has decided about such a block after the message was started."""
    decided = select(Hold.id).where(
        Hold.number == number, Hold.cause == HoldCause.CARRIER_BLOCK, Hold.ended_at >= moment
    )
    return session.scalar(decided.limit(1)) is not None
