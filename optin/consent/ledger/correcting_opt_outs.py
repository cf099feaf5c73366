"""Correcting an opt-out that was read from a phrase: for ten days, by events of its own, never against what came after.

A robot may say the same again and again, so what was read from phrases one after the other, with nothing between, is
corrected together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.number_lock import lock_number
from optin.consent.ledger.restoring import AFTER_OPT_OUT, first_after, give_back, hold_again, lift_suppression
from optin.consent.ledger.undo_review import Withdrawal, WithdrawalRefusal
from optin.database.statements import insert
from optin.enums import EndReason, EventKind, HoldResolution
from optin.models import ConsentEvent, Hold, OptIn, PhraseOptOut, Suppression
from optin.phone import spellings

CORRECT_WITHIN = timedelta(days=10)
"""Long enough to notice that somebody is missing, and to ask them; a request to stop may wait ten business days."""


@dataclass(frozen=True)
class Correction:
    """What a correction would take back, oldest first, or why there can be none."""

    opt_outs: Sequence[PhraseOptOut] = field(default_factory=list)
    refused: WithdrawalRefusal | None = None
    overtaken_by: ConsentEvent | None = None


def note_phrase(session: Session, number: str, act: Act) -> None:
    """Keep from which phrase the number was opted out; once for a text, whatever spellings its number has."""
    session.execute(
        insert(PhraseOptOut)
        .values(
            number=number,
            message_id=act.message_id,
            phrase=act.phrase,
            at=act.at,
            provider_at=act.provider_at,
            reason="",
        )
        .on_conflict_do_nothing()
    )


def correction(session: Session, opt_out: PhraseOptOut, at: datetime) -> Correction:
    """Say what a correction at that moment would take back, or what forbids it."""
    if opt_out.corrected_at is not None:
        return Correction(refused=WithdrawalRefusal.ALREADY)
    numbers = (opt_out.number, *spellings.others(opt_out.number))
    uncorrected = (PhraseOptOut.number.in_(numbers), PhraseOptOut.corrected_at.is_(None))
    found = select(PhraseOptOut).where(*uncorrected).order_by(PhraseOptOut.id).options(joinedload(PhraseOptOut.message))
    opt_outs = session.scalars(found).all()
    sids = [str(each.message.sid) for each in opt_outs]
    other = or_(ConsentEvent.message_sid.is_(None), ConsentEvent.message_sid.not_in(sids))
    forbids = and_(AFTER_OPT_OUT, ConsentEvent.kind != EventKind.KEPT, other)
    written = _last_events(session, numbers, sids)
    later = first_after(session, numbers, written.get(str(opt_out.message.sid), 0), forbids)
    if later is not None:
        return Correction(refused=WithdrawalRefusal.OVERTAKEN, overtaken_by=later)
    refs = [events.number_ref(session, number) for number in numbers]
    last = session.scalar(select(func.max(ConsentEvent.id)).where(ConsentEvent.number_ref.in_(refs), forbids)) or 0
    together = [each for each in opt_outs if written.get(str(each.message.sid), 0) >= last]
    if at - together[0].at >= CORRECT_WITHIN:
        return Correction(refused=WithdrawalRefusal.TOO_LATE)
    return Correction(together)


def correct(session: Session, opt_out_id: int, act: Act) -> Withdrawal:
    """Take back an opt-out that was read from a phrase; `act.text` is the user's required reason.

    The opt-ins that it ended stand again as they were, also those of the phone's other spellings, the suppression that
    it began ends, and a number that was on hold before is on hold again. Messages that it cancelled stay cancelled.
    """
    number = session.scalars(select(PhraseOptOut.number).where(PhraseOptOut.id == opt_out_id)).one()
    numbers = (number, *spellings.others(number))
    for each in sorted(numbers):  # in one order, so that two who act on a phone never wait for each other
        lock_number(session, each)
    found = correction(session, session.get_one(PhraseOptOut, opt_out_id, populate_existing=True), act.at)
    if found.refused:
        return Withdrawal(found.refused, found.overtaken_by)
    ids = [opt_out.id for opt_out in found.opt_outs]
    session.execute(
        update(PhraseOptOut)
        .where(PhraseOptOut.id.in_(ids))
        .values(corrected_at=act.at, corrected_by_id=act.actor_id, reason=act.text)
    )
    restored = [opt_in for each in numbers for opt_in in _take_back(session, each, found.opt_outs, act)]
    events.write(session, EventKind.OPT_OUT_CORRECTED, number, act, detail=f"given back {len(restored)}")
    return Withdrawal(restored=restored)


def _take_back(session: Session, number: str, opt_outs: Sequence[PhraseOptOut], act: Act) -> list[int]:
    """Undo for one spelling of the phone what the texts did; return the ids of the opt-ins that stand again."""
    by_text = OptIn.end_message_sid.in_([opt_out.message.sid for opt_out in opt_outs])
    restored = give_back(session, number, act, and_(OptIn.end_reason == EndReason.OPTED_OUT, by_text))
    began = Suppression.message_id.in_([opt_out.message_id for opt_out in opt_outs])
    lift_suppression(session, number, act, began, "the opt-out was corrected")
    resolved = Hold.ended_at.in_([opt_out.when for opt_out in opt_outs])
    hold_again(session, number, act, and_(resolved, Hold.resolution == HoldResolution.STOP))
    return restored


def _last_events(session: Session, numbers: Sequence[str], sids: Sequence[str]) -> dict[str, int]:
    """Return by MessageSid the id of the last event that each text brought about for the numbers."""
    refs = [events.number_ref(session, number) for number in numbers]
    last = select(ConsentEvent.message_sid, func.max(ConsentEvent.id)).where(
        ConsentEvent.number_ref.in_(refs), ConsentEvent.message_sid.in_(sids)
    )
    return {str(sid): event_id for sid, event_id in session.execute(last.group_by(ConsentEvent.message_sid))}
