"""Pauses: an error of the account or of a sender stops all that would meet it too, and the pause ends by itself.

Twilio took none of what it refused so, and that waits again. Meanwhile one message at a time, longer and longer apart
and of all processes one, finds out whether it works again. What is told by a status report only, after the message was
taken, is proven by what becomes of the message that was tried.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, false, or_, select, true, update
from sqlalchemy.orm import Session, joinedload

from optin.database.statements import insert
from optin.enums import ErrorScope, MessageStatus
from optin.models import Message, SendingPause
from optin.provider import statuses
from optin.provider.gateway import Failure, GatewayError
from optin.provider.statuses import ErrorMeaning

FIRST_TRY, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=1)
FIRST_TRY_REPORTED, LONGEST_WAIT_REPORTED = timedelta(minutes=1), timedelta(minutes=15)
"""A report comes seconds after the message was taken: a minute without one is a good sign."""
NEWS_FOR = timedelta(minutes=15)
"""What is reported of an older message says nothing of now."""
PUT_BACK = timedelta(seconds=1)
"""What was refused waits for so long, and so behind those that were never tried."""
TURN = timedelta(seconds=3)
"""What was tried last leaves the next try to others for so long: it may be refused for its own sake."""
IDLE = timedelta(minutes=5)
"""A pause ends when nothing was there to be tried for so long."""
ACCOUNT = "account"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pauses:
    """The pauses that are open at a moment."""

    rows: Sequence[SendingPause]
    now: datetime

    def of(self, sender_id: int | None) -> SendingPause | None:
        """Return what stops the sender: the account's pause or its own."""
        return next((row for row in self.rows if row.sender_id in (None, sender_id)), None)

    @property
    def due(self) -> list[SendingPause]:
        """List those of which a message may find out whether it works again."""
        return [row for row in self.rows if row.next_try_at <= self.now]

    def lets_through(self, *, tries: bool) -> ColumnElement[bool]:
        """The condition that a message meets no pause, or with `tries` only such as may be tried now."""
        stopping = [row for row in self.rows if not (tries and row.next_try_at <= self.now)]
        if any(row.sender_id is None for row in stopping):
            return false()
        senders = [row.sender_id for row in stopping]
        return or_(Message.sender_id.is_(None), Message.sender_id.not_in(senders)) if senders else true()


def open_pauses(session: Session, now: datetime) -> Pauses:
    """Return the open pauses, the account's first."""
    rows = session.scalars(
        select(SendingPause)
        .where(SendingPause.is_open)
        .order_by(SendingPause.scope)
        .execution_options(populate_existing=True)
    )
    return Pauses(rows.all(), now)


def refused(session: Session, message: Message, error: GatewayError, now: datetime) -> bool:
    """Begin a pause if the refusal of a request asks for one; tell whether the message waits again because of it.

    What meets the same error of its sender again after others of the sender came through is refused for itself: a
    sender may reach one country and not another. An error of the account is never that of one message.
    """
    scope = statuses.stops(error.code, error.http_status)
    if error.failure is Failure.UNKNOWN or scope is ErrorScope.MESSAGE:
        return False
    if scope is ErrorScope.SENDER and _alone(session, message, error.code):
        return False
    _begin(session, scope, message, error.code, error.http_status, now, reported=False)
    return True


def reported(session: Session, message: Message, code: int, now: datetime) -> None:
    """Begin a pause if what a status report says of a message asks for one; what was lifted since is old news.

    An error of the phone or its carrier, though, says of a try that it came through.
    """
    scope = statuses.stops(code, reported=True)
    if code in statuses.PAST_TWILIO:
        _end(session, None, now, SendingPause.reported.is_(True), SendingPause.try_id == message.id)
    began = message.started_at
    if scope is ErrorScope.MESSAGE or began is None or began < now - NEWS_FOR:
        return
    last = session.get(SendingPause, _name(scope, message.sender_id))
    if last is None or last.ended_at is None or last.ended_at <= began:  # an open one stays as it is
        _begin(session, scope, message, code, 0, now, reported=True)


def take_try(session: Session, pause: SendingPause, message_id: int, now: datetime) -> bool:
    """Let this message find out whether it works again; False when another process was quicker."""
    first, longest = (FIRST_TRY_REPORTED, LONGEST_WAIT_REPORTED) if pause.reported else (FIRST_TRY, LONGEST_WAIT)
    wait = min(first * 2 ** min(pause.tries + 1, 20), longest)
    taken = session.execute(
        update(SendingPause)
        .where(
            SendingPause.scope == pause.scope,
            SendingPause.is_open,
            SendingPause.next_try_at == pause.next_try_at,
        )
        .values(tries=pause.tries + 1, next_try_at=now + wait, try_id=message_id)
        .returning(SendingPause.scope)
        .execution_options(synchronize_session=False)
    ).first()
    return taken is not None


def give_back(session: Session, message_ids: Collection[int], now: datetime) -> None:
    """Let another message be tried at once in place of these, which were not even started."""
    session.execute(
        update(SendingPause)
        .where(SendingPause.try_id.in_(message_ids), SendingPause.is_open)
        .values(tries=SendingPause.tries - 1, next_try_at=now, try_id=None)
        .execution_options(synchronize_session=False)
    )


def end_idle(session: Session, now: datetime) -> None:
    """End the pauses for which nothing waits that could be tried: the next message meets the error anew, if it lasts.

    What only a report tells stays, since Twilio would take many messages before the next report.
    """
    idle = [row.scope for row in end_proven(session, open_pauses(session, now)).rows if row.next_try_at <= now - IDLE]
    _end(session, idle, now, SendingPause.reported.is_(False), SendingPause.next_try_at <= now - IDLE, proof=False)


def end_proven(session: Session, found: Pauses) -> Pauses:
    """End the reported pauses whose try has come through, now that the next one is due; return what is left."""
    tried = {row.try_id: row for row in found.due if row.reported and row.try_id}
    if not tried:
        return found
    good = select(Message.id).where(
        Message.id.in_(tried), Message.status.in_((MessageStatus.SENT, MessageStatus.DELIVERED))
    )
    lifted = {tried[message_id].scope for message_id in session.scalars(good)}
    _end(session, lifted, found.now)
    return Pauses([row for row in found.rows if row.scope not in lifted], found.now)


def came_through(session: Session, sender_ids: Collection[int | None], now: datetime) -> None:
    """End the pauses that messages tried which Twilio has taken: the account's, and those of their senders."""
    scopes = {ACCOUNT, *(_name(ErrorScope.SENDER, sender_id) for sender_id in sender_ids)}
    _end(session, scopes, now, SendingPause.reported.is_(False))


def answered(session: Session, sender_id: int | None, error: GatewayError, now: datetime) -> None:
    """End the pauses that the refusal of a tried message disproves: Twilio let us in, and looked at the message.

    It may have looked at the number before the sender: what met the sender's error is not refused for itself by this.
    """
    if error.failure is not Failure.REFUSED or error.code is None or error.http_status == statuses.UNAUTHORIZED:
        return
    scope = statuses.stops(error.code, error.http_status)
    if scope is not ErrorScope.ACCOUNT:
        _end(session, [ACCOUNT], now, SendingPause.reported.is_(False))
    if scope is ErrorScope.MESSAGE:
        _end(session, [_name(ErrorScope.SENDER, sender_id)], now, SendingPause.reported.is_(False), proof=False)


def words(pause: SendingPause) -> ErrorMeaning:
    """Return what the error of a pause means and what there is to do."""
    if pause.error_code is None:
        return statuses.without_code(pause.http_status)
    return statuses.meaning(pause.error_code)


def sentence(pause: SendingPause) -> str:
    """Say to users what is stopped, why, what there is to do, and that it goes on by itself."""
    error = words(pause)
    source = f" from {pause.sender.address}" if pause.sender else ""
    code = f" (error {pause.error_code})" if pause.error_code else ""
    return (
        f"Nothing is being sent{source} for now. {error.text[:-1]}{code}. {error.remedy} "
        "Waiting messages are sent as soon as this is fixed."
    )


def are_open() -> ColumnElement[bool]:
    """Something is paused: a column of the statement that reads what every page shows."""
    return exists().where(SendingPause.is_open)


def sentences(session: Session) -> list[str]:
    """Return a sentence for each pause that is open."""
    rows = session.scalars(
        select(SendingPause)
        .where(SendingPause.is_open)
        .order_by(SendingPause.scope)
        .options(joinedload(SendingPause.sender))
    )
    return [sentence(row) for row in rows]


def warning(session: Session) -> str:
    """Return what every page says while something is paused, "" while nothing is."""
    return " ".join(sentences(session))


def stopping(session: Session, sender_id: int | None, now: datetime) -> SendingPause | None:
    """Return the pause that stops a sender's messages, None while they go."""
    return open_pauses(session, now).of(sender_id)


def _name(scope: ErrorScope, sender_id: int | None) -> str:
    return ACCOUNT if scope is ErrorScope.ACCOUNT else f"sender {sender_id}"


def _alone(session: Session, message: Message, code: int | None) -> bool:
    """Tell whether the message met this error of its sender before, and others came through after that.

    What waited for something else since then, as for the sending hours, has lost its error.
    """
    last = session.get(SendingPause, _name(ErrorScope.SENDER, message.sender_id), populate_existing=True)
    if last is None or last.ended_at is None or message.not_before is None:
        return False
    return message.error_code == code and last.ended_at >= message.not_before - PUT_BACK


def _begin(
    session: Session,
    scope: ErrorScope,
    message: Message,
    code: int | None,
    http_status: int,
    now: datetime,
    *,
    reported: bool,
) -> None:
    """Open the pause; one that is open stays as it is, with its tries."""
    name = _name(scope, message.sender_id)
    new = {
        "sender_id": None if scope is ErrorScope.ACCOUNT else message.sender_id,
        "error_code": code,
        "http_status": http_status,
        "reported": reported,
        "began_at": now,
        "next_try_at": now + (FIRST_TRY_REPORTED if reported else FIRST_TRY),
        "tries": 0,
        "try_id": None,
        "is_open": True,
    }
    begun = session.execute(
        insert(SendingPause)
        .values(scope=name, **new)
        .on_conflict_do_update(index_elements=["scope"], set_=new, where=~SendingPause.is_open)
        .returning(SendingPause.scope)
        .execution_options(synchronize_session=False)
    ).first()
    if begun is not None:
        log.error("sending is paused (%s): error %s, HTTP %s", name, code, http_status)


def _end(
    session: Session, scopes: Iterable[str] | None, now: datetime, *where: ColumnElement[bool], proof: bool = True
) -> None:
    """End those of the pauses (None: of all) that are open; without `proof` nobody knows when it worked again."""
    named = true() if scopes is None else SendingPause.scope.in_(sorted(scopes))
    ended = session.scalars(
        update(SendingPause)
        .where(named, SendingPause.is_open, *where)
        .values(is_open=False, ended_at=now if proof else None)
        .returning(SendingPause.scope)
        .execution_options(synchronize_session=False)
    ).all()
    for name in ended:
        log.warning("sending goes on (%s)", name)
