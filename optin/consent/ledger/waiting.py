"""What every act on a number does first and what most do last: take its lock, take back what waits for it."""

from datetime import datetime

from sqlalchemy import ColumnElement, text, update
from sqlalchemy.orm import Session

from optin.models import Message
from optin.statements import is_postgresql, run
from optin.terms import Direction, MessageStatus, OptInStatus, Reason, ReplyKind

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:number, 0))")
_LOCKED = "locked_numbers"
LIVE = (OptInStatus.PENDING, OptInStatus.ACTIVE)
WAITING = (MessageStatus.QUEUED, MessageStatus.CLAIMED)
STAYS_UNDER_SUPPRESSION = (ReplyKind.OPT_OUT, ReplyKind.HELP)


def lock_number(session: Session, number: str) -> None:
    """Let one transaction at a time act on a number's consent; SQLite has one writer anyway.

    A lock that this transaction has already is not asked for again; what a savepoint took ends with the savepoint.
    """
    if not is_postgresql(session):
        return
    transaction = session.get_transaction()
    of, numbers = session.info.get(_LOCKED, (None, frozenset()))
    if of is transaction and number in numbers:
        return
    run(session, _LOCK, {"number": number})
    if not session.in_nested_transaction():
        session.info[_LOCKED] = (transaction, (numbers if of is transaction else frozenset()) | {number})


def cancel_waiting(
    session: Session, *where: ColumnElement[bool], status: MessageStatus, reason: Reason | None, at: datetime
) -> None:
    """Take back outbound messages that wait: with the start statement this meets on the row's lock, so either they
    had started before or they never do."""
    session.execute(
        update(Message)
        .where(Message.direction == Direction.OUTBOUND, Message.status.in_(WAITING), *where)
        .values(status=status, reason=reason, decided_at=at, updated_at=at, lease_until=None)
    )
