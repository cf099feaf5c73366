"""Losing: the carrier says that a number is not in use any more, and a text from it says that it is again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from optin.consent import events, rules
from optin.consent.events import Act, Event
from optin.consent.ledger.holds_and_blocks import open_hold, resolve_hold
from optin.consent.ledger.number_lock import cancel_waiting, lock_number
from optin.database.statements import insert
from optin.enums import EndReason, EventKind, HoldCause, HoldResolution, MessageStatus, OptInStatus, Reason
from optin.models import Hold, Message, NumberLoss, OptIn
from optin.models.index_conditions import LIVE, has_not_ended


def lose_number(
    session: Session, number: str, act: Act, *, since: datetime | None = None, error_code: int | None = None
) -> list[int]:
    """End the opt-ins of a number that the carrier says is gone or reassigned; return their ids.

    What waits for it is skipped, and nothing goes to it until it texts. `since` is the moment of which the carrier
    speaks (else the act's), `error_code` what it said. The same again changes nothing.
    """
    lock_number(session, number)
    new = {"channel": act.channel, "number": number, "started_at": since or act.when, "error_code": error_code}
    added = session.execute(
        insert(NumberLoss).values(**new, message_id=act.message_id).on_conflict_do_nothing().returning(NumberLoss.id)
    ).first()
    where = (Message.number == number, Message.purpose.in_(rules.purposes_of(Reason.NUMBER_LOST)))
    cancel_waiting(session, *where, status=MessageStatus.SKIPPED, reason=Reason.NUMBER_LOST, at=act.at)
    ended = _end_opt_ins(session, number, act)
    why = f"error {error_code}" if error_code else ""
    written = [
        Event(EventKind.NUMBER_LOST, keyword_id=keyword_id, opt_in_id=opt_in_id, detail=why)
        for opt_in_id, keyword_id in ended
    ]
    if not written and added is not None:
        written = [Event(EventKind.NUMBER_LOST, detail=", ".join(filter(None, (why, "ended 0"))))]
    events.write_all(session, number, act, written)
    return [opt_in_id for opt_in_id, _ in ended]


def lose_held_number(session: Session, number: str, act: Act) -> list[int]:
    """End a hold by a user's decision that somebody else has the number now, and with it the number's opt-ins.

    Whoever is recorded with the number keeps it; nothing is suppressed, since its new owner may text a keyword.
    """
    ended = lose_number(session, number, act)
    resolve_hold(session, number, HoldResolution.NUMBER_LOST, act)
    return ended


def undo_loss(session: Session, number: str, began: datetime | None, act: Act) -> None:
    """End a loss that a user noted at the moment `began` and takes back; the events are the caller's."""
    session.execute(
        update(NumberLoss)
        .where(NumberLoss.number == number, has_not_ended(NumberLoss), NumberLoss.started_at == began)
        .values(ended_at=act.at)
    )


def find_number(session: Session, number: str, act: Act, *, asks: bool) -> bool:
    """Record that a lost number has texted; tell whether it was lost until then.

    What ended with the number stays ended: it may have a new owner. With `asks` a person decides whose it is (hold),
    also where the number is on hold for something else, which words could end. A text that is older than what the
    carrier spoke of proves nothing, nor does one by another channel.
    """
    lock_number(session, number)
    found = session.execute(
        update(NumberLoss)
        .where(
            NumberLoss.number == number,
            NumberLoss.channel == act.channel,
            has_not_ended(NumberLoss),
            NumberLoss.started_at < act.when,
        )
        .values(ended_at=act.when)
        .returning(NumberLoss.id)
    ).first()
    if found is None:
        return False
    events.write(session, EventKind.NUMBER_FOUND, number, act)
    if asks:
        open_hold(session, number, act, HoldCause.NEW_OWNER, "")
        asked = update(Hold).where(Hold.number == number, has_not_ended(Hold))
        session.execute(asked.values(cause=HoldCause.NEW_OWNER))
    return True


def was_lost_since(session: Session, number: str, moment: datetime) -> bool:
    """Tell whether the number was lost at any time since a moment: who texts from it now may be somebody else."""
    later = or_(has_not_ended(NumberLoss), NumberLoss.ended_at >= moment)
    lost = exists().where(NumberLoss.number == number, later)
    return bool(session.scalar(select(lost)))


def _end_opt_ins(session: Session, number: str, act: Act) -> Sequence[tuple[int, int]]:
    rows = session.execute(
        update(OptIn)
        .where(OptIn.number == number, OptIn.status.in_(LIVE))
        .values(
            status=OptInStatus.INACTIVE,
            end_reason=EndReason.NUMBER_LOST,
            ended_at=act.when,
            end_message_sid=act.message_sid,
            ended_by_id=act.actor_id,
        )
        .returning(OptIn.id, OptIn.keyword_id)
    )
    return [(row.id, row.keyword_id) for row in rows]
