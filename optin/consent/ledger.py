"""The only writer of opt-ins, suppressions, holds and blocks. Every source calls it; every change leaves an event.

Each function works in the caller's transaction and does not commit. It takes the number's lock first, so that two acts
about one number follow one another; what they may do is decided by the order of their dates, never by who came first.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, text, update
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.extensions import UTCDateTime, insert
from optin.models import Disclosure, Hold, Keyword, Message, OptIn, OptInPerson, Person, ProviderBlock, Suppression
from optin.terms import (
    BlockCause,
    Direction,
    EndReason,
    EventKind,
    HoldCause,
    HoldResolution,
    MessageStatus,
    OptInSource,
    OptInStatus,
    Purpose,
    Reason,
    ReplyKind,
)

LIVE = (OptInStatus.PENDING, OptInStatus.ACTIVE)
WAITING = (MessageStatus.QUEUED, MessageStatus.CLAIMED)
ANSWER_AGAIN_AFTER = timedelta(hours=24)
STAYS_UNDER_SUPPRESSION = (ReplyKind.OPT_OUT, ReplyKind.HELP)


class Outcome(StrEnum):
    """What an act to opt in came to."""

    ACTIVATED = "activated"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    REAFFIRMED = "reaffirmed"
    TOO_OLD = "too_old"
    NOT_REVIVED = "not_revived"


@dataclass(frozen=True)
class OptInResult:
    """What came of it: the opt-in's id and the answer that the person should get, if any."""

    outcome: Outcome
    opt_in_id: int | None = None
    keyword_id: int | None = None
    reply: ReplyKind | None = None


@dataclass(frozen=True)
class OptOutResult:
    """Ids of the opt-ins that ended; `already` opted out before, `late` when the number was held instead."""

    ended: list[int] = field(default_factory=list)
    already: bool = False
    late: bool = False


def lock_number(session: Session, number: str) -> None:
    """Let one transaction at a time act on a number's consent; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:number, 0))"), {"number": number})


def opt_in(
    session: Session, number: str, keyword: Keyword, act: Act, *, question_hours: int = 24, comment: str = ""
) -> OptInResult:
    """Record that `number` (E.164) opts in with `keyword`; the states and transitions are those of docs/rules.md.

    Double opt-in keywords ask first when the person texted or used a form; the question is open for `question_hours`.
    A user, a file or the API can't revive what the person ended.
    """
    lock_number(session, number)
    if _left_since(session, number, keyword.id, act):
        return OptInResult(Outcome.TOO_OLD)
    if not act.by_person and _ended_by_person(session, number, keyword.id):
        return OptInResult(Outcome.NOT_REVIVED)
    if act.by_person:
        _resolve_hold(session, number, HoldResolution.KEYWORD, act)
    live = _live(session, number, keyword.id, act)
    if live is not None and live.status == OptInStatus.ACTIVE:
        return _reaffirm(session, live, act)
    if live is not None:
        return _answer_with_keyword(session, live, act, question_hours)
    return _new_opt_in(session, number, keyword, act, question_hours, comment)


def confirm(session: Session, number: str, act: Act) -> OptInResult | None:
    """Activate the newest open question that the receiving sender asked; None when there is none."""
    lock_number(session, number)
    pending = session.scalars(
        select(OptIn)
        .where(
            OptIn.number == number,
            OptIn.status == OptInStatus.PENDING,
            OptIn.sender_id == act.sender_id,
            OptIn.expires_at > act.when,
        )
        .order_by(OptIn.requested_at.desc(), OptIn.id.desc())
        .limit(1)
    ).first()
    if pending is None or _left_since(session, number, pending.keyword_id, act):
        return None
    _resolve_hold(session, number, HoldResolution.KEYWORD, act)
    return _activate_pending(session, pending, act)


def opt_out(
    session: Session, number: str, act: Act, *, resolution: HoldResolution = HoldResolution.STOP
) -> OptOutResult:
    """End every opt-in of the number, suppress it and cancel what waits for it.

    A STOP that is found late ends what was activated before it; if the person joined again after it, a person decides
    (hold). `resolution` says what ends an open hold: the person's STOP or a user's decision.
    """
    lock_number(session, number)
    ended = _end(session, number, EndReason.OPTED_OUT, act, OptIn.requested_at <= act.when)
    if _joined_after(session, number, act):
        _open_hold(session, number, act, HoldCause.LATE_STOP, act.text)
        return OptOutResult(ended=ended, late=True)
    added = session.execute(
        insert(session, Suppression)
        .values(channel=act.channel, number=number, started_at=act.when, message_id=act.message_id)
        .on_conflict_do_nothing()
        .returning(Suppression.id)
    ).first()
    cancel_waiting(
        session,
        Message.number == number,
        or_(Message.reply_kind.is_(None), Message.reply_kind.not_in(STAYS_UNDER_SUPPRESSION)),
        status=MessageStatus.CANCELLED,
        reason=Reason.OPTED_OUT,
        at=act.at,
    )
    _resolve_hold(session, number, resolution, act)
    events.write(session, EventKind.OPTED_OUT, number, act, detail=f"ended {len(ended)}")
    return OptOutResult(ended=ended, already=added is None)


def opt_out_keyword(session: Session, number: str, keyword_id: int, act: Act) -> bool:
    """End the number's opt-in for one keyword; tell whether there was one."""
    lock_number(session, number)
    ended = _end(
        session,
        number,
        EndReason.OPTED_OUT,
        act,
        and_(OptIn.keyword_id == keyword_id, OptIn.requested_at <= act.when),
        kind=EventKind.OPTED_OUT_KEYWORD,
    )
    if not ended:
        events.write(session, EventKind.OPTED_OUT_KEYWORD, number, act, keyword_id=keyword_id, detail="ended 0")
    _resolve_hold(session, number, HoldResolution.STOP, act)
    return bool(ended)


def start(session: Session, number: str, act: Act, *, restore: bool = False) -> bool:
    """End the suppression; tell whether there was one that is older than this. Opt-ins stay ended unless `restore`."""
    lock_number(session, number)
    ended_since = session.scalars(
        update(Suppression)
        .where(Suppression.number == number, Suppression.ended_at.is_(None), Suppression.started_at < act.when)
        .values(ended_at=act.when)
        .returning(Suppression.started_at)
    ).first()
    _resolve_hold(session, number, HoldResolution.START, act)
    events.write(session, EventKind.STARTED, number, act, detail="suppression ended" if ended_since else "")
    if ended_since and restore:
        _restore(session, number, ended_since, act)
    return ended_since is not None


def hold(session: Session, number: str, act: Act, cause: HoldCause, trigger: str) -> None:
    """Put the number on hold until a person decides; `trigger` is the piece of the text that asks for it."""
    lock_number(session, number)
    _open_hold(session, number, act, cause, trigger)


def keep(session: Session, number: str, act: Act) -> bool:
    """End the hold after a user's decision that the text was no request to stop; tell whether one was open."""
    lock_number(session, number)
    resolved = _resolve_hold(session, number, HoldResolution.KEEP, act)
    if resolved:
        events.write(session, EventKind.KEPT, number, act)
    return resolved


def block(session: Session, scope: str, number: str, cause: BlockCause, act: Act) -> bool:
    """Record that Twilio refuses to send from `scope` (Messaging Service SID or address) to the number."""
    lock_number(session, number)
    added = session.execute(
        insert(session, ProviderBlock)
        .values(scope=scope, number=number, cause=cause, started_at=act.when, message_id=act.message_id)
        .on_conflict_do_nothing()
        .returning(ProviderBlock.id)
    ).first()
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
            ProviderBlock.ended_at.is_(None),
            ProviderBlock.started_at < act.when,
        )
        .values(ended_at=act.when)
        .returning(ProviderBlock.id)
    ).first()
    if lifted is not None:
        events.write(session, EventKind.UNBLOCKED, number, act, detail=scope)
    return lifted is not None


def change_number(session: Session, person_id: int, old: str | None, new: str | None, act: Act) -> list[int]:
    """Follow a person's change of mobile number (E.164 or None); return the ids of the opt-ins that ended.

    The old number's opt-ins end only if nobody else has it; the new number keeps those of its own.
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
        shared = session.scalar(select(Person.id).where(Person.mobile == old, Person.id != person_id).limit(1))
        if shared:
            events.write(session, EventKind.UNLINKED, old, act, detail="number still used by another person")
        else:
            ended = _end(session, old, EndReason.NUMBER_CHANGED, act, OptIn.status.in_(LIVE))
    if new:
        link_person(session, person_id, new, act.at)
    return ended


def link_person(session: Session, person_id: int, number: str, at: datetime) -> None:
    """Link a person to the live opt-ins of the number that they now have (for display)."""
    _link(session, and_(Person.id == person_id), and_(OptIn.number == number, OptIn.status.in_(LIVE)), at)


def end_opt_in(session: Session, opt_in_id: int, act: Act) -> bool:
    """End one opt-in by a user's decision; `act.text` is the required reason. Tell whether it was live."""
    number = session.scalars(select(OptIn.number).where(OptIn.id == opt_in_id)).one()
    lock_number(session, number)
    return bool(_end(session, number, EndReason.BY_USER, act, OptIn.id == opt_in_id, kind=EventKind.ENDED_BY_USER))


def lose_number(session: Session, number: str, act: Act) -> list[int]:
    """End the opt-ins of a number that the carrier says is gone or reassigned."""
    lock_number(session, number)
    return _end(session, number, EndReason.NUMBER_LOST, act, OptIn.status.in_(LIVE), kind=EventKind.NUMBER_LOST)


def expire_questions(session: Session, act: Act, limit: int = 500) -> int:
    """Expire the double opt-in questions that nobody answered in time; return how many."""
    overdue = session.scalars(
        update(OptIn)
        .where(
            OptIn.id.in_(
                select(OptIn.id)
                .where(OptIn.status == OptInStatus.PENDING, OptIn.expires_at <= act.when)
                .order_by(OptIn.id)
                .limit(limit)
            ),
            OptIn.status == OptInStatus.PENDING,
        )
        .values(status=OptInStatus.EXPIRED, ended_at=act.when)
        .returning(OptIn)
    ).all()
    for row in overdue:
        events.write(session, EventKind.EXPIRED, row.number, act, keyword_id=row.keyword_id, opt_in_id=row.id)
    return len(overdue)


def cancel_waiting(
    session: Session, *where: ColumnElement[bool], status: MessageStatus, reason: Reason, at: datetime
) -> None:
    """Take back outbound messages that wait: with the start statement this meets on the row's lock, so either they
    had started before or they never do."""
    session.execute(
        update(Message)
        .where(Message.direction == Direction.OUTBOUND, Message.status.in_(WAITING), *where)
        .values(status=status, reason=reason, decided_at=at, updated_at=at, lease_until=None)
    )


def _left_since(session: Session, number: str, keyword_id: int, act: Act) -> bool:
    """Tell whether the number left, everything or this keyword, at or after the act: then it activates nothing."""
    left = session.scalar(select(func.max(Suppression.started_at)).where(Suppression.number == number))
    ended = session.scalar(
        select(func.max(OptIn.ended_at)).where(
            OptIn.number == number, OptIn.keyword_id == keyword_id, OptIn.end_reason == EndReason.OPTED_OUT
        )
    )
    return any(moment is not None and moment >= act.when for moment in (left, ended))


def _ended_by_person(session: Session, number: str, keyword_id: int) -> bool:
    """Tell whether the person's own last word on this keyword, or on everything, was to leave."""
    if session.scalar(select(Suppression.id).where(Suppression.number == number, Suppression.ended_at.is_(None))):
        return True
    last = session.scalar(
        select(OptIn.end_reason)
        .where(OptIn.number == number, OptIn.keyword_id == keyword_id)
        .order_by(OptIn.id.desc())
        .limit(1)
    )
    return last == EndReason.OPTED_OUT


def _joined_after(session: Session, number: str, act: Act) -> bool:
    """Tell whether the person joined or texted START after the moment of the act."""
    joined = session.scalar(
        select(OptIn.id).where(OptIn.number == number, OptIn.status.in_(LIVE), OptIn.requested_at > act.when).limit(1)
    )
    started = session.scalar(
        select(Suppression.id).where(Suppression.number == number, Suppression.ended_at > act.when).limit(1)
    )
    return joined is not None or started is not None


def _live(session: Session, number: str, keyword_id: int, act: Act) -> OptIn | None:
    """Return the number's live opt-in for the keyword; a question that is overdue is expired on the way."""
    live = session.scalars(
        select(OptIn).where(
            OptIn.channel == act.channel,
            OptIn.number == number,
            OptIn.keyword_id == keyword_id,
            OptIn.status.in_(LIVE),
        )
    ).first()
    if live is None or live.status == OptInStatus.ACTIVE or live.expires_at is None or live.expires_at > act.when:
        return live
    live.status, live.ended_at = OptInStatus.EXPIRED, act.when
    session.flush()
    events.write(session, EventKind.EXPIRED, number, act, keyword_id=keyword_id, opt_in_id=live.id)
    return None


def _reaffirm(session: Session, live: OptIn, act: Act) -> OptInResult:
    """Record the same wish again: first date stays, no second row, an answer only after a day."""
    answer = live.answered_at is None or act.when - live.answered_at >= ANSWER_AGAIN_AFTER
    live.reaffirmed_at = act.when
    if answer and act.by_person:
        live.answered_at = act.when
    session.flush()
    _end_suppression(session, live.number, act)
    events.write(session, EventKind.REAFFIRMED, live.number, act, keyword_id=live.keyword_id, opt_in_id=live.id)
    reply = ReplyKind.CONFIRMATION if answer and act.by_person else None
    return OptInResult(Outcome.REAFFIRMED, live.id, live.keyword_id, reply)


def _answer_with_keyword(session: Session, live: OptIn, act: Act, question_hours: int) -> OptInResult:
    """The keyword again: it answers the question of the sender that received it; to another sender it asks anew."""
    if not act.by_person or act.sender_id == live.sender_id:
        return _activate_pending(session, live, act)
    live.sender_id, live.answered_at = act.sender_id, act.when
    live.expires_at = act.when + timedelta(hours=question_hours)
    session.flush()
    events.write(session, EventKind.REQUESTED, live.number, act, keyword_id=live.keyword_id, opt_in_id=live.id)
    return OptInResult(Outcome.PENDING, live.id, live.keyword_id, ReplyKind.QUESTION)


def _activate_pending(session: Session, pending: OptIn, act: Act) -> OptInResult:
    pending.status = OptInStatus.ACTIVE
    pending.activated_at = pending.answered_at = act.when
    pending.confirming_message_id, pending.confirming_message_sid = act.message_id, act.message_sid
    session.flush()
    _end_suppression(session, pending.number, act)
    events.write(
        session,
        EventKind.CONFIRMED,
        pending.number,
        act,
        keyword_id=pending.keyword_id,
        opt_in_id=pending.id,
        disclosure_id=pending.disclosure_id,
    )
    return OptInResult(Outcome.CONFIRMED, pending.id, pending.keyword_id, ReplyKind.CONFIRMATION)


def _new_opt_in(
    session: Session, number: str, keyword: Keyword, act: Act, question_hours: int, comment: str
) -> OptInResult:
    asks = keyword.double_opt_in and act.by_person
    disclosure_id = session.scalar(
        select(Disclosure.id)
        .where(Disclosure.keyword_id == keyword.id, Disclosure.created_at <= act.when)
        .order_by(Disclosure.version.desc())
        .limit(1)
    )
    opt_in_id: int = session.execute(
        insert(session, OptIn)
        .values(
            channel=act.channel,
            number=number,
            keyword_id=keyword.id,
            status=OptInStatus.PENDING if asks else OptInStatus.ACTIVE,
            source=act.source,
            text=act.text,
            message_id=act.message_id,
            message_sid=act.message_sid,
            sender_id=act.sender_id,
            disclosure_id=disclosure_id,
            comment=comment,
            created_by_id=act.actor_id,
            requested_at=act.when,
            expires_at=act.when + timedelta(hours=question_hours) if asks else None,
            activated_at=None if asks else act.when,
            answered_at=act.when if act.by_person else None,
        )
        .returning(OptIn.id)
    ).scalar_one()
    _link(session, Person.mobile == number, OptIn.id == opt_in_id, act.at)
    if not asks:
        _end_suppression(session, number, act)
    events.write(
        session,
        EventKind.REQUESTED if asks else EventKind.ACTIVATED,
        number,
        act,
        keyword_id=keyword.id,
        opt_in_id=opt_in_id,
        disclosure_id=disclosure_id,
    )
    if asks:
        return OptInResult(Outcome.PENDING, opt_in_id, keyword.id, ReplyKind.QUESTION)
    reply = ReplyKind.CONFIRMATION if act.by_person else None
    return OptInResult(Outcome.ACTIVATED, opt_in_id, keyword.id, reply)


def _end_suppression(session: Session, number: str, act: Act) -> None:
    """A newer deliberate act of the person ends the suppression; a block at Twilio stays."""
    if not act.by_person:
        return
    ended = session.execute(
        update(Suppression)
        .where(Suppression.number == number, Suppression.ended_at.is_(None), Suppression.started_at < act.when)
        .values(ended_at=act.when)
        .returning(Suppression.id)
    ).first()
    if ended is not None:
        events.write(session, EventKind.SUPPRESSION_ENDED, number, act)


def _end(
    session: Session,
    number: str,
    reason: EndReason,
    act: Act,
    which: ColumnElement[bool],
    *,
    kind: EventKind | None = None,
) -> list[int]:
    """Make the live opt-ins of the number that `which` names inactive, with an event each; skip what waits on them."""
    rows = session.execute(
        update(OptIn)
        .where(OptIn.number == number, OptIn.status.in_(LIVE), which)
        .values(
            status=OptInStatus.INACTIVE,
            end_reason=reason,
            ended_at=act.when,
            ended_by_id=act.actor_id,
            end_message_sid=act.message_sid,
            end_comment=act.text if reason == EndReason.BY_USER else "",
        )
        .returning(OptIn.id, OptIn.keyword_id)
    ).all()
    for opt_in_id, keyword_id in rows:
        events.write(session, kind or EventKind(reason), number, act, keyword_id=keyword_id, opt_in_id=opt_in_id)
    if rows:
        cancel_waiting(
            session,
            Message.opt_in_id.in_([row.id for row in rows]),
            Message.number == number,
            Message.purpose == Purpose.CAMPAIGN,
            status=MessageStatus.SKIPPED,
            reason=Reason.NOT_OPTED_IN,
            at=act.at,
        )
    return [row.id for row in rows]


def _restore(session: Session, number: str, since: datetime, act: Act) -> None:
    """Give back, as new opt-ins, what the suppression that began at `since` had ended (a setting, off by default)."""
    ended = session.scalars(
        select(OptIn).where(OptIn.number == number, OptIn.end_reason == EndReason.OPTED_OUT, OptIn.ended_at == since)
    ).all()
    for old in ended:
        if _live(session, number, old.keyword_id, act) is not None or old.activated_at is None:
            continue
        new = OptIn(
            channel=old.channel,
            number=number,
            keyword_id=old.keyword_id,
            status=OptInStatus.ACTIVE,
            source=OptInSource.SMS,
            text=act.text,
            message_id=act.message_id,
            message_sid=act.message_sid,
            sender_id=act.sender_id,
            disclosure_id=old.disclosure_id,
            requested_at=act.when,
            activated_at=act.when,
        )
        session.add(new)
        session.flush()
        _link(session, Person.mobile == number, OptIn.id == new.id, act.at)
        events.write(session, EventKind.RESTORED, number, act, keyword_id=new.keyword_id, opt_in_id=new.id)


def _open_hold(session: Session, number: str, act: Act, cause: HoldCause, trigger: str) -> None:
    """Open a hold, or let the one that is open stand: the ten business days run from the first text."""
    added = session.execute(
        insert(session, Hold)
        .values(
            channel=act.channel,
            number=number,
            started_at=act.when,
            message_id=act.message_id,
            cause=cause,
            trigger=trigger,
        )
        .on_conflict_do_nothing()
        .returning(Hold.id)
    ).first()
    if added is None:
        return
    cancel_waiting(
        session,
        Message.number == number,
        Message.purpose == Purpose.CAMPAIGN,
        status=MessageStatus.SKIPPED,
        reason=Reason.ON_HOLD,
        at=act.at,
    )
    events.write(session, EventKind.HELD, number, act, detail=cause.label)


def _resolve_hold(session: Session, number: str, resolution: HoldResolution, act: Act) -> bool:
    """End the open hold if it is older than the act; tell whether there was one."""
    resolved = session.execute(
        update(Hold)
        .where(Hold.number == number, Hold.ended_at.is_(None), Hold.started_at <= act.when)
        .values(ended_at=act.when, resolution=resolution, resolved_by_id=act.actor_id)
        .returning(Hold.id)
    ).first()
    if resolved is None:
        return False
    if resolution != HoldResolution.KEEP:
        events.write(session, EventKind.HOLD_RESOLVED, number, act, detail=resolution.label)
    return True


def _link(session: Session, people: ColumnElement[bool], opt_ins: ColumnElement[bool], at: datetime) -> None:
    """Link each of the people to each of the opt-ins of their number."""
    pairs = (
        select(OptIn.id, Person.id, literal(at, UTCDateTime()))
        .select_from(OptIn)
        .join(Person, Person.mobile == OptIn.number)
        .where(people, opt_ins)
    )
    session.execute(
        insert(session, OptInPerson)
        .from_select(["opt_in_id", "person_id", "linked_at"], pairs)
        .on_conflict_do_update(index_elements=["opt_in_id", "person_id"], set_={"ended_at": None})
    )
