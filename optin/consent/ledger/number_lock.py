"""What every act on a number does first and what most do last: take its lock, take back what waits for it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ARRAY, ColumnElement, CursorResult, String, bindparam, func, select, update
from sqlalchemy.orm import Session

from optin.consent import decisions, rules
from optin.consent.session_state import state_of
from optin.database.statements import is_postgresql, run
from optin.enums import Direction, MessageStatus, Purpose, Reason
from optin.models import Broadcast, Message, Sender
from optin.policy import cache
from optin.policy.policy import Policy

AT_ONCE = 500
"""Numbers of one statement."""
WAITING = (MessageStatus.QUEUED, MessageStatus.CLAIMED)


def lock_number(session: Session, number: str) -> None:
    """Let one transaction at a time act on a number's consent; SQLite has one writer anyway.

    A lock that this transaction has already is not asked for again; what a savepoint took ends with the savepoint.
    """
    if not has_lock(session, number):
        run(session, _LOCK, {"number": number})
        note_lock(session, number)


def lock_numbers(session: Session, numbers: Collection[str]) -> None:
    """Take the locks of many numbers, always in one order, so that two who act on several never wait for each other."""
    wanted = sorted({number for number in numbers if not has_lock(session, number)})
    for start in range(0, len(wanted), AT_ONCE):
        run(session, _LOCK_ALL, {"numbers": wanted[start : start + AT_ONCE]})
    note_lock(session, *wanted)


def has_lock(session: Session, number: str) -> bool:
    """Tell whether this transaction is the only one that acts on the number; on SQLite each that writes is."""
    return not is_postgresql(session) or number in state_of(session).locked(session.get_transaction())


def lock_free(session: Session, numbers: Collection[str]) -> set[str]:
    """Take the locks of those numbers that nobody else has, without waiting, and return these numbers."""
    if not is_postgresql(session):
        return set(numbers)
    free = {row.number for row in run(session, _LOCK_FREE, {"numbers": list(numbers)}) if row.locked}
    note_lock(session, *free)
    return free


def lock(number: ColumnElement[str]) -> ColumnElement[None]:
    """The number's lock on PostgreSQL, as a column of a statement, which is then followed by `note_lock`.

    The statement's other columns are of the moment before the lock: only for what may be older than that.
    """
    return func.pg_advisory_xact_lock(func.hashtextextended(number, 0))


def note_lock(session: Session, *numbers: str) -> None:
    """Remember that this transaction has the locks of the numbers."""
    if not session.in_nested_transaction():
        state_of(session).note_lock(session.get_transaction(), numbers)


_LOCK = select(lock(bindparam("number", type_=String())))
_ASKED_FOR = func.unnest(bindparam("numbers", type_=ARRAY(String()))).table_valued("number").render_derived()
_LOCK_ALL = select(func.count(lock(_ASKED_FOR.c.number)))
_LOCK_FREE = select(
    _ASKED_FOR.c.number,
    func.pg_try_advisory_xact_lock(func.hashtextextended(_ASKED_FOR.c.number, 0)).label("locked"),
)


def cancel_waiting(
    session: Session,
    *where: ColumnElement[bool],
    at: datetime,
    reason: Reason | None = None,
    status: MessageStatus = MessageStatus.CANCELLED,
) -> int:
    """Take back outbound messages that wait and return how many: with the start statement this meets on the row's lock,
    so either they had started before or they never do. Without `reason` it was a user who took them back."""
    taken_back = session.execute(
        update(Message)
        .where(Message.direction == Direction.OUTBOUND, Message.status.in_(WAITING), *where)
        .values(status=status, reason=reason, decided_at=at, updated_at=at, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", taken_back).rowcount


def end_waiting(session: Session, number: str, at: datetime) -> None:
    """End the broadcast messages that wait for a number and that the rule refuses now, each with the rule's reason.

    Every act that may turn the rule against a number calls this last, when its own rows say so; the start of a message
    asks the same rule. So the reason is the same whichever of the two comes first.
    """
    waiting = select(Message.id, Broadcast.keyword_id, Sender).join(Sender, Sender.id == Message.sender_id)
    waiting = waiting.outerjoin(Broadcast, Broadcast.id == Message.broadcast_id)
    mine = (Message.number == number, Message.purpose == Purpose.CAMPAIGN, Message.status.in_(WAITING))
    rows = session.execute(waiting.where(*mine)).all()
    given = cache.policy(session) if rows else Policy()
    for message_id, keyword_id, sender in rows:
        decision = decisions.of_campaign(
            session, number, given, keyword_id=keyword_id, scope=sender.scope, channel=sender.channel
        )
        if decision.reason and not decision.waits:
            ends_as = rules.ends_as(decision.reason)
            cancel_waiting(session, Message.id == message_id, status=ends_as, reason=decision.reason, at=at)
