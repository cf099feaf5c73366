"""Giving back what an opt-out ended: shared by withdrawn review decisions, corrected opt-outs and undone merges."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.holds_and_blocks import open_hold
from optin.enums import Channel, EventKind, HoldCause, OptInStatus
from optin.models import ConsentEvent, Hold, OptIn, Suppression
from optin.models.index_conditions import has_not_ended

TWILIOS_DOOR = (EventKind.BLOCKED, EventKind.UNBLOCKED)
AFTER_OPT_OUT = ConsentEvent.kind.not_in((*TWILIOS_DOOR, EventKind.UNLINKED))
"""What must not be undone along with an opt-out: everything but Twilio's own door, and a number that others have."""


def first_after(
    session: Session, numbers: Collection[str], event_id: int, which: ColumnElement[bool]
) -> ConsentEvent | None:
    """Return the first event about the numbers (E.164) that was written after an event and that `which` names."""
    refs = [events.number_ref(session, number) for number in numbers]
    later = select(ConsentEvent).where(ConsentEvent.number_ref.in_(refs), ConsentEvent.id > event_id, which)
    return session.scalars(later.order_by(ConsentEvent.id).limit(1)).first()


def give_back(
    session: Session, number: str, act: Act, ended: ColumnElement[bool], kind: EventKind = EventKind.OPT_OUT_WITHDRAWN
) -> list[int]:
    """Make the opt-ins of the number that `ended` names what they were; return the ids of those that stand again.

    First date and proof stay. `kind` is the event of each; a question that has run out meanwhile is expired instead.
    """
    found = session.scalars(select(OptIn).where(OptIn.number == number, ended).order_by(OptIn.id)).all()
    return [opt_in.id for opt_in in found if _stands_again(session, opt_in, act, kind)]


def lift_suppression(session: Session, number: str, act: Act, began: ColumnElement[bool], why: str) -> bool:
    """End the open suppression of the number if `began` names it, as one that says nothing of the person."""
    lifted = session.execute(
        update(Suppression)
        .where(Suppression.number == number, has_not_ended(Suppression), began)
        .values(ended_at=act.at, withdrawn_at=act.at)
        .returning(Suppression.channel)
    ).all()
    for row in lifted:
        events.write(
            session, EventKind.SUPPRESSION_ENDED, number, replace(act, channel=Channel(row.channel)), detail=why
        )
    return bool(lifted)


def hold_again(session: Session, number: str, act: Act, resolved: ColumnElement[bool]) -> None:
    """Hold the number again for what the `resolved` holds were about, and withdraw how they ended."""
    held = select(Hold).where(Hold.number == number, resolved, Hold.withdrawn_at.is_(None))
    for each in session.scalars(held.order_by(Hold.id)).all():
        each.withdrawn_at, each.withdrawn_by_id = act.at, act.actor_id
        session.flush()
        open_hold(session, number, act, HoldCause(each.cause), each.trigger, again=each)


def _stands_again(session: Session, opt_in: OptIn, act: Act, kind: EventKind) -> bool:
    """Make an opt-in what it was; tell whether it is live. One that waited longer than its question is expired."""
    overdue = opt_in.activated_at is None and opt_in.expires_at is not None and opt_in.expires_at <= act.at
    opt_in.end_reason = opt_in.ended_by_id = opt_in.end_message_sid = None
    opt_in.ended_at = opt_in.expires_at if overdue else None
    waits = OptInStatus.EXPIRED if overdue else OptInStatus.PENDING
    opt_in.status = waits if opt_in.activated_at is None else OptInStatus.ACTIVE
    session.flush()
    told = EventKind.EXPIRED if overdue else kind
    events.write(session, told, opt_in.number, act, keyword_id=opt_in.keyword_id, opt_in_id=opt_in.id)
    return not overdue
