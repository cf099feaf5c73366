"""What every act on a number does first and what most do last: take its lock, take back what waits for it."""

from datetime import datetime

from sqlalchemy import ColumnElement, String, bindparam, func, literal_column, select, update
from sqlalchemy.orm import Session

from optin.models import Message, OptIn
from optin.statements import is_postgresql, run, table
from optin.terms import Direction, MessageStatus, OptInStatus, Reason, ReplyKind

_LOCKED = "locked_numbers"
LIVE = (OptInStatus.PENDING, OptInStatus.ACTIVE)
IS_LIVE = table(OptIn).c.status.in_([literal_column(f"'{each}'") for each in LIVE])
"""Written out for the partial index, and so that the statement needs no work before each run."""
WAITING = (MessageStatus.QUEUED, MessageStatus.CLAIMED)
STAYS_UNDER_SUPPRESSION = (ReplyKind.OPT_OUT, ReplyKind.HELP)


def lock_number(session: Session, number: str) -> None:
    """Let one transaction at a time act on a number's consent; SQLite has one writer anyway.

    A lock that this transaction has already is not asked for again; what a savepoint took ends with the savepoint.
    """
    if not is_postgresql(session):
        return
    if number not in _locked(session):
        run(session, _LOCK, {"number": number})
        note_lock(session, number)


def lock(number: ColumnElement[str]) -> ColumnElement[None]:
    """The number's lock on PostgreSQL, as a column of a statement, which is then followed by `note_lock`.

    The statement's other columns are of the moment before the lock: only for what may be older than that.
    """
    return func.pg_advisory_xact_lock(func.hashtextextended(number, 0))


def note_lock(session: Session, number: str) -> None:
    """Remember that this transaction has the number's lock."""
    if not session.in_nested_transaction():
        session.info[_LOCKED] = (session.get_transaction(), _locked(session) | {number})


def _locked(session: Session) -> frozenset[str]:
    """Return the numbers that this transaction has the locks of."""
    transaction, numbers = session.info.get(_LOCKED, (None, frozenset()))
    return numbers if transaction is session.get_transaction() else frozenset()


_LOCK = select(lock(bindparam("number", type_=String())))


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
