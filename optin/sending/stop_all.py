"""Stop all sending: a user's press holds back every message until an admin lifts it.

It is a second reason for the sending gate to be closed (sending/gate.py), and the start statement asks for it with
the gate. Only confirmations of opt-outs go. The row outlives restarts, and backups and exports hold it.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, delete, exists, func, select
from sqlalchemy.orm import Session, joinedload

from optin import clock
from optin.database.statements import insert
from optin.database.transactions import writing
from optin.enums import MessageStatus
from optin.models import Message, SendingStop
from optin.models.index_conditions import has_started, is_leased
from optin.policy import audit

LONGEST_REASON = 200
MINUTE = timedelta(minutes=1)
FIELD = "all_sending"
"""Under this name the trail of the settings tells of stops."""
ALLOWED, STOPPED = "allowed", "stopped"

IS_STOPPED: ColumnElement[bool] = exists().select_from(SendingStop)
"""A user has stopped all sending: a condition of the statement that starts messages, and a column of others."""


def current(session: Session) -> SendingStop | None:
    """Return the stop that is in force, with its user, None where nobody has stopped sending."""
    found = select(SendingStop).options(joinedload(SendingStop.by)).execution_options(populate_existing=True)
    return session.scalars(found.order_by(SendingStop.id).limit(1)).one_or_none()


def stop(session: Session, user_id: int, reason: str) -> bool:
    """Stop all sending; tell whether it was not stopped before. The caller commits, and then asks for `await_starts`.

    `reason` is one line without control characters; what is longer than LONGEST_REASON is cut off.
    """
    reason = reason[:LONGEST_REASON]
    made = session.scalar(
        insert(SendingStop)
        .values(id=1, at=clock.now(), by_id=user_id, reason=reason)
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(SendingStop.id)
    )
    if made is not None:
        stopped = f"{STOPPED}: {reason}" if reason else STOPPED
        audit.record(session, user_id, STOPPED, "setting", None, {FIELD: (ALLOWED, stopped)})
    return made is not None


def lift(session: Session, user_id: int, at: datetime) -> bool:
    """Lift the stop that began `at` that moment; tell whether it was in force. The caller commits.

    Another one may have been made since the admin looked, for another reason.
    """
    lifted = session.scalar(
        delete(SendingStop)
        .where(SendingStop.at == at)
        .returning(SendingStop.id)
        .execution_options(synchronize_session=False)
    )
    if lifted is not None:
        audit.record(session, user_id, "lifted", "setting", None, {FIELD: (STOPPED, ALLOWED)})
    return lifted is not None


def await_starts(engine: Engine) -> None:
    """Wait until what was being started at the commit of the stop is started or refused.

    On PostgreSQL a start may have asked before that commit, and commit after it; it holds the rows of its messages
    meanwhile.
    """
    in_hand = select(Message.id).where(is_leased(Message), Message.status == MessageStatus.CLAIMED)
    with writing(engine) as session:
        session.execute(in_hand.order_by(Message.id).with_for_update())


def handed_over(session: Session) -> int:
    """Count the messages that were handed to Twilio in the last minute."""
    lately = select(func.count()).where(has_started(Message), Message.started_at > clock.now() - MINUTE)
    return session.scalar(lately) or 0


def keep(session: Session, stop: SendingStop | None, user_ids: set[int]) -> None:
    """Put a stop into a restored database that has none, with its user if they are one of `user_ids` there."""
    if stop is not None:
        by_id = stop.by_id if stop.by_id in user_ids else None
        kept = insert(SendingStop).values(id=1, at=stop.at, by_id=by_id, reason=stop.reason)
        session.execute(kept.on_conflict_do_nothing(index_elements=["id"]))


def sentence(stop: SendingStop, moment: str = "") -> str:
    """Say to users who stopped all sending, when and why, and what ends that; `moment` as they read times, else UTC."""
    who = f" by {stop.by.name}" if stop.by else ""
    why = f" (“{stop.reason}”)" if stop.reason else ""
    moment = moment or f"{stop.at.day} {stop.at:%b}, {stop.at:%H:%M} (UTC)"
    return (
        f"All sending was stopped{who}, {moment}{why}. "
        "Until an admin lifts the stop, only confirmations of opt-outs are sent; everything else waits."
    )


def words(session: Session) -> str:
    """Return the sentence of the stop that is in force, "" for none."""
    found = current(session)
    return sentence(found) if found else ""
