"""What came of the started messages: the provider's answers, and what a process that died left behind."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, Integer, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.events import Act
from optin.database.session import Base, UTCDateTime
from optin.database.statements import is_away
from optin.database.transactions import writing
from optin.enums import BlockCause, BroadcastState, Channel, MessageStatus, OptInSource, Purpose, Reason
from optin.models import Broadcast, CampaignMember, Message
from optin.models.index_conditions import is_leased
from optin.provider import responses, statuses
from optin.provider.gateway import Failure, GatewayError, SentMessage
from optin.sending import carrier_errors, conversations, pauses, wait_ends
from optin.sending.claim import ClaimedMessage

BLOCKED_BY_PROVIDER = 21610
TRIES = 60
LONGEST_WAIT = 300
SWEPT_AT_ONCE = 1000
NOT_STORED = "Twilio's answer could not be stored."
LEFT_OPEN = "The sending process ended before Twilio's answer was recorded."

log = logging.getLogger(__name__)

SendResult = tuple[ClaimedMessage, SentMessage | GatewayError]
"""A started message and what the provider said."""


_MESSAGE = Base.metadata.tables["message"]
_SENT = (
    update(_MESSAGE)
    .where(_MESSAGE.c.id == bindparam("message_id"), _MESSAGE.c.status == MessageStatus.SENDING)
    .values(
        sid=bindparam("new_sid"),
        status=bindparam("new"),
        segments_told=func.coalesce(bindparam("told", type_=Integer), _MESSAGE.c.segments_told),
        sent_at=func.coalesce(_MESSAGE.c.sent_at, bindparam("at", type_=UTCDateTime())),
        updated_at=bindparam("at", type_=UTCDateTime()),
        lease_until=None,
        error_code=None,
        error_text="",
    )
)


def record(engine: Engine, outcomes: Sequence[SendResult]) -> dict[int, MessageStatus]:
    """Store what the provider said of started messages; return the state that each has now, by message id.

    What writes to the ledger has a transaction of its own, under the number's lock. An answer that can't be stored
    leaves the outcome of its own message unknown; the others keep theirs. Raises what says that the database is away.
    A refusal counts for its own attempt only: one that comes again, since nobody saw whether its commit arrived, must
    not put back a message whose next request is under way, and so send it twice.
    """
    if outcomes and all_sent(outcomes) and _record_sent(engine, outcomes):
        return {claimed.message_id: answer.status for claimed, answer in outcomes if isinstance(answer, SentMessage)}
    alone = [each for each in outcomes if _writes_to_ledger(each[1])]
    plain = [each for each in outcomes if not _writes_to_ledger(each[1])]
    states: dict[int, MessageStatus] = {}
    for batch in [plain, *([each] for each in alone)]:
        if batch:
            states |= _record_or_each(engine, batch)
    return states


def learned_block(session: Session, scope: str, message: Message, now: datetime) -> None:
    """Record that Twilio refused a message with 21610: it blocks this scope for this number."""
    by = Channel(message.channel)
    act = Act(source=OptInSource.SMS, at=now, message_id=message.id, message_sid=message.sid, channel=by)
    ledger.block(session, scope, message.number, BlockCause.ERROR_21610, act)


def sweep(engine: Engine) -> int:
    """Put right what a killed process left: claimed rows wait again, started ones become unknown. Return how many."""
    with writing(engine) as session:
        now = clock.now()
        left: Sequence[Message] = session.scalars(
            select(Message)
            .where(is_leased(Message), Message.lease_until < now)
            .order_by(Message.lease_until)
            .limit(SWEPT_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for message in left:
            message.lease_until, message.updated_at = None, now
            if message.status == MessageStatus.CLAIMED:
                message.status = MessageStatus.QUEUED
            else:
                message.status, message.error_text = MessageStatus.UNKNOWN, LEFT_OPEN
        session.flush()
        unknown = [message for message in left if message.status == MessageStatus.UNKNOWN]
        conversations.touch(session, *(message.conversation_id for message in unknown))
    return len(left)


def _frees_cap(claimed: ClaimedMessage, answer: SentMessage | GatewayError) -> bool:
    """Tell whether a broadcast message, which counted towards the cap since its start, surely did not go."""
    if claimed.purpose != Purpose.CAMPAIGN or not isinstance(answer, GatewayError):
        return False
    return answer.failure is not Failure.UNKNOWN


def _writes_to_ledger(answer: SentMessage | GatewayError) -> bool:
    return _is_block(answer) or (isinstance(answer, GatewayError) and answer.code in carrier_errors.TELLING)


def _is_block(answer: SentMessage | GatewayError) -> bool:
    return isinstance(answer, GatewayError) and answer.code == BLOCKED_BY_PROVIDER


def _record_or_each(engine: Engine, outcomes: Sequence[SendResult]) -> dict[int, MessageStatus]:
    """Store the outcomes together, or each by itself where something in one of them breaks the whole."""
    try:
        return _record(engine, outcomes)
    except Exception as error:
        if is_away(error):
            raise
        ids = [claimed.message_id for claimed, _ in outcomes]
        log.warning("the answers to messages %s can't be stored as they are", ids, exc_info=True)
    if len(outcomes) > 1:
        return dict(state for each in outcomes for state in _record_or_each(engine, [each]).items())
    return _leave_open(engine, outcomes[0][0])


def _leave_open(engine: Engine, claimed: ClaimedMessage) -> dict[int, MessageStatus]:
    """Say that nobody knows what became of a message; what not even that can be stored of is left to the sweep."""
    try:
        return _record(engine, [(claimed, GatewayError(NOT_STORED, Failure.UNKNOWN))])
    except Exception as error:
        if is_away(error):
            raise
        log.exception("the outcome of message %s can't be stored", claimed.message_id)
        return {claimed.message_id: MessageStatus.SENDING}


def _record_sent(engine: Engine, outcomes: Sequence[SendResult]) -> bool:
    """Store what was sent in a transaction of its own; False, and nothing stored, if that needs more than the usual."""
    try:
        with writing(engine) as session:
            stored = store_sent(session, outcomes)
            if not stored:
                session.rollback()
    except Exception as error:
        if is_away(error):
            raise
        return False
    return stored


def all_sent(outcomes: Sequence[SendResult]) -> bool:
    return all(isinstance(answer, SentMessage) for _, answer in outcomes)


def store_sent(session: Session, outcomes: Sequence[SendResult]) -> bool:
    """Store in one statement what was sent, the usual case; False if a row was not as started: undo it then."""
    now = clock.now()
    sent = [
        {
            "message_id": claimed.message_id,
            "new_sid": answer.sid,
            "new": answer.status,
            "told": answer.segments or None,
            "at": now,
        }
        for claimed, answer in sorted(outcomes, key=lambda outcome: outcome[0].message_id)
        if isinstance(answer, SentMessage)
    ]
    if len(sent) < len(outcomes) or session.connection().execute(_SENT, sent).rowcount != len(sent):
        return False
    if tried := [claimed.sender_id for claimed, _ in outcomes if claimed.is_try]:
        pauses.came_through(session, tried, now)
    conversations.touch(session, *(claimed.conversation_id for claimed, _ in outcomes))
    return True


def _record(engine: Engine, outcomes: Sequence[SendResult]) -> dict[int, MessageStatus]:
    """Store the outcomes in one transaction; rows and conversations are locked in the order of their ids."""
    with writing(engine) as session:
        now = clock.now()
        ids = [claimed.message_id for claimed, _ in outcomes]
        rows = select(Message).where(Message.id.in_(ids)).order_by(Message.id).with_for_update()
        messages: dict[int, Message] = {message.id: message for message in session.scalars(rows)}
        for claimed, answer in outcomes:
            message = messages[claimed.message_id]
            if isinstance(answer, SentMessage):
                _accepted(message, answer, now)
            elif message.status == MessageStatus.SENDING and message.attempts == claimed.attempt:
                _refused(message, answer, now, put_back=pauses.refused(session, message, answer, now))
                if _is_block(answer):
                    message.reason = Reason.BLOCKED
                    learned_block(session, claimed.scope, message, now)
                carrier_errors.learn(session, message, now)
        session.flush()
        wait_ends.cap_eased(session, {claimed.number for claimed, answer in outcomes if _frees_cap(claimed, answer)})
        if tried := [
            claimed.sender_id for claimed, answer in outcomes if claimed.is_try and isinstance(answer, SentMessage)
        ]:
            pauses.came_through(session, tried, now)
        for claimed, answer in outcomes:
            if claimed.is_try and isinstance(answer, GatewayError):
                pauses.answered(session, claimed.sender_id, answer, now)
        for message_id in _taken_back(session, messages):
            messages[message_id].status = MessageStatus.CANCELLED
        conversations.touch(session, *(message.conversation_id for message in messages.values()))
        return {message.id: MessageStatus(message.status) for message in messages.values()}


def _taken_back(session: Session, ids: Collection[int]) -> Sequence[int]:
    """List what waits for another try though its broadcast was cancelled, or its member removed, during the request."""
    removed = exists().where(
        CampaignMember.campaign_id == Broadcast.campaign_id,
        CampaignMember.person_id == Message.person_id,
        CampaignMember.removed_at.is_not(None),
    )
    waits = select(Message.id).join(Broadcast, Broadcast.id == Message.broadcast_id)
    waits = waits.where(Message.id.in_(ids), Message.status == MessageStatus.QUEUED)
    return session.scalars(waits.where(or_(Broadcast.state == BroadcastState.CANCELLED, removed))).all()


def _accepted(message: Message, sent: SentMessage, now: datetime) -> None:
    """Keep the SID; a callback that came before us may have said more already, then its word stays."""
    message.sid, message.lease_until, message.updated_at = sent.sid, None, now
    message.sent_at = message.sent_at or now
    message.segments_told = sent.segments or message.segments_told
    if statuses.advances(MessageStatus(message.status), sent.status):
        message.status = sent.status
        message.error_code, message.error_text = None, ""


def _refused(message: Message, error: GatewayError, now: datetime, *, put_back: bool) -> None:
    """Keep what the provider refused or left open; only what was surely not processed waits for another try.

    `put_back`: a pause has begun because of it (sending/pauses.py), and says when the next try is.
    """
    message.error_code, message.error_text = responses.code(error.code), responses.words(error.text)
    message.lease_until, message.updated_at = None, now
    if error.failure is Failure.UNKNOWN:
        message.status = MessageStatus.UNKNOWN
    elif put_back or (error.failure is Failure.NOT_SENT and message.attempts < TRIES):
        wait = pauses.PUT_BACK if put_back else timedelta(seconds=min(2**message.attempts, LONGEST_WAIT))
        message.status = MessageStatus.QUEUED
        message.started_at = None  # it never went, and caps must not count it
        message.not_before = now + wait
    else:
        message.status = MessageStatus.FAILED
