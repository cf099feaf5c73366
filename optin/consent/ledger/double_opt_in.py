"""The double opt-in question: whether it was handed over, and what an answer to it does.

An answer counts only after Twilio has accepted the question: before that nobody can have read it, and what looks like
an answer is the first text delivered twice.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Integer, Row, String, and_, bindparam, select
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.events import Act
from optin.consent.ledger.holds_and_blocks import end_suppression
from optin.consent.ledger.number_lock import lock_number
from optin.database.session import UTCDateTime
from optin.database.statements import run, table
from optin.database.steering import written_out
from optin.enums import EndReason, EventKind, MessageStatus, OptInStatus, Purpose, ReplyKind
from optin.models import Message, OptIn
from optin.models.index_conditions import is_pending

SAME_REQUEST_WITHIN = timedelta(seconds=30)
"""A keyword that comes so soon after the question is the first one delivered twice: carriers do that within seconds,
and nobody has read a question and typed a word by then. A YES can't be that."""

ACCEPTED = (MessageStatus.SENT, MessageStatus.DELIVERED)
_NEVER = datetime.min.replace(tzinfo=UTC)
ON_ITS_WAY = (MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.SENDING)


class QuestionState(StrEnum):
    """How far a question has come: `open` can be answered, `lost` has not reached the person for sure."""

    OPEN = "open"
    ON_ITS_WAY = "on_its_way"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DoubleOptInQuestion:
    """The question of a waiting opt-in; `sent_at` is when Twilio accepted it, where it is open."""

    opt_in_id: int
    keyword_id: int
    state: QuestionState
    sent_at: datetime | None = None

    def repeats(self, act: Act) -> bool:
        """Tell whether the keyword that came again is the request that was made already, and not an answer."""
        early = self.sent_at is not None and act.when - self.sent_at < SAME_REQUEST_WITHIN
        return early or self.state == QuestionState.ON_ITS_WAY


_OPT_IN, _MESSAGE = table(OptIn), table(Message)
_ASKED = (
    select(_OPT_IN.c.id, _OPT_IN.c.keyword_id, _MESSAGE.c.status, _MESSAGE.c.sid, _MESSAGE.c.sent_at)
    .outerjoin_from(
        _OPT_IN,
        _MESSAGE,
        and_(
            _MESSAGE.c.number == _OPT_IN.c.number,
            _MESSAGE.c.purpose == written_out(Purpose.REPLY),
            _MESSAGE.c.reply_kind == written_out(ReplyKind.QUESTION),
            _MESSAGE.c.opt_in_id == _OPT_IN.c.id,
            _MESSAGE.c.sender_id == _OPT_IN.c.sender_id,
        ),
    )
    .where(
        _OPT_IN.c.number == bindparam("of", type_=String()),
        is_pending(_OPT_IN.c),
        _OPT_IN.c.sender_id == bindparam("by", type_=Integer()),
        _OPT_IN.c.expires_at > bindparam("when", type_=UTCDateTime()),
    )
    .order_by(_OPT_IN.c.requested_at, _OPT_IN.c.id, _MESSAGE.c.id)
)


def question(session: Session, number: str, act: Act, keyword_id: int | None = None) -> DoubleOptInQuestion | None:
    """Return the question that a text to the act's sender may answer, None when none has been asked or it ran out.

    `keyword_id`: only of this keyword. Among several it is the one that was handed over last, else the newest.
    """
    lock_number(session, number)
    rows = run(session, _ASKED, {"of": number, "by": act.sender_id, "when": act.when}).all()
    found: dict[int, DoubleOptInQuestion] = {}
    for row in rows:
        if keyword_id in (None, row.keyword_id):
            found[row.id] = _further(found.get(row.id), row, act.when)
    return max(found.values(), key=_rank, default=None)


def decline(session: Session, number: str, asked: DoubleOptInQuestion, act: Act) -> None:
    """End the opt-in of an open question, since the person answered no. Nothing else of the number changes."""
    opt_in = session.get_one(OptIn, asked.opt_in_id, populate_existing=True)
    opt_in.status, opt_in.end_reason = OptInStatus.INACTIVE, EndReason.DECLINED
    opt_in.ended_at, opt_in.end_message_sid = act.when, act.message_sid
    session.flush()
    events.write(session, EventKind.DECLINED, number, act, keyword_id=opt_in.keyword_id, opt_in_id=opt_in.id)


def activate(session: Session, pending: OptIn, act: Act) -> None:
    """Make a waiting opt-in active and end the suppression, where the person themselves confirmed."""
    pending.status = OptInStatus.ACTIVE
    pending.activated_at = pending.answered_at = act.when
    pending.confirming_message_id, pending.confirming_message_sid = act.message_id, act.message_sid
    session.flush()
    end_suppression(session, pending.number, act)
    events.write(
        session,
        EventKind.CONFIRMED,
        pending.number,
        act,
        keyword_id=pending.keyword_id,
        opt_in_id=pending.id,
        disclosure_id=pending.disclosure_id,
    )


def _further(known: DoubleOptInQuestion | None, row: Row[*tuple[Any, ...]], when: datetime) -> DoubleOptInQuestion:
    """Return what is known of a question with one more message that asked it."""
    known = known or DoubleOptInQuestion(row.id, row.keyword_id, QuestionState.LOST)
    if row.status in ACCEPTED and row.sid is not None and row.sent_at is not None:
        if row.sent_at < when:
            return replace(known, state=QuestionState.OPEN, sent_at=row.sent_at)
    elif row.status not in ON_ITS_WAY:
        return known
    return known if known.state == QuestionState.OPEN else replace(known, state=QuestionState.ON_ITS_WAY)


def _rank(asked: DoubleOptInQuestion) -> tuple[datetime, int]:
    return asked.sent_at or _NEVER, asked.opt_in_id
