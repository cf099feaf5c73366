"""Undoing an import: the opt-ins that it made end, and where an admin says so, its opt-outs are taken back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, exists, func, select, update
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act, Event
from optin.consent.ledger.importing import with_spellings
from optin.consent.ledger.number_lock import AT_ONCE, WAITING, end_waiting, lock_number, lock_numbers
from optin.consent.ledger.restoring import AFTER_OPT_OUT, first_after, give_back, hold_again, lift_suppression
from optin.enums import EndReason, EventKind, HoldResolution, OptInSource, OptInStatus
from optin.models import ConsentEvent, Hold, Message, OptIn, Suppression
from optin.models.index_conditions import is_imported


@dataclass(frozen=True)
class ImportUndone:
    """What a step of an undo came to: how many ended or were taken back, whose stayed (number and id), and the last id
    that was looked at, None at the end."""

    count: int = 0
    kept: Sequence[tuple[str, int]] = field(default_factory=list)
    last_id: int | None = None


def withdraw_imported(session: Session, act: Act, after: int, limit: int) -> ImportUndone:
    """End the next opt-ins that an import made (`act.import_run_id`), those after an id.

    Not those of which something has happened since: the person texted the keyword, or a user gave it back.
    """
    mine = (is_imported(OptIn), OptIn.import_run_id == act.import_run_id, OptIn.id > after)
    asked = select(OptIn.id, OptIn.number).where(*mine).order_by(OptIn.id).limit(limit)
    found = session.execute(asked).all()
    lock_numbers(session, {row.number for row in found})
    ids = [row.id for row in found]
    since = exists().where(ConsentEvent.opt_in_id == OptIn.id, ConsentEvent.source != OptInSource.IMPORT)
    live = (OptIn.id.in_(ids), OptIn.status == OptInStatus.ACTIVE)
    kept = session.execute(select(OptIn.number, OptIn.id).where(*live, since).order_by(OptIn.id)).all()
    ended = session.execute(
        update(OptIn)
        .where(*live, ~since)
        .values(
            status=OptInStatus.INACTIVE,
            end_reason=EndReason.IMPORT_WITHDRAWN,
            ended_at=act.when,
            ended_by_id=act.actor_id,
        )
        .returning(OptIn.id, OptIn.number, OptIn.keyword_id)
        .execution_options(synchronize_session=False)
    ).all()
    written = [(row.number, act, _ended(row.keyword_id, row.id, act)) for row in ended]
    events.write_each(session, written)
    for number in _awaited(session, [row.number for row in ended]):
        end_waiting(session, number, act.at)
    return ImportUndone(len(ended), [(row.number, row.id) for row in kept], ids[-1] if ids else None)


def take_back_opt_outs(session: Session, act: Act, after: int, limit: int) -> ImportUndone:
    """Take back the next opt-outs that an import began (`act.import_run_id`), those after an id.

    The opt-ins that they ended stand again as they were, and so do holds. Not where anything has happened to the number
    since.
    """
    mine = (is_imported(Suppression), Suppression.import_run_id == act.import_run_id, Suppression.id > after)
    found = session.scalars(select(Suppression).where(*mine).order_by(Suppression.id).limit(limit)).all()
    lock_numbers(session, with_spellings({each.number for each in found}))
    kept, count = [], 0
    for opt_out in found:
        session.refresh(opt_out)
        if opt_out.ended_at is not None:
            continue
        if _overtaken(session, opt_out):
            kept.append((opt_out.number, opt_out.id))
            continue
        _take_back(session, opt_out, act)
        count += 1
    return ImportUndone(count, kept, found[-1].id if found else None)


def _ended(keyword_id: int, opt_in_id: int, act: Act) -> Event:
    detail = f"import {act.import_run_id}"
    return Event(EventKind.IMPORT_WITHDRAWN, keyword_id=keyword_id, opt_in_id=opt_in_id, detail=detail)


def _awaited(session: Session, numbers: Sequence[str]) -> list[str]:
    waiting = select(Message.number).where(Message.number.in_(numbers), Message.status.in_(WAITING)).distinct()
    return sorted(session.scalars(waiting))


def _overtaken(session: Session, opt_out: Suppression) -> bool:
    """Tell whether anything happened to the number since, or whether its owner was named as gone again."""
    if opt_out.asked_at != opt_out.started_at:
        return True
    own = ConsentEvent.number_ref == events.number_ref(session, opt_out.number)
    said = (ConsentEvent.kind == EventKind.OPTED_OUT, ConsentEvent.at == opt_out.started_at)
    last = session.scalar(select(func.max(ConsentEvent.id)).where(own, *said)) or 0
    return first_after(session, [opt_out.number], last, AFTER_OPT_OUT) is not None


def _take_back(session: Session, opt_out: Suppression, act: Act) -> None:
    number, began = opt_out.number, opt_out.started_at
    lock_number(session, number)
    by_run = and_(OptIn.end_reason == EndReason.OPTED_OUT, OptIn.ended_at == began, OptIn.end_message_sid.is_(None))
    give_back(session, number, act, by_run)
    lift_suppression(session, number, act, Suppression.id == opt_out.id, "the import was undone")
    hold_again(session, number, act, and_(Hold.ended_at == began, Hold.resolution == HoldResolution.OPT_OUT))


def share_opt_outs(session: Session, numbers: Collection[str], run_id: int) -> None:
    """Have opt-outs that other imports began stay whatever becomes of these: a further one says the same."""
    wanted = sorted(numbers)
    for start in range(0, len(wanted), AT_ONCE):
        some = Suppression.number.in_(wanted[start : start + AT_ONCE])
        others = (is_imported(Suppression), Suppression.import_run_id != run_id)
        session.execute(update(Suppression).where(some, *others).values(import_run_id=None))
