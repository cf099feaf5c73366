"""The start of a message: one statement that asks for consent and sets `sending`, and its commit.

On PostgreSQL the number's lock is taken first, the one that every act about its consent takes (consent/ledger), but
without waiting: what somebody acts on just now is handed back to be tried again. So an opt-out commits before the
start, which then sees it, or after it. SQLite has one writer anyway. Rows are locked without waiting too, so that a
start never takes part in a deadlock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Engine,
    Integer,
    String,
    Text,
    Update,
    and_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from optin import channels, clock
from optin.consent import caps, conditions, facts, hours, often, promises, rules, state_hours
from optin.consent.facts import About
from optin.consent.rules import Case, Decision
from optin.database.session import UTCDateTime
from optin.database.statements import run, table
from optin.database.steering import written_out
from optin.database.transactions import writing
from optin.enums import BroadcastState, MessageStatus, OptInStatus, Purpose, Reason
from optin.models import Broadcast, Message, OptIn
from optin.policy import cache
from optin.policy.policy import Policy
from optin.sending import conversations, gate, limits, pace, pauses
from optin.sending.claim import ClaimedMessage
from optin.sending.pauses import Pauses

UNDER_WAY = timedelta(seconds=60)
"""How long a start may stay without an outcome; more than any request may take (provider/twilio.py)."""

BY_CONSENT = (Purpose.CAMPAIGN, Purpose.ONE_TO_ONE)
"""The purposes that an opt-in allows; a reply keeps the opt-in that it confirms or asks about."""

OWN = (Purpose.TEST, Purpose.CODE)
"""The purposes that go to the number of the user who sends, and nowhere else."""

_MESSAGE = table(Message)
_OF = _MESSAGE.c
_NOW, _KEYWORD = bindparam("now", type_=UTCDateTime()), bindparam("keyword", type_=Integer)
_TEXT: Mapping[str, ColumnElement[object]] = {
    "body": bindparam("text", type_=Text),
    "segments": bindparam("count", type_=Integer),
    "conversation_id": bindparam("conversation", type_=Integer),
    "zones": bindparam("where", type_=Text),
    "us_state": bindparam("address", type_=String),
}


def start(
    engine: Engine, claimed_messages: Sequence[ClaimedMessage]
) -> tuple[list[ClaimedMessage], list[ClaimedMessage]]:
    """Commit the start of those claimed messages that may go; put the others where they belong, with the reason.

    Returns the started, whose requests must be made now, and those on which somebody acts right now: try them again.
    """
    with writing(engine) as session:
        return start_in(session, claimed_messages)


def start_in(
    session: Session, claimed_messages: Sequence[ClaimedMessage]
) -> tuple[list[ClaimedMessage], list[ClaimedMessage]]:
    """Do the same in a transaction of the caller's, which is committed; what comes after that, the caller commits."""
    now, given = clock.now(), cache.policy(session)
    found = _lock(session, claimed_messages)
    counted = {claimed.message_id for claimed in claimed_messages if claimed.purpose == Purpose.CAMPAIGN}
    room = limits.take_room(session, given, now, len(counted))
    if room is None:  # another process counts just now
        found = {message_id: status for message_id, status in found.items() if message_id not in counted}
    ready = [claimed for claimed in claimed_messages if found.get(claimed.message_id) == MessageStatus.CLAIMED]
    stopped = pauses.open_pauses(session, now)
    ready = [claimed for claimed in ready if not _put_off(session, claimed, stopped, given, now)]
    started: dict[int, int] = {}
    in_time = [claimed for claimed in ready if not _is_late(claimed, given, now)]
    for claimed in [claimed for claimed in in_time if claimed.message_id in counted][room or 0 :]:
        _set(session, claimed, now, MessageStatus.QUEUED)
        in_time.remove(claimed)
        ready.remove(claimed)
    for _, group in groupby(sorted(in_time, key=_kind), key=_kind):
        started |= _start_alike(session, list(group), given, now)
    limits.count(session, given, len(counted & started.keys()), now)
    for claimed in ready:
        if claimed.message_id not in started:
            _settle_unstarted(session, claimed, given, now)
    settled = [
        claimed for claimed in claimed_messages if claimed.message_id in found and claimed.message_id not in started
    ]
    pace.give_back(session, (claimed.takes for claimed in settled))
    if tries := [claimed.message_id for claimed in settled if claimed.is_try]:
        pauses.give_back(session, tries, now)
    session.commit()
    # Open pages fetch what became of 1:1 messages that did not start; no lock is held any more.
    conversations.touch(session, *(claimed.conversation_id for claimed in settled if not claimed.broadcast_id))
    return (
        [replace(claimed, attempt=started[claimed.message_id]) for claimed in ready if claimed.message_id in started],
        [claimed for claimed in claimed_messages if claimed.message_id not in found],
    )


def _lock(session: Session, claimed_messages: Sequence[ClaimedMessage]) -> dict[int, str]:
    """Lock the numbers and rows that nobody else holds and return their states."""
    free: ColumnElement[bool] = true()
    if session.get_bind().dialect.name == "postgresql":
        free = func.pg_try_advisory_xact_lock(func.hashtextextended(Message.number, literal_column("0")))
    rows = session.execute(
        select(Message.id, Message.status)
        .where(Message.id.in_([claimed.message_id for claimed in claimed_messages]), free)
        .with_for_update(skip_locked=True)
    )
    return dict(rows.all())


def _put_off(session: Session, claimed: ClaimedMessage, stopped: Pauses, given: Policy, now: datetime) -> bool:
    """Put back what a pause stops or sending hours forbid, and end what answers too late; tell whether it was one.

    What goes outside sending hours waits for them only if they begin before the broadcast's last time.
    """
    if claimed.answers_until is not None and now >= claimed.answers_until:
        _set(session, claimed, now, MessageStatus.SKIPPED, reason=Reason.REPLY_TOO_LATE)
        return True
    if _is_late(claimed, given, now):
        return False
    if stopped.of(claimed.sender_id) is not None and not claimed.is_try:
        _set(session, claimed, now, MessageStatus.QUEUED)
        return True
    opens = _opens(claimed, given, now)
    if opens == now:
        return False
    _set(session, claimed, now, MessageStatus.QUEUED, reason=Reason.OUTSIDE_HOURS, not_before=opens)
    return True


def _opens(claimed: ClaimedMessage, given: Policy, now: datetime) -> datetime:
    """Return when sending hours let the message go, `now` for at once."""
    window = None
    if claimed.purpose == Purpose.CAMPAIGN:
        window = state_hours.bound(given, claimed.number, claimed.us_state).hours
    if window is None:
        return now
    zones = claimed.zones.split(hours.GROUP_SEPARATOR)
    return hours.next_open(zones, now, window) or now + timedelta(days=1)


def _is_late(claimed: ClaimedMessage, given: Policy, now: datetime) -> bool:
    """Tell whether the broadcast's last time comes before the message may go; the start statement asks for it anew."""
    return claimed.not_after is not None and _opens(claimed, given, now) >= claimed.not_after


def _kind(claimed: ClaimedMessage) -> tuple[str, bool, bool, str]:
    """Return what decides which statement starts it."""
    return claimed.purpose, bool(claimed.broadcast_id), claimed.keyword_id is not None, claimed.reply_kind or ""


def _start_alike(
    session: Session, claimed_messages: list[ClaimedMessage], given: Policy, now: datetime
) -> dict[int, int]:
    """Start claimed messages, all of one kind, as far as the rule allows; return the attempt of each started, by id."""
    statement = _starting(_case(claimed_messages[0], given), given, of_broadcast=bool(claimed_messages[0].broadcast_id))
    alike = {"now": now, "under_way": now + UNDER_WAY, **caps.moments(now), **promises.moments(now)}
    alike |= often.moments(now) | gate.seen()
    each = [
        alike | _values(claimed) | caps.day_cap(claimed.number, given, claimed.us_state) for claimed in claimed_messages
    ]
    rows = run(session, statement, each)
    return {row[0]: row[1] for row in rows}


def _values(claimed: ClaimedMessage) -> dict[str, object]:
    """What the start statement is told of one message."""
    return {
        "message": claimed.message_id,
        "broadcast": claimed.broadcast_id,
        "keyword": claimed.keyword_id,
        "scope": claimed.scope,
        "text": claimed.body,
        "count": channels.rules_of(claimed.channel).measure(claimed.body).segments,
        "conversation": claimed.conversation_id,
        "where": claimed.zones,
        "address": claimed.us_state,
        "lacks": claimed.empty_field,
        "leaves_out": claimed.leaves_out_often,
    }


@lru_cache(maxsize=64)
def _starting(case: Case, given: Policy, *, of_broadcast: bool) -> Update:
    """The start statement of one message: built once, since building it took longer than running it for all.

    A message of a broadcast gets its text with it, as it is sent; the others carry theirs since they were written.
    """
    opt_in = select(func.max(OptIn.id)).where(
        OptIn.number == _OF.number, OptIn.status == written_out(OptInStatus.ACTIVE), OptIn.channel == _OF.channel
    )
    if case.has_keyword:
        opt_in = opt_in.where(OptIn.keyword_id == _KEYWORD)
    return (
        update(_MESSAGE)
        .where(
            _OF.id == bindparam("message"),
            _OF.status == MessageStatus.CLAIMED,
            true() if case.reply_kind == gate.GOES_ANYWAY else gate.IS_OPEN,
            _may_start(case, given),
        )
        .values(
            status=MessageStatus.SENDING,
            started_at=_NOW,
            decided_at=_NOW,
            updated_at=_NOW,
            lease_until=bindparam("under_way", type_=UTCDateTime()),
            attempts=_OF.attempts + 1,
            reason=None,
            **({"opt_in_id": opt_in.scalar_subquery()} if case.purpose in BY_CONSENT else {}),
            **(_TEXT if of_broadcast else {}),
        )
        .returning(_OF.id, _OF.attempts)
    )


def _may_start(case: Case, given: Policy) -> ColumnElement[bool]:
    """The condition of the start statement: the rule of the message's case, and that its broadcast is being sent."""
    broadcast = exists().where(Broadcast.id == bindparam("broadcast", type_=Integer))
    known: dict[str, ColumnElement[bool]] = {
        "too_late": broadcast.where(Broadcast.not_after <= _NOW),
        "empty_field": bindparam("lacks", type_=Boolean),
        "often_texted": and_(bindparam("leaves_out", type_=Boolean), often.got_many(_OF.number, None)),
    }
    if case.purpose in OWN:
        known["own"] = facts.own_number(case.purpose, _OF.author_id, _OF.number, _NOW)
    about = About(
        number=_OF.number,
        channel=_OF.channel,
        scope=bindparam("scope", type_=String),
        keyword_id=_KEYWORD if case.has_keyword else None,
        caps=(given, None),
        given=known,
    )
    may_start = conditions.may_start(about, case)
    if case.purpose != Purpose.CAMPAIGN:
        return may_start
    return and_(broadcast.where(Broadcast.state == BroadcastState.SENDING), may_start)


def _case(claimed: ClaimedMessage, given: Policy) -> Case:
    return conditions.case_of(claimed.purpose, given, keyword_id=claimed.keyword_id, reply_kind=claimed.reply_kind)


def _settle_unstarted(session: Session, claimed: ClaimedMessage, given: Policy, now: datetime) -> None:
    """Say why a message did not start, and let it wait, be skipped or be cancelled accordingly."""
    if claimed.broadcast_id:
        state = session.scalars(select(Broadcast.state).where(Broadcast.id == claimed.broadcast_id)).one()
        if state == BroadcastState.CANCELLED:
            return _set(session, claimed, now, MessageStatus.CANCELLED)
        if state != BroadcastState.SENDING:
            return _set(session, claimed, now, MessageStatus.QUEUED)
    if claimed.reply_kind != gate.GOES_ANYWAY and not session.scalar(select(gate.is_open())):
        return _set(session, claimed, now, MessageStatus.QUEUED)
    decision = _decide(session, claimed, given, now)
    if decision.allowed:  # it was not a moment ago
        return _set(session, claimed, now, MessageStatus.QUEUED, not_before=now + timedelta(seconds=1))
    if decision.waits:
        free = caps.free_at(session, claimed.number, given, now, claimed.us_state)
        if claimed.not_after and free >= claimed.not_after:
            return _set(session, claimed, now, MessageStatus.SKIPPED, reason=Reason.TOO_LATE)
        return _set(session, claimed, now, MessageStatus.QUEUED, reason=decision.reason, not_before=free)
    ends_as = rules.ends_as(decision.reason) if decision.reason else MessageStatus.SKIPPED
    return _set(session, claimed, now, ends_as, reason=decision.reason)


def _decide(session: Session, claimed: ClaimedMessage, given: Policy, now: datetime) -> Decision:
    """Ask the pure rule, for the reason."""
    is_campaign = claimed.purpose == Purpose.CAMPAIGN
    known = facts.of_number(
        session,
        claimed.number,
        scope=claimed.scope,
        channel=claimed.channel,
        keyword_id=claimed.keyword_id,
        policy=given if is_campaign else None,
        now=now,
        too_late=is_campaign and _is_late(claimed, given, now),
        us_state=claimed.us_state,
    )
    many = claimed.leaves_out_often and session.scalar(select(often.got_many(literal(claimed.number), now)))
    known = replace(known, empty_field=claimed.empty_field, often_texted=bool(many))
    if claimed.purpose in OWN:
        author = select(Message.author_id).where(Message.id == claimed.message_id).scalar_subquery()
        own = facts.own_number(claimed.purpose, author, literal(claimed.number), now)
        known = replace(known, own=bool(session.scalar(select(own))))
    return rules.decide(_case(claimed, given), known)


def _set(
    session: Session,
    claimed: ClaimedMessage,
    now: datetime,
    status: MessageStatus,
    *,
    reason: Reason | None = None,
    not_before: datetime | None = None,
) -> None:
    """Move a row that is still ours from claimed to `status`; a reason takes the place of an error met before."""
    values: dict[str, object] = {"status": status, "reason": reason, "decided_at": now, "updated_at": now}
    if claimed.broadcast_id:
        values |= {"zones": claimed.zones, "us_state": claimed.us_state}
    if reason is not None:
        values |= {"error_code": None, "error_text": ""}
    if status is not MessageStatus.QUEUED or not_before is not None:
        values["not_before"] = not_before
    session.execute(
        update(Message)
        .where(Message.id == claimed.message_id, Message.status == MessageStatus.CLAIMED)
        .values(**values, lease_until=None)
        .execution_options(synchronize_session=False)
    )
