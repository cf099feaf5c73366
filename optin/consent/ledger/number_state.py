"""What stood of a number before an act: read in one statement, under the number's lock, so that it holds to the end.

Whatever is not there needs no statement that would end or cancel it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, and_, bindparam, case, exists, false, func, or_, select
from sqlalchemy.orm import Session

from optin.consent.events import Act
from optin.consent.ledger.number_lock import WAITING
from optin.database.session import UTCDateTime
from optin.database.statements import run, table
from optin.database.steering import without_index, written_out
from optin.enums import EndReason, OptInSource
from optin.models import Hold, Message, OptIn, Person, Suppression
from optin.models.index_conditions import has_not_ended, is_live


@dataclass(frozen=True, slots=True)
class NumberState:
    """Where a number stood with a keyword before an act: the last opt-outs, of everything and of this keyword; what is
    open; what is live by the act's channel; why the newest opt-in with the keyword ended, of those that are this
    channel's or that the person ended; whether there is a person with the number."""

    number: str
    left_at: datetime | None
    ended_at: datetime | None
    suppressed: bool
    held: bool
    live: bool
    last_end: str | None
    has_person: bool

    def left_since(self, act: Act) -> bool:
        """Tell whether the number left, everything or this keyword, at or after the act: then it activates nothing."""
        return any(moment is not None and moment >= act.when for moment in (self.left_at, self.ended_at))

    @property
    def ended_by_person(self) -> bool:
        """Tell whether the person's own last word on this keyword, or on everything, was to leave."""
        return self.suppressed or self.last_end in BY_PERSON


BY_PERSON = (EndReason.OPTED_OUT, EndReason.DECLINED)
"""What ends an opt-in by the person's own word."""

_OPT_IN, _SUPPRESSION, _HOLD, _PERSON = map(table, (OptIn, Suppression, Hold, Person))
_MESSAGE = table(Message)
_OF, _WITH = bindparam("of", type_=String()), bindparam("with_keyword", type_=Integer())
# So that both databases look at the few rows of the number and not at the many of the keyword.
_MINE = and_(_OPT_IN.c.number == _OF, without_index(_OPT_IN.c.keyword_id) == _WITH)
_BY_PERSON = _OPT_IN.c.end_reason.in_([written_out(each) for each in BY_PERSON])
_ON = _OPT_IN.c.channel == bindparam("on", type_=String())
_LAST_END = (
    select(_OPT_IN.c.end_reason)
    .where(_MINE, or_(_ON, _BY_PERSON))  # who left by whichever channel left by this one too
    .order_by(without_index(_OPT_IN.c.id).desc())
    .limit(1)
)
_BEFORE_JOINING = select(
    select(func.max(_SUPPRESSION.c.asked_at))
    .where(_SUPPRESSION.c.number == _OF, _SUPPRESSION.c.withdrawn_at.is_(None))
    .scalar_subquery(),
    select(func.max(_OPT_IN.c.ended_at)).where(_MINE, _BY_PERSON).scalar_subquery(),
    exists().where(_SUPPRESSION.c.number == _OF, has_not_ended(_SUPPRESSION.c)),
    exists().where(_HOLD.c.number == _OF, has_not_ended(_HOLD.c)),
    exists().where(_MINE, _ON, is_live(_OPT_IN.c)),
    _LAST_END.scalar_subquery(),
    exists().where(_PERSON.c.mobile == _OF),
)


def joined_after(of: Any, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
    """An opt-in is newer than a moment. One by an import is so only where the person has texted the keyword since.

    What a file says of them can't stand against their own word.
    """
    imported = of.source == written_out(OptInSource.IMPORT)
    said = case((imported, of.answered_at), else_=of.requested_at)
    return func.coalesce(said > moment, false())


_SINCE = bindparam("since", type_=UTCDateTime())
_BEFORE_LEAVING = select(
    or_(
        exists().where(_OPT_IN.c.number == _OF, is_live(_OPT_IN.c), joined_after(_OPT_IN.c, _SINCE)),
        exists().where(
            _SUPPRESSION.c.number == _OF, _SUPPRESSION.c.ended_at > _SINCE, _SUPPRESSION.c.withdrawn_at.is_(None)
        ),
    ),
    exists().where(_HOLD.c.number == _OF, has_not_ended(_HOLD.c)),
    exists().where(_MESSAGE.c.number == _OF, _MESSAGE.c.status.in_([written_out(each) for each in WAITING])),
)


@dataclass(frozen=True, slots=True)
class WaitingState:
    """What an opt-out meets: whether the person joined or texted START after its moment, whether the number is held,
    and whether a message to it waits."""

    joined_after: bool
    held: bool
    awaited: bool


def state_before(session: Session, number: str, keyword_id: int, act: Act) -> NumberState:
    """Look at what the number did before an act to join with a keyword."""
    values = {"of": number, "with_keyword": keyword_id, "on": act.channel}
    return NumberState(number, *run(session, _BEFORE_JOINING, values).one())


def before_leaving(session: Session, number: str, act: Act) -> WaitingState:
    """Look at what an opt-out of the number will meet."""
    return WaitingState(*run(session, _BEFORE_LEAVING, {"of": number, "since": act.when}).one())
