"""What stands against sending to a number: holds, blocks at Twilio, and the end of a suppression."""

from dataclasses import replace

from sqlalchemy import String, bindparam, exists, select, update
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.number_lock import end_waiting, lock_number
from optin.database.prepared import Values
from optin.database.session import UTCDateTime
from optin.database.statements import insert, run, table
from optin.database.steering import written_out
from optin.enums import BlockCause, Channel, EventKind, HoldCause, HoldResolution
from optin.models import Hold, OptIn, ProviderBlock, Suppression
from optin.models.index_conditions import has_not_ended, is_live
from optin.phone import spellings

_ON = bindparam("on", type_=String())
_BLOCK, _HOLD, _SUPPRESSION = table(ProviderBlock), table(Hold), table(Suppression)
_RESOLVE = (
    update(_HOLD)
    .where(
        _HOLD.c.number == bindparam("of"),
        has_not_ended(_HOLD.c),
        _HOLD.c.started_at <= bindparam("until", type_=UTCDateTime()),
    )
    .returning(_HOLD.c.id)
)
_RESOLVE_ON = _RESOLVE.where(_HOLD.c.channel == _ON)
_RESOLVE_BY_WORD = _RESOLVE_ON.where(_HOLD.c.cause != written_out(HoldCause.NEW_OWNER))
"""Words tell what somebody wants, not who they are."""
_LETS_SEND = {
    HoldResolution.KEEP: _RESOLVE_ON,
    HoldResolution.KEYWORD: _RESOLVE_BY_WORD,
    HoldResolution.START: _RESOLVE_BY_WORD,
}
"""What ends a hold so that texts may go again: by the channel alone on which the doubt arose."""
_END_SUPPRESSION = (
    update(_SUPPRESSION)
    .where(
        _SUPPRESSION.c.number == bindparam("of"),
        _SUPPRESSION.c.channel == _ON,
        has_not_ended(_SUPPRESSION.c),
        _SUPPRESSION.c.asked_at < bindparam("before", type_=UTCDateTime()),
    )
    .returning(_SUPPRESSION.c.id)
)
_NEW_BLOCK = insert(_BLOCK).on_conflict_do_nothing().returning(_BLOCK.c.id)


def hold(session: Session, number: str, act: Act, cause: HoldCause, trigger: str) -> None:
    """Put the number on hold until a person decides; `trigger` is the piece of the text that asks for it.

    So is what the same phone opted in with under an older numbering plan.
    """
    lock_number(session, number)
    open_hold(session, number, act, cause, trigger)
    for form in spellings.others(number):
        if session.scalar(select(exists().where(OptIn.number == form, is_live(OptIn)))):
            open_hold(session, form, act, cause, trigger)


def keep(session: Session, number: str, act: Act) -> bool:
    """End the hold after a user's decision that the text was no request to stop; tell whether one was open."""
    lock_number(session, number)
    resolved = resolve_hold(session, number, HoldResolution.KEEP, act)
    if resolved:
        events.write(session, EventKind.KEPT, number, act)
    return resolved


def block(session: Session, scope: str, number: str, cause: BlockCause, act: Act) -> bool:
    """Record that Twilio refuses to send from `scope` (Messaging Service SID or address) to the number."""
    lock_number(session, number)
    new = {"scope": scope, "number": number, "cause": cause, "started_at": act.when, "message_id": act.message_id}
    added = run(session, _NEW_BLOCK, new).first()
    if added is not None:
        events.write(session, EventKind.BLOCKED, number, act, detail=f"{scope} ({cause.label})")
    return added is not None


def unblock(session: Session, scope: str, number: str, act: Act) -> bool:
    """Record that Twilio lifted its block of this scope (the person texted START to it)."""
    lock_number(session, number)
    lifted = session.scalars(
        update(ProviderBlock)
        .where(
            ProviderBlock.scope == scope,
            ProviderBlock.number == number,
            has_not_ended(ProviderBlock),
            ProviderBlock.started_at < act.when,
        )
        .values(ended_at=act.when)
        .returning(ProviderBlock.id)
    ).first()
    if lifted is not None:
        events.write(session, EventKind.UNBLOCKED, number, act, detail=scope)
    return lifted is not None


def open_hold(
    session: Session, number: str, act: Act, cause: HoldCause, trigger: str, *, again: Hold | None = None
) -> None:
    """Open a hold by the act's channel, or let the one that is open stand: the ten business days run from the first
    text.

    `again` is the hold whose decision was withdrawn: the days go on from its text, by its channel.
    """
    channel = Channel(again.channel) if again else act.channel
    added = session.execute(
        insert(Hold)
        .values(
            channel=channel,
            number=number,
            started_at=again.started_at if again else act.when,
            message_id=again.message_id if again else act.message_id,
            cause=cause,
            trigger=trigger,
        )
        .on_conflict_do_nothing()
        .returning(Hold.id)
    ).first()
    end_waiting(session, number, act.at)
    if added is None:
        return
    events.write(session, EventKind.HELD, number, replace(act, channel=channel), detail=cause.label)


def resolve_hold(session: Session, number: str, resolution: HoldResolution, act: Act) -> bool:
    """End the open hold if it is older than the act; tell whether there was one.

    Leaving ends the holds of every channel, what lets us send again that of the act's channel alone.
    """
    values = {"ended_at": act.when, "resolution": resolution, "resolved_by_id": act.actor_id}
    on = {"on": act.channel} if resolution in _LETS_SEND else {}
    statement = _LETS_SEND.get(resolution, _RESOLVE)
    resolved = run(session, statement, {"of": number, "until": act.when, **on, **values}).first()
    if resolved is None:
        return False
    if resolution != HoldResolution.KEEP:
        events.write(session, EventKind.HOLD_RESOLVED, number, act, detail=resolution.label)
    return True


def end_suppression(session: Session, number: str, act: Act) -> None:
    """A newer deliberate act of the person ends the suppression that they asked for by the same channel.

    A block at Twilio stays.
    """
    if not act.by_person:
        return
    end_other_spellings(session, number, act)
    ended = run(session, _END_SUPPRESSION, _end_values(number, act)).first()
    if ended is not None:
        events.write(session, EventKind.SUPPRESSION_ENDED, number, act)


def end_other_spellings(session: Session, number: str, act: Act) -> None:
    """Who comes back under one spelling of a number comes back under all: an opt-out is kept under each."""
    for spelling in spellings.same(number):
        if run(session, _END_SUPPRESSION, _end_values(spelling, act)).first() is not None:
            events.write(session, EventKind.SUPPRESSION_ENDED, spelling, act, detail="by another spelling")


def _end_values(number: str, act: Act) -> Values:
    return {"of": number, "on": act.channel, "before": act.when, "ended_at": act.when}
