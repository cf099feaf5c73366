"""Withdrawing a review decision: for ten minutes, by events of its own, and never against what came after it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.holds_and_blocks import open_hold
from optin.consent.ledger.lost_numbers import undo_loss
from optin.consent.ledger.number_lock import lock_number
from optin.consent.ledger.restoring import AFTER_OPT_OUT, TWILIOS_DOOR, first_after, give_back, lift_suppression
from optin.enums import EndReason, EventKind, HoldCause, HoldResolution, OptInSource
from optin.models import ConsentEvent, Hold, OptIn, Suppression

WITHDRAW_WITHIN = timedelta(minutes=10)
"""The person was told nothing, and a request to stop may wait ten business days: minutes to mend a slip are safe."""

# The last event of each decision.
_WROTE = {
    HoldResolution.OPT_OUT: EventKind.OPTED_OUT,
    HoldResolution.NUMBER_LOST: EventKind.HOLD_RESOLVED,
    HoldResolution.KEEP: EventKind.KEPT,
}


class WithdrawalRefusal(StrEnum):
    """Why a decision stands."""

    NO_DECISION = "no_decision"
    ALREADY = "already"
    TOO_LATE = "too_late"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True)
class Withdrawal:
    """What came of it: the ids of the opt-ins that stand again, or why the decision stands.

    `overtaken_by` is the event after the decision that must not be undone along with it.
    """

    refused: WithdrawalRefusal | None = None
    overtaken_by: ConsentEvent | None = None
    restored: list[int] = field(default_factory=list)


def can_withdraw(hold: Hold, at: datetime) -> bool:
    """Tell whether a decision is young enough and stands; what happened since is asked when it is withdrawn."""
    return _standing(hold, at) is None


def withdraw(session: Session, hold_id: int, act: Act) -> Withdrawal:
    """Take a user's decision about a hold back, so that the number is on hold again as from its text.

    A withdrawn opt-out gives back exactly the opt-ins that it ended and ends the suppression that it began, a number
    that was lost and is not gets its opt-ins back; a question that has run out meanwhile is expired. Messages that were
    cancelled stay cancelled. Any later act about the number refuses it all: what the person ended or began since is not
    ours to undo.
    """
    lock_number(session, session.scalars(select(Hold.number).where(Hold.id == hold_id)).one())
    hold = session.get_one(Hold, hold_id, populate_existing=True)
    refused = _standing(hold, act.at)
    if refused:
        return Withdrawal(refused)
    later = _overtaken_by(session, hold)
    if later:
        return Withdrawal(WithdrawalRefusal.OVERTAKEN, later)
    taken = _take_back(session, hold, act)
    if not taken:
        return Withdrawal(WithdrawalRefusal.ALREADY)
    restored = _undo(session, hold, act)
    for each in taken:
        open_hold(session, each.number, act, HoldCause(each.cause), each.trigger, again=each)
    label = HoldResolution(str(hold.resolution)).label
    events.write(session, EventKind.DECISION_WITHDRAWN, hold.number, act, detail=f"{label}, given back {len(restored)}")
    return Withdrawal(restored=restored)


def _take_back(session: Session, hold: Hold, act: Act) -> Sequence[Hold]:
    """Withdraw the decision from all holds of the number that it ended, one for each channel; return them."""
    decided = (Hold.ended_at == hold.ended_at, Hold.resolved_by_id == hold.resolved_by_id)
    return session.scalars(
        update(Hold)
        .where(Hold.number == hold.number, *decided, Hold.resolution == hold.resolution, Hold.withdrawn_at.is_(None))
        .values(withdrawn_at=act.at, withdrawn_by_id=act.actor_id)
        .returning(Hold)
    ).all()


def _standing(hold: Hold, at: datetime) -> WithdrawalRefusal | None:
    if hold.ended_at is None or hold.resolution not in _WROTE or hold.resolved_by_id is None:
        return WithdrawalRefusal.NO_DECISION
    if hold.withdrawn_at is not None:
        return WithdrawalRefusal.ALREADY
    return WithdrawalRefusal.TOO_LATE if at - hold.ended_at >= WITHDRAW_WITHIN else None


def _overtaken_by(session: Session, hold: Hold) -> ConsentEvent | None:
    """Return the first later event that a withdrawal would undo or ignore. Events are read by when they were written:
    a STOP that Twilio's list brings late counts, although its own date is before the decision."""
    own = ConsentEvent.number_ref == events.number_ref(session, hold.number)
    resolution = HoldResolution(str(hold.resolution))
    decision = select(func.max(ConsentEvent.id)).where(
        own,
        ConsentEvent.kind == _WROTE[resolution],
        ConsentEvent.at == hold.ended_at,
        ConsentEvent.actor_id == hold.resolved_by_id,
    )
    forbids = _after_keep(hold) if resolution == HoldResolution.KEEP else AFTER_OPT_OUT
    return first_after(session, [hold.number], session.scalar(decision) or 0, forbids)


def _after_keep(hold: Hold) -> ColumnElement[bool]:
    """A newer word of the person decides by itself, and any opt-out does; what is older than the text does not."""
    person = and_(
        ConsentEvent.source.in_((OptInSource.SMS, OptInSource.FORM)),
        ConsentEvent.kind.not_in((*TWILIOS_DOOR, EventKind.EXPIRED)),
        func.coalesce(ConsentEvent.provider_at, ConsentEvent.at) >= hold.started_at,
    )
    return or_(person, ConsentEvent.kind == EventKind.OPTED_OUT)


def _undo(session: Session, hold: Hold, act: Act) -> list[int]:
    """Give back what this decision ended: it alone has this moment and this user. Return the ids that stand again."""
    by_decision = and_(OptIn.ended_at == hold.ended_at, OptIn.ended_by_id == hold.resolved_by_id)
    if hold.resolution == HoldResolution.NUMBER_LOST:
        lost = and_(OptIn.end_reason == EndReason.NUMBER_LOST, by_decision)
        undo_loss(session, hold.number, hold.ended_at, act)
        return give_back(session, hold.number, act, lost, EventKind.LOSS_WITHDRAWN)
    if hold.resolution != HoldResolution.OPT_OUT:
        return []
    restored = give_back(session, hold.number, act, and_(OptIn.end_reason == EndReason.OPTED_OUT, by_decision))
    began = and_(Suppression.started_at == hold.ended_at, Suppression.message_id.is_(None))
    lift_suppression(session, hold.number, act, began, "the opt-out was withdrawn")
    return restored
