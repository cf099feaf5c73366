"""Leaving: a number opts out, changes hands or is ended. Leaving is liberal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, literal, not_, or_, select, update
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act, Event
from optin.consent.ledger.correcting_opt_outs import note_phrase
from optin.consent.ledger.holds_and_blocks import open_hold, resolve_hold
from optin.consent.ledger.number_lock import (
    cancel_waiting,
    end_waiting,
    lock_number,
)
from optin.consent.ledger.number_state import before_leaving, joined_after
from optin.consent.ledger.opting_in import link_person
from optin.consent.rules import ONCE_UNDER_SUPPRESSION
from optin.database.session import UTCDateTime
from optin.database.statements import insert, run, table
from optin.enums import EndReason, EventKind, HoldCause, HoldResolution, OptInStatus, Purpose, Reason
from optin.models import Message, OptIn, OptInPerson, Person, Suppression
from optin.models.index_conditions import LIVE, has_not_ended, is_live, is_on_its_way, is_pending
from optin.phone import spellings


@dataclass(frozen=True)
class OptOutResult:
    """Ids of the opt-ins that ended; `already` opted out before, `late` when the number was held instead."""

    ended: list[int] = field(default_factory=list)
    already: bool = False
    late: bool = False


_OPT_IN, _SUPPRESSION = table(OptIn), table(Suppression)
_END_ALL = (
    update(_OPT_IN)
    .where(
        _OPT_IN.c.number == bindparam("of"),
        is_live(_OPT_IN.c),
        not_(joined_after(_OPT_IN.c, bindparam("until", type_=UTCDateTime()))),
    )
    .returning(_OPT_IN.c.id, _OPT_IN.c.keyword_id)
)
_ASKED_AGAIN = update(_SUPPRESSION).where(
    _SUPPRESSION.c.number == bindparam("of"),
    has_not_ended(_SUPPRESSION.c),
    _SUPPRESSION.c.asked_at < bindparam("before", type_=UTCDateTime()),
)
_NEW_SUPPRESSION = insert(_SUPPRESSION).on_conflict_do_nothing().returning(_SUPPRESSION.c.id)


def opt_out(
    session: Session, number: str, act: Act, *, resolution: HoldResolution = HoldResolution.STOP
) -> OptOutResult:
    """End every opt-in of the number, suppress it and cancel what waits for it.

    A STOP that is found late ends what was activated before it; if the person joined again after it, a person decides
    (hold). `resolution` says what ends an open hold: the person's STOP or a user's decision.
    """
    lock_number(session, number)
    met = before_leaving(session, number, act)
    ended = _end_all(session, number, act)
    if act.phrase is not None:
        note_phrase(session, number, act)
    if met.joined_after:
        events.write_all(session, number, act, [_ended(row) for row in ended])
        open_hold(session, number, act, HoldCause.LATE_STOP, act.text)
        return OptOutResult(ended=[row.id for row in ended], late=True)
    new = {"channel": act.channel, "number": number, "started_at": act.when, "asked_at": act.when}
    by = {"message_id": act.message_id, "import_run_id": act.import_run_id}
    added = run(session, _NEW_SUPPRESSION, {**new, **by}).first()
    if added is None:
        run(session, _ASKED_AGAIN, {"of": number, "before": act.when, "asked_at": act.when})
    if met.awaited:
        cancel_waiting(
            session,
            Message.number == number,
            or_(Message.reply_kind.is_(None), Message.reply_kind.not_in(ONCE_UNDER_SUPPRESSION)),
            reason=Reason.OPTED_OUT,
            at=act.at,
        )
    written = [_ended(row) for row in ended]
    if met.held:
        events.write_all(session, number, act, written)
        resolve_hold(session, number, resolution, act)
        written.clear()
    events.write_all(session, number, act, [*written, Event(EventKind.OPTED_OUT, detail=f"ended {len(ended)}")])
    return OptOutResult(ended=[row.id for row in ended], already=added is None)


def opt_out_phone(
    session: Session, number: str, act: Act, *, resolution: HoldResolution = HoldResolution.STOP
) -> OptOutResult:
    """Opt the number out with every spelling that others may have written it in; return what became of itself."""
    forms = (number, *spellings.others(number))
    for form in sorted(forms):  # in one order, so that two who act on a phone never wait for each other
        lock_number(session, form)
    results = [opt_out(session, form, act, resolution=resolution) for form in forms]
    return results[0]


def opt_out_keyword(session: Session, number: str, keyword_id: int, act: Act) -> bool:
    """End the number's opt-in for one keyword; tell whether there was one.

    A hold stays: its text may have asked us to stop with everything, and asking to stop with less does not say no.
    """
    lock_number(session, number)
    ended = _end(
        session,
        number,
        EndReason.OPTED_OUT,
        act,
        and_(OptIn.keyword_id == keyword_id, not_(joined_after(OptIn, literal(act.when, UTCDateTime())))),
        kind=EventKind.OPTED_OUT_KEYWORD,
    )
    if not ended:
        events.write(session, EventKind.OPTED_OUT_KEYWORD, number, act, keyword_id=keyword_id, detail="ended 0")
    return bool(ended)


def change_number(session: Session, person_id: int, old: str | None, new: str | None, act: Act) -> list[int]:
    """Follow a person's change of mobile number (E.164 or None); return the ids of the opt-ins that ended.

    The old number's opt-ins end only if nobody else has it; the new number keeps those of its own. What waits to go to
    the person at the old number is cancelled.
    """
    if old == new:
        return []
    for number in sorted(filter(None, (old, new))):
        lock_number(session, number)
    ended: list[int] = []
    if old:
        session.execute(
            update(OptInPerson)
            .where(OptInPerson.person_id == person_id, OptInPerson.ended_at.is_(None))
            .values(ended_at=act.at)
        )
        cancel_waiting(
            session,
            Message.person_id == person_id,
            is_on_its_way(Message),
            Message.number == old,
            Message.purpose.in_((Purpose.CAMPAIGN, Purpose.ONE_TO_ONE)),
            reason=Reason.NUMBER_CHANGED,
            at=act.at,
        )
        shared = session.scalar(select(Person.id).where(Person.mobile == old, Person.id != person_id).limit(1))
        if shared:
            events.write(session, EventKind.UNLINKED, old, act, detail="number still used by another person")
        else:
            ended = _end(session, old, EndReason.NUMBER_CHANGED, act, OptIn.status.in_(LIVE))
            if not ended and session.scalar(select(OptIn.id).where(OptIn.number == old).limit(1)):
                events.write(session, EventKind.NUMBER_CHANGED, old, act, detail="ended 0")
    if new:
        link_person(session, person_id, new, act.at)
    return ended


def end_opt_in(session: Session, opt_in_id: int, act: Act) -> bool:
    """End one opt-in by a user's decision; `act.text` is the required reason. Tell whether it was live."""
    number = session.scalars(select(OptIn.number).where(OptIn.id == opt_in_id)).one()
    lock_number(session, number)
    return bool(_end(session, number, EndReason.BY_USER, act, OptIn.id == opt_in_id, kind=EventKind.ENDED_BY_USER))


def expire_questions(session: Session, act: Act, limit: int = 500) -> int:
    """Expire the double opt-in questions that nobody answered in time; return how many."""
    first = select(OptIn.id).where(is_pending(OptIn), OptIn.expires_at <= act.when)
    first = first.order_by(OptIn.expires_at, OptIn.id).limit(limit)
    overdue = session.scalars(
        update(OptIn)
        .where(OptIn.id.in_(first), OptIn.status == OptInStatus.PENDING)
        .values(status=OptInStatus.EXPIRED, ended_at=act.when)
        .returning(OptIn)
    ).all()
    for row in overdue:
        events.write(session, EventKind.EXPIRED, row.number, act, keyword_id=row.keyword_id, opt_in_id=row.id)
    return len(overdue)


def _end(
    session: Session,
    number: str,
    reason: EndReason,
    act: Act,
    which: ColumnElement[bool],
    *,
    kind: EventKind | None = None,
) -> list[int]:
    """Make live opt-ins of the number, those that `which` names, inactive, with events; end what waits on them."""
    rows = session.execute(
        update(OptIn)
        .where(OptIn.number == number, OptIn.status.in_(LIVE), which)
        .values(**_end_values(reason, act))
        .returning(OptIn.id, OptIn.keyword_id)
    ).all()
    events.write_all(session, number, act, [_ended(row, kind or EventKind(reason)) for row in rows])
    if rows:
        end_waiting(session, number, act.at)
    return [row.id for row in rows]


def _end_all(session: Session, number: str, act: Act) -> Sequence[Row[*tuple[Any, ...]]]:
    """End what was activated before the act. Its events, and the end of what waits, are the caller's."""
    values = {"of": number, "until": act.when, **_end_values(EndReason.OPTED_OUT, act)}
    return run(session, _END_ALL, values).all()


def _end_values(reason: EndReason, act: Act) -> dict[str, Any]:
    return {
        "status": OptInStatus.INACTIVE,
        "end_reason": reason,
        "ended_at": act.when,
        "ended_by_id": act.actor_id,
        "end_message_sid": act.message_sid,
        "end_comment": act.text if reason == EndReason.BY_USER else "",
    }


def _ended(row: Row[*tuple[Any, ...]], kind: EventKind = EventKind.OPTED_OUT) -> Event:
    return Event(kind, keyword_id=row.keyword_id, opt_in_id=row.id)
