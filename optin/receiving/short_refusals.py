"""Does a short text answer a broadcast? "No" does, unless somebody of ours has written to the person since."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from optin.consent import facts
from optin.consent.facts import About
from optin.database.session import UTCDateTime
from optin.database.statements import run, table
from optin.database.steering import written_out
from optin.enums import MessageStatus, Purpose, ReplyKind
from optin.models import Message

ANSWERS_WITHIN = timedelta(hours=72)
"""For so long a word without a context answers the broadcast; after that nobody can say what it means."""

_MESSAGE = table(Message)
_NUMBER = bindparam("of", type_=String())
_REACHED = (MessageStatus.SENT, MessageStatus.DELIVERED)
_MAY_HAVE_REACHED = (*_REACHED, MessageStatus.SENDING, MessageStatus.UNDELIVERED, MessageStatus.UNKNOWN)
_WENT_AT = func.coalesce(_MESSAGE.c.sent_at, _MESSAGE.c.started_at, type_=UTCDateTime())


def _is(purpose: Purpose, *statuses: MessageStatus) -> ColumnElement[bool]:
    went = _MESSAGE.c.status.in_([written_out(status) for status in statuses])
    return and_(_MESSAGE.c.purpose == written_out(purpose), went)


# The last that they can have read of what asks for an answer; a reply to their own text is none.
_LAST = (
    select(_MESSAGE.c.purpose)
    .where(
        _MESSAGE.c.number == _NUMBER,
        or_(
            _is(Purpose.CAMPAIGN, *_MAY_HAVE_REACHED),
            _is(Purpose.ONE_TO_ONE, *_REACHED),
            and_(_is(Purpose.REPLY, *_REACHED), _MESSAGE.c.reply_kind == written_out(ReplyKind.QUESTION)),
        ),
        bindparam("since", type_=UTCDateTime()) < _WENT_AT,
        bindparam("until", type_=UTCDateTime()) >= _WENT_AT,
        facts.is_not_so(About(number=_NUMBER), "suppressed"),
    )
    .order_by(_WENT_AT.desc(), _MESSAGE.c.id.desc())
    .limit(1)
)


def answers_broadcast(session: Session, number: str, when: datetime) -> bool:
    """Tell whether a short text of the number at `when` answers a broadcast of the last 72 hours.

    Not if a user has written since, or a double opt-in question went: then it answers that. Who has opted out has
    answered already.
    """
    values = {"of": number, "since": when - ANSWERS_WITHIN, "until": when}
    return run(session, _LAST, values).scalar() == Purpose.CAMPAIGN
