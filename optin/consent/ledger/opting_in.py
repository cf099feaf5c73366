"""Joining: a number opts in or confirms. Joining is strict."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from sqlalchemy import ColumnElement, Integer, and_, bindparam, literal, select
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.double_opt_in import DoubleOptInQuestion, QuestionState, activate, question
from optin.consent.ledger.holds_and_blocks import end_suppression, resolve_hold
from optin.consent.ledger.number_lock import lock_number
from optin.consent.ledger.number_state import NumberState, state_before
from optin.database.session import UTCDateTime
from optin.database.statements import insert, run, table
from optin.enums import EventKind, HoldResolution, OptInStatus, ReplyKind
from optin.models import Disclosure, OptIn, OptInPerson, Person
from optin.models.index_conditions import LIVE

ANSWER_AGAIN_AFTER = timedelta(hours=24)


class OptInOutcome(StrEnum):
    """What an act to opt in came to."""

    ACTIVATED = "activated"
    PENDING = "pending"
    ASKED_AGAIN = "asked_again"
    CONFIRMED = "confirmed"
    REAFFIRMED = "reaffirmed"
    TOO_OLD = "too_old"
    NOT_REVIVED = "not_revived"


@dataclass(frozen=True)
class OptInResult:
    """What came of it: the opt-in's id and the answer that the person should get, if any."""

    outcome: OptInOutcome
    opt_in_id: int | None = None
    keyword_id: int | None = None
    reply: ReplyKind | None = None


class OptInKeyword(Protocol):
    """What an opt-in needs to know of its keyword."""

    @property
    def id(self) -> int: ...

    @property
    def double_opt_in(self) -> bool: ...


_OPT_IN, _DISCLOSURE = table(OptIn), table(Disclosure)
_TOLD = (
    select(_DISCLOSURE.c.id)
    .where(
        _DISCLOSURE.c.keyword_id == bindparam("told_with", type_=Integer()),
        _DISCLOSURE.c.created_at <= bindparam("told_by", type_=UTCDateTime()),
    )
    .order_by(_DISCLOSURE.c.version.desc())
    .limit(1)
)
_NEW = insert(_OPT_IN).values(disclosure_id=_TOLD.scalar_subquery()).returning(_OPT_IN.c.id, _OPT_IN.c.disclosure_id)


def opt_in(
    session: Session, number: str, keyword: OptInKeyword, act: Act, *, question_hours: int = 24, comment: str = ""
) -> OptInResult:
    """Record that `number` (E.164) opts in with `keyword`; the states and transitions are those of docs/rules.md.

    Double opt-in keywords ask first when the person texted or used a form; the question is open for `question_hours`.
    A user, a file or the API can't revive what the person ended.
    """
    lock_number(session, number)
    stood = state_before(session, number, keyword.id, act)
    if stood.left_since(act):
        return OptInResult(OptInOutcome.TOO_OLD)
    if not act.by_person and stood.ended_by_person:
        return OptInResult(OptInOutcome.NOT_REVIVED)
    if act.by_person and stood.held:
        resolve_hold(session, number, HoldResolution.KEYWORD, act)
    live = live_opt_in(session, number, keyword.id, act) if stood.live else None
    if live is not None and live.status == OptInStatus.ACTIVE:
        return _reaffirm(session, live, act)
    if live is not None:
        return _answer_with_keyword(session, live, act, question_hours)
    return _new_opt_in(session, keyword, act, question_hours, comment, stood)


def confirm(session: Session, number: str, asked: DoubleOptInQuestion, act: Act) -> OptInResult:
    """Activate the opt-in of an open question, since the person answered yes; not what is older than their opt-out."""
    stood = state_before(session, number, asked.keyword_id, act)
    if stood.left_since(act):
        return OptInResult(OptInOutcome.TOO_OLD)
    if stood.held:
        resolve_hold(session, number, HoldResolution.KEYWORD, act)
    return _confirmed(session, session.get_one(OptIn, asked.opt_in_id, populate_existing=True), act)


def link_person(session: Session, person_id: int, number: str, at: datetime) -> None:
    """Link a person to the live opt-ins of the number that they now have (for display)."""
    link(session, and_(Person.id == person_id), and_(OptIn.number == number, OptIn.status.in_(LIVE)), at)


def link_people(session: Session, person_ids: Collection[int], at: datetime) -> None:
    """Link people to the live opt-ins of the numbers that they have (for display), in one statement.

    A few thousand ids at a time: each is a parameter of the statement.
    """
    link(session, Person.id.in_(person_ids), OptIn.status.in_(LIVE), at)


def live_opt_in(session: Session, number: str, keyword_id: int, act: Act) -> OptIn | None:
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
    end_suppression(session, live.number, act)
    events.write(session, EventKind.REAFFIRMED, live.number, act, keyword_id=live.keyword_id, opt_in_id=live.id)
    reply = ReplyKind.CONFIRMATION if answer and act.by_person else None
    return OptInResult(OptInOutcome.REAFFIRMED, live.id, live.keyword_id, reply)


def _answer_with_keyword(session: Session, live: OptIn, act: Act, question_hours: int) -> OptInResult:
    """The keyword again: it answers the question of the sender that received it, once that was handed over.

    Before that it is the same request. To another sender, and where the question got lost, it asks anew.
    """
    if not act.by_person:
        return _confirmed(session, live, act)
    asked = question(session, live.number, act, live.keyword_id)
    if asked is None or asked.state == QuestionState.LOST:
        return ask_again(session, live.id, act, question_hours)
    if asked.repeats(act):
        return OptInResult(OptInOutcome.PENDING, live.id, live.keyword_id)
    return _confirmed(session, live, act)


def ask_again(session: Session, opt_in_id: int, act: Act, question_hours: int) -> OptInResult:
    """Let the act's sender ask a waiting opt-in once more; the question is open for `question_hours` from now."""
    opt_in = session.get_one(OptIn, opt_in_id, populate_existing=True)
    opt_in.sender_id, opt_in.answered_at = act.sender_id, act.when
    opt_in.expires_at = act.when + timedelta(hours=question_hours)
    session.flush()
    about = {"keyword_id": opt_in.keyword_id, "opt_in_id": opt_in.id}
    events.write(session, EventKind.REQUESTED, opt_in.number, act, **about)
    return OptInResult(OptInOutcome.ASKED_AGAIN, opt_in.id, opt_in.keyword_id, ReplyKind.QUESTION)


def _confirmed(session: Session, pending: OptIn, act: Act) -> OptInResult:
    activate(session, pending, act)
    return OptInResult(OptInOutcome.CONFIRMED, pending.id, pending.keyword_id, ReplyKind.CONFIRMATION)


def _new_opt_in(
    session: Session, keyword: OptInKeyword, act: Act, question_hours: int, comment: str, stood: NumberState
) -> OptInResult:
    asks = keyword.double_opt_in and act.by_person
    made = run(
        session,
        _NEW,
        {
            "channel": act.channel,
            "number": stood.number,
            "keyword_id": keyword.id,
            "status": OptInStatus.PENDING if asks else OptInStatus.ACTIVE,
            "source": act.source,
            "text": act.text,
            "message_id": act.message_id,
            "message_sid": act.message_sid,
            "sender_id": act.sender_id,
            "comment": comment,
            "created_by_id": act.actor_id,
            "requested_at": act.when,
            "expires_at": act.when + timedelta(hours=question_hours) if asks else None,
            "activated_at": None if asks else act.when,
            "answered_at": act.when if act.by_person else None,
            "end_comment": "",
            "told_with": keyword.id,
            "told_by": act.when,
        },
    ).one()
    if stood.has_person:
        link(session, Person.mobile == stood.number, OptIn.id == made.id, act.at)
    if not asks and stood.suppressed:
        end_suppression(session, stood.number, act)
    kind = EventKind.REQUESTED if asks else EventKind.ACTIVATED
    about = {"keyword_id": keyword.id, "opt_in_id": made.id, "disclosure_id": made.disclosure_id}
    events.write(session, kind, stood.number, act, **about)
    if asks:
        return OptInResult(OptInOutcome.PENDING, made.id, keyword.id, ReplyKind.QUESTION)
    reply = ReplyKind.CONFIRMATION if act.by_person else None
    return OptInResult(OptInOutcome.ACTIVATED, made.id, keyword.id, reply)


def link(session: Session, people: ColumnElement[bool], opt_ins: ColumnElement[bool], at: datetime) -> None:
    """Link each of the people to each of the opt-ins of their number; a link that had ended holds again."""
    pairs = (
        select(OptIn.id, Person.id, literal(at, UTCDateTime()))
        .select_from(OptIn)
        .join(Person, Person.mobile == OptIn.number)
        .where(people, opt_ins)
    )
    session.execute(
        insert(OptInPerson)
        .from_select(["opt_in_id", "person_id", "linked_at"], pairs)
        .on_conflict_do_update(index_elements=["opt_in_id", "person_id"], set_={"ended_at": None})
    )
