"""Withdrawing a review decision: for ten minutes, by events of its own, and never against what came after it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.obstacles import open_hold
from optin.consent.ledger.waiting import lock_number
from optin.models import ConsentEvent, Hold, OptIn, Suppression
from optin.terms import EndReason, EventKind, HoldCause, HoldResolution, OptInSource, OptInStatus

WITHDRAW_WITHIN = timedelta(minutes=10)
"""The person was told nothing, and a request to stop may wait ten business days: minutes to mend a slip are safe."""

_WROTE = {HoldResolution.OPT_OUT: EventKind.OPTED_OUT, HoldResolution.KEEP: EventKind.KEPT}
_TWILIOS_DOOR = (EventKind.BLOCKED, EventKind.UNBLOCKED)
# Giving opt-ins back: everything forbids it but Twilio's own door, and a number that somebody else still has.
_AFTER_OPT_OUT = ConsentEvent.kind.not_in((*_TWILIOS_DOOR, EventKind.UNLINKED))


class NotWithdrawn(StrEnum):
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

    refused: NotWithdrawn | None = None
    overtaken_by: ConsentEvent | None = None
    restored: list[int] = field(default_factory=list)


def can_withdraw(hold: Hold, at: datetime) -> bool:
    """Tell whether a decision is young enough and stands; what happened since is asked when it is withdrawn."""
    return _standing(hold, at) is None


def withdraw(session: Session, hold_id: int, act: Act) -> Withdrawal:
    """Take a user's decision about a hold back, so that the number is on hold again as from its text.

    A withdrawn opt-out gives back exactly the opt-ins that it ended and ends the suppression that it began; a question
    that has run out meanwhile is expired. Messages that it cancelled stay cancelled. Any later act about the number
    refuses it all: what the person ended or began since is not ours to undo.
    """
    lock_number(session, session.scalars(select(Hold.number).where(Hold.id == hold_id)).one())
    hold = session.get_one(Hold, hold_id, populate_existing=True)
    refused = _standing(hold, act.at)
    if refused:
        return Withdrawal(refused)
    later = _overtaken_by(session, hold)
    if later:
        return Withdrawal(NotWithdrawn.OVERTAKEN, later)
    taken = session.execute(
        update(Hold)
        .where(Hold.id == hold_id, Hold.withdrawn_at.is_(None))
        .values(withdrawn_at=act.at, withdrawn_by_id=act.actor_id)
        .returning(Hold.id)
    ).first()
    if taken is None:
        return Withdrawal(NotWithdrawn.ALREADY)
    restored = _undo_opt_out(session, hold, act) if hold.resolution == HoldResolution.OPT_OUT else []
    open_hold(session, hold.number, act, HoldCause(hold.cause), hold.trigger, again=hold)
    label = HoldResolution(str(hold.resolution)).label
    events.write(session, EventKind.DECISION_WITHDRAWN, hold.number, act, detail=f"{label}, given back {len(restored)}")
    return Withdrawal(restored=restored)


def _standing(hold: Hold, at: datetime) -> NotWithdrawn | None:
    if hold.ended_at is None or hold.resolution not in _WROTE or hold.resolved_by_id is None:
        return NotWithdrawn.NO_DECISION
    if hold.withdrawn_at is not None:
        return NotWithdrawn.ALREADY
    return NotWithdrawn.TOO_LATE if at - hold.ended_at >= WITHDRAW_WITHIN else None


def _overtaken_by(session: Session, hold: Hold) -> ConsentEvent | None:
    """Return the first later event that a withdrawal would undo or ignore. Events are read by when they were written:
    a STOP that Twilio's list brings late counts, although its own date is before the decision."""
    own = ConsentEvent.number_ref == events.number_ref(session, hold.number)
    resolution = HoldResolution(str(hold.resolution))
    decision = (
        select(func.max(ConsentEvent.id))
        .where(
            own,
            ConsentEvent.kind == _WROTE[resolution],
            ConsentEvent.at == hold.ended_at,
            ConsentEvent.actor_id == hold.resolved_by_id,
        )
        .scalar_subquery()
    )
    forbids = _AFTER_OPT_OUT if resolution == HoldResolution.OPT_OUT else _after_keep(hold)
    later = select(ConsentEvent).where(own, ConsentEvent.id > func.coalesce(decision, 0), forbids)
    return session.scalars(later.order_by(ConsentEvent.id).limit(1)).first()


def _after_keep(hold: Hold) -> ColumnElement[bool]:
    """A newer word of the person decides by itself, and any opt-out does; what is older than the text does not."""
    person = and_(
        ConsentEvent.source.in_((OptInSource.SMS, OptInSource.FORM)),
        ConsentEvent.kind.not_in((*_TWILIOS_DOOR, EventKind.EXPIRED)),
        func.coalesce(ConsentEvent.provider_at, ConsentEvent.at) >= hold.started_at,
    )
    return or_(person, ConsentEvent.kind == EventKind.OPTED_OUT)


def _undo_opt_out(session: Session, hold: Hold, act: Act) -> list[int]:
    """Give back what this decision ended: it alone has this moment and this user. Return the ids that stand again."""
    by_decision = (OptIn.ended_at == hold.ended_at, OptIn.ended_by_id == hold.resolved_by_id)
    ended = session.scalars(
        select(OptIn).where(OptIn.number == hold.number, OptIn.end_reason == EndReason.OPTED_OUT, *by_decision)
    ).all()
    restored = [opt_in.id for opt_in in ended if _give_back(session, opt_in, act)]
    began = session.execute(
        update(Suppression)
        .where(
            Suppression.number == hold.number,
            Suppression.ended_at.is_(None),
            Suppression.started_at == hold.ended_at,
            Suppression.message_id.is_(None),
        )
        .values(ended_at=act.at, withdrawn_at=act.at)
        .returning(Suppression.id)
    ).first()
    if began is not None:
        events.write(session, EventKind.SUPPRESSION_ENDED, hold.number, act, detail="the opt-out was withdrawn")
    return restored


def _give_back(session: Session, opt_in: OptIn, act: Act) -> bool:
    """Make an opt-in what it was; tell whether it is live. One that waited longer than its question is expired."""
    overdue = opt_in.activated_at is None and opt_in.expires_at is not None and opt_in.expires_at <= act.at
    opt_in.end_reason = opt_in.ended_by_id = None
    opt_in.ended_at = opt_in.expires_at if overdue else None
    waits = OptInStatus.EXPIRED if overdue else OptInStatus.PENDING
    opt_in.status = waits if opt_in.activated_at is None else OptInStatus.ACTIVE
    session.flush()
    kind = EventKind.EXPIRED if overdue else EventKind.OPT_OUT_WITHDRAWN
    events.write(session, kind, opt_in.number, act, keyword_id=opt_in.keyword_id, opt_in_id=opt_in.id)
    return not overdue
