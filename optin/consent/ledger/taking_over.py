"""Taking over what another system held against a number, with its dates: opt-ins that had ended, opt-outs, doubts.

The same again changes nothing, since each function first looks whether it is known. What was active there is taken over
by `import_opt_ins`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, or_, select, true, update
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.holds_and_blocks import hold
from optin.consent.ledger.import_obstacles import OWN
from optin.consent.ledger.number_lock import end_waiting, lock_number
from optin.consent.ledger.opting_out import opt_out_phone
from optin.database.statements import insert
from optin.enums import EndReason, EventKind, HoldCause, HoldResolution, OptInStatus
from optin.models import Hold, OptIn, Suppression
from optin.models.index_conditions import LIVE, has_not_ended, is_live

NO_HISTORY = "earlier history was not kept there"


class TakenOver(StrEnum):
    """What becomes of an opt-in that had ended elsewhere: it is recorded, or what is here ends or stays as it is."""

    RECORDED = "recorded"
    ENDED = "ended"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class EndedElsewhere:
    """An opt-in that another system held as ended, why, and what there is to say of it."""

    began_at: datetime
    ended_at: datetime
    reason: EndReason
    comment: str = ""


def foresee_ended(session: Session, number: str, keyword_id: int | None, ended: EndedElsewhere) -> TakenOver:
    """Say what `take_over_ended` would come to; a keyword of None is one that is not here yet."""
    return _outcome(_newest(session, number, keyword_id), ended)


def take_over_ended(
    session: Session, number: str, keyword_id: int, ended: EndedElsewhere, act: Act
) -> tuple[TakenOver, int]:
    """Record an opt-in that had ended elsewhere, or end what is live here and older than that end; return its id.

    Whatever else is here with the keyword stays as it is.
    """
    lock_number(session, number)
    newest = _newest(session, number, keyword_id)
    outcome = _outcome(newest, ended)
    if newest is None:
        return outcome, _record(session, number, keyword_id, ended, act)
    if outcome is TakenOver.ENDED:
        _end(session, newest, ended, act)
    return outcome, newest.id


def opt_out_of_before(session: Session, number: str, act: Act, *, is_over: bool) -> bool:
    """Opt the number out as of the act's moment, unless that is known; tell whether anything was done.

    What is of now has no date of its own (`_is_undated`): it is known where the number is out already.
    With `is_over` the person joined again after it: then it ends only what was live here before it.
    """
    lock_number(session, number)
    if _knows_opt_out(session, number, act):
        return False
    live = select(OptIn.id).where(OptIn.number == number, is_live(OptIn), OptIn.requested_at <= act.when)
    if is_over and session.scalar(live.limit(1)) is None:
        return False
    opt_out_phone(session, number, act, resolution=HoldResolution.OPT_OUT)
    return True


def hold_of_before(session: Session, number: str, act: Act, cause: HoldCause, trigger: str) -> bool:
    """Put the number on hold as of the act's moment; not if somebody decided since or the person joined here since."""
    lock_number(session, number)
    held = exists().where(Hold.number == number, true() if _is_undated(act) else Hold.started_at >= act.when)
    joined = exists().where(OptIn.number == number, OptIn.source.in_(OWN), OptIn.requested_at > act.when)
    back = exists().where(Suppression.number == number, Suppression.ended_at > act.when)
    out = exists().where(Suppression.number == number, has_not_ended(Suppression))
    if session.scalar(select(or_(held, joined, back, out))):
        return False
    hold(session, number, act, cause, trigger)
    return True


def _newest(session: Session, number: str, keyword_id: int | None) -> OptIn | None:
    """Return the live opt-in of a number with a keyword, else the newest."""
    mine = select(OptIn).where(OptIn.number == number, OptIn.keyword_id == keyword_id)
    return session.scalars(mine.order_by(OptIn.status.in_(LIVE).desc(), OptIn.id.desc()).limit(1)).first()


def _outcome(newest: OptIn | None, ended: EndedElsewhere) -> TakenOver:
    if newest is None:
        return TakenOver.RECORDED
    ends = newest.status in LIVE and ended.ended_at >= newest.requested_at
    return TakenOver.ENDED if ends else TakenOver.SAME


def _end(session: Session, live: OptIn, ended: EndedElsewhere, act: Act) -> None:
    values = {"end_reason": ended.reason, "ended_at": ended.ended_at}
    mine = update(OptIn).where(OptIn.id == live.id)
    session.execute(mine.values(status=OptInStatus.INACTIVE, **values))
    about = {"keyword_id": live.keyword_id, "opt_in_id": live.id}
    events.write(session, EventKind(ended.reason), live.number, replace(act, provider_at=ended.ended_at), **about)
    end_waiting(session, live.number, act.at)


def _record(session: Session, number: str, keyword_id: int, ended: EndedElsewhere, act: Act) -> int:
    """Make the opt-in with its dates, and an event for its beginning and for its end."""
    made = insert(OptIn).values(
        channel=act.channel,
        number=number,
        keyword_id=keyword_id,
        status=OptInStatus.INACTIVE,
        source=act.source,
        text=act.text,
        message_sid=act.message_sid,
        comment=ended.comment,
        created_by_id=act.actor_id,
        requested_at=ended.began_at,
        activated_at=ended.began_at,
        ended_at=ended.ended_at,
        end_reason=ended.reason,
        end_comment="",
    )
    opt_in_id: int = session.scalars(made.returning(OptIn.id)).one()
    about = {"keyword_id": keyword_id, "opt_in_id": opt_in_id}
    began, then = (replace(act, provider_at=moment) for moment in (ended.began_at, ended.ended_at))
    events.write(session, EventKind.ACTIVATED, number, began, detail=NO_HISTORY, **about)
    events.write(session, EventKind(ended.reason), number, then, **about)
    return opt_in_id


def _is_undated(act: Act) -> bool:
    """Nobody knows of which moment the act is, so that it is taken for one of now."""
    return act.when >= act.at


def _knows_opt_out(session: Session, number: str, act: Act) -> bool:
    """Tell whether an opt-out of that moment, or a later one, was recorded, or came to a hold as a late one does."""
    known = has_not_ended(Suppression) if _is_undated(act) else Suppression.asked_at >= act.when
    asked = exists().where(Suppression.number == number, known)
    late = exists().where(Hold.number == number, Hold.cause == HoldCause.LATE_STOP, Hold.started_at == act.when)
    return bool(session.scalar(select(or_(asked, late))))
