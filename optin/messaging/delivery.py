"""From the outbox to the provider: claim, start with the consent checked in that very statement, send, record.

A message is started once: the commit that sets `sending` is the start, and nothing but a status callback or the
provider's own list settles a start whose outcome is not known. No transaction is open during the request. These
functions commit: the claim and the start must be known to everybody before the request is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, exists, or_, select, true, update
from sqlalchemy.orm import Session

from optin import clock, policy
from optin.consent import facts, hours, ledger, rules
from optin.consent.events import Act
from optin.consent.rules import Decision
from optin.messaging import conversations, segments, statuses, templates
from optin.messaging.gateway import Gateway, GatewayError, Sent
from optin.models import Broadcast, CampaignMember, Message, OptIn, Person, Sender
from optin.policy import Policy
from optin.terms import (
    BlockCause,
    BroadcastState,
    Direction,
    MessageStatus,
    OptInSource,
    OptInStatus,
    Purpose,
    Reason,
    ReplyKind,
)

LEASE = timedelta(minutes=2)
CHUNK = 100
BLOCKED_BY_PROVIDER = 21610
TRIES = 8
URGENT = (Purpose.ONE_TO_ONE, Purpose.REPLY, Purpose.VERIFICATION)


@dataclass(frozen=True)
class Post:
    """All that one attempt needs, as plain values, so that no session is open while it is made."""

    message_id: int
    purpose: Purpose
    number: str
    address: str
    scope: str
    body: str
    keyword_id: int | None = None
    broadcast_id: int | None = None
    reply_kind: ReplyKind | None = None
    zones: str = ""


def claim(engine: Engine, *, broadcast_id: int | None = None, limit: int = CHUNK) -> list[Post]:
    """Lease waiting messages to this job: those of a broadcast, or the urgent ones (replies and 1:1), oldest first."""
    with Session(engine) as session:
        now = clock.now()
        belongs = Message.broadcast_id == broadcast_id if broadcast_id else Message.purpose.in_(URGENT)
        waiting = (
            select(Message.id)
            .where(
                Message.status == MessageStatus.QUEUED,
                Message.direction == Direction.OUTBOUND,
                or_(Message.not_before.is_(None), Message.not_before <= now),
                belongs,
            )
            .order_by(Message.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = session.scalars(
            update(Message)
            .where(Message.id.in_(waiting), Message.status == MessageStatus.QUEUED)
            .values(status=MessageStatus.CLAIMED, lease_until=now + LEASE, updated_at=now)
            .returning(Message.id)
        ).all()
        posts = _posts(session, ids, now)
        session.commit()
    return posts


def deliver(engine: Engine, gateway: Gateway, post: Post, callback_url: str) -> MessageStatus:
    """Start one claimed message if it may still go, send it, record what came of it; return its state.

    `callback_url` is the public address of the status webhook; our id is added to it, so that a callback can settle a
    message whose SID we never saw.
    """
    refused = _start(engine, post)
    if refused is not None:
        return refused
    try:
        sent = gateway.send(
            to=post.number,
            sender=post.address,
            body=post.body,
            status_callback=f"{callback_url}?message={post.message_id}",
        )
    except GatewayError as error:
        return _record_error(engine, post, error)
    return _record_sent(engine, post, sent)


def sweep(engine: Engine) -> int:
    """Put right what a killed job left: claimed rows wait again, started ones become unknown. Return how many."""
    with Session(engine) as session:
        now = clock.now()
        expired = and_(Message.direction == Direction.OUTBOUND, Message.lease_until < now)
        back = session.scalars(
            update(Message)
            .where(expired, Message.status == MessageStatus.CLAIMED)
            .values(status=MessageStatus.QUEUED, lease_until=None, updated_at=now)
            .returning(Message.id)
        ).all()
        unknown = session.execute(
            update(Message)
            .where(expired, Message.status == MessageStatus.SENDING)
            .values(
                status=MessageStatus.UNKNOWN,
                lease_until=None,
                updated_at=now,
                error_text="The sending process ended before Twilio's answer was recorded.",
            )
            .returning(Message.id, Message.conversation_id)
        ).all()
        for row in unknown:
            conversations.touch(session, row.conversation_id)
        session.commit()
    return len(back) + len(unknown)


def has_work(session: Session, broadcast_id: int) -> bool:
    """Tell whether the broadcast has messages that have not come to an end on our side."""
    waiting = (MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.SENDING)
    left = select(Message.id).where(Message.broadcast_id == broadcast_id, Message.status.in_(waiting))
    return session.scalar(left.limit(1)) is not None


def finish(engine: Engine, broadcast_id: int) -> bool:
    """Call a broadcast sent when nothing of it waits; tell whether it is."""
    with Session(engine) as session:
        if has_work(session, broadcast_id):
            return False
        session.execute(
            update(Broadcast)
            .where(Broadcast.id == broadcast_id, Broadcast.state == BroadcastState.SENDING)
            .values(state=BroadcastState.SENT, finished_at=clock.now())
        )
        session.commit()
    return True


def waiting_broadcasts(engine: Engine) -> list[int]:
    """List the broadcasts that are being sent and have messages that could be claimed now, or nothing left at all."""
    with Session(engine) as session:
        now = clock.now()
        due = exists().where(
            Message.broadcast_id == Broadcast.id,
            Message.status == MessageStatus.QUEUED,
            or_(Message.not_before.is_(None), Message.not_before <= now),
        )
        rest = exists().where(
            Message.broadcast_id == Broadcast.id,
            Message.status.in_((MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.SENDING)),
        )
        found = select(Broadcast.id).where(Broadcast.state == BroadcastState.SENDING, or_(due, ~rest))
        return list(session.scalars(found.order_by(Broadcast.id)))


def _posts(session: Session, ids: Sequence[int], now: datetime) -> list[Post]:
    """Load what the claimed messages need; broadcast texts are merged now, from the records as they are now."""
    rows = session.execute(
        select(Message, Sender, Broadcast, Person, CampaignMember.zones)
        .join(Sender, Sender.id == Message.sender_id)
        .outerjoin(Broadcast, Broadcast.id == Message.broadcast_id)
        .outerjoin(Person, Person.id == Message.person_id)
        .outerjoin(
            CampaignMember,
            and_(CampaignMember.campaign_id == Broadcast.campaign_id, CampaignMember.person_id == Message.person_id),
        )
        .where(Message.id.in_(ids))
        .order_by(Message.id)
    ).all()
    brand = policy.load(session).brand
    threads = conversations.ensure(
        session, [row.Message.number for row in rows if not row.Message.conversation_id], now
    )
    posts = []
    for message, sender, broadcast, person, zones in rows:
        if message.conversation_id is None:
            message.conversation_id = threads[message.number]
        body = templates.render(broadcast.body, merge_fields(person, brand)) if broadcast else message.body
        posts.append(
            Post(
                message.id,
                Purpose(str(message.purpose)),
                message.number,
                sender.address,
                sender.scope,
                body,
                broadcast.keyword_id if broadcast else None,
                message.broadcast_id,
                ReplyKind(message.reply_kind) if message.reply_kind else None,
                zones or "",
            )
        )
    return posts


def merge_fields(person: Person | None, brand: str) -> dict[str, str]:
    """Return the values of the merge fields for a person (None: nobody has the number)."""
    if person is None:
        return {"brand": brand}
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "company": person.company,
        "brand": brand,
    }


def _start(engine: Engine, post: Post) -> MessageStatus | None:
    """Commit the start if the row is still ours and consent holds in that statement; else settle the row.

    Returns None when started, else the state that the row has now.
    """
    with Session(engine) as session:
        now, rules_in_force = clock.now(), policy.load(session)
        early = _too_early(session, post, rules_in_force, now)
        if early is not None:
            return early
        opt_in = select(OptIn.id).where(OptIn.number == post.number, OptIn.status == OptInStatus.ACTIVE)
        if post.keyword_id:
            opt_in = opt_in.where(OptIn.keyword_id == post.keyword_id)
        started = session.scalar(
            update(Message)
            .where(
                Message.id == post.message_id,
                Message.status == MessageStatus.CLAIMED,
                _may_start(post, rules_in_force),
            )
            .values(
                status=MessageStatus.SENDING,
                started_at=now,
                decided_at=now,
                updated_at=now,
                lease_until=now + LEASE,
                attempts=Message.attempts + 1,
                body=post.body,
                segments=segments.count(post.body).segments,
                opt_in_id=opt_in.order_by(OptIn.id.desc()).limit(1).scalar_subquery(),
            )
            .returning(Message.id)
            .execution_options(synchronize_session=False)
        )
        settled = None if started else _settle_unstarted(session, post, rules_in_force, now)
        session.commit()
    return settled


def _too_early(session: Session, post: Post, given: Policy, now: datetime) -> MessageStatus | None:
    """Put a broadcast message back that is outside sending hours where its number may be."""
    if post.purpose != Purpose.CAMPAIGN or given.window is None:
        return None
    zones = post.zones.split(hours.GROUP_SEPARATOR)
    if hours.is_open(zones, now, given.window):
        return None
    opens = hours.next_open(zones, now, given.window) or now + timedelta(days=1)
    _release(session, post, now, opens, Reason.OUTSIDE_HOURS)
    session.commit()
    return MessageStatus.QUEUED


def _may_start(post: Post, given: Policy) -> ColumnElement[bool]:
    """The rule of the message's purpose, as the condition of the start statement."""
    number = Message.number
    if post.purpose == Purpose.CAMPAIGN:
        sending = exists().where(Broadcast.id == post.broadcast_id, Broadcast.state == BroadcastState.SENDING)
        needs = post.keyword_id is not None or given.keywordless_needs_opt_in
        consent = facts.consent_holds(number, post.keyword_id, post.scope, needs_opt_in=needs)
        return and_(sending, consent, ~facts.cap_reached(number, given, clock.now()))
    if post.purpose == Purpose.REPLY:
        passes = post.reply_kind in (*ledger.STAYS_UNDER_SUPPRESSION, ReplyKind.QUESTION)
        free = true() if passes else ~facts.suppressed(number)
        return and_(free, ~facts.blocked(number, post.scope))
    allowed = and_(~facts.suppressed(number), ~facts.blocked(number, post.scope))
    if post.purpose == Purpose.ONE_TO_ONE and given.require_opt_in_for_one_to_one:
        return and_(allowed, facts.opted_in(number, None, OptInStatus.ACTIVE))
    return allowed


def _settle_unstarted(session: Session, post: Post, given: Policy, now: datetime) -> MessageStatus:
    """Say why a message did not start, and let it wait, be skipped or be cancelled accordingly."""
    message = session.get_one(Message, post.message_id)
    if message.status != MessageStatus.CLAIMED:
        return MessageStatus(message.status)
    if post.broadcast_id:
        state = session.scalars(select(Broadcast.state).where(Broadcast.id == post.broadcast_id)).one()
        if state == BroadcastState.CANCELLED:
            return _set(session, post, now, MessageStatus.CANCELLED)
        if state != BroadcastState.SENDING:
            return _release(session, post, now, None, None)
    decision = _decide(session, post, given, now)
    if decision.allowed:
        return _release(session, post, now, now + timedelta(seconds=1), None)
    if decision.waits:
        return _release(session, post, now, now + timedelta(hours=1), decision.reason)
    return _set(session, post, now, MessageStatus.SKIPPED, reason=decision.reason)


def _decide(session: Session, post: Post, given: Policy, now: datetime) -> Decision:
    """Ask the pure rule, for the reason."""
    known = facts.of_number(session, post.number, scope=post.scope, keyword_id=post.keyword_id, policy=given, now=now)
    if post.purpose == Purpose.CAMPAIGN:
        return rules.decide_campaign(
            known,
            has_keyword=post.keyword_id is not None,
            keywordless_needs_opt_in=given.keywordless_needs_opt_in,
            cap_waits=given.cap_waits,
        )
    if post.reply_kind is not None:
        return rules.decide_reply(known, post.reply_kind)
    if post.purpose == Purpose.VERIFICATION:
        return rules.decide_verification(known)
    return rules.decide_one_to_one(known, require_opt_in=given.require_opt_in_for_one_to_one)


def _record_sent(engine: Engine, post: Post, sent: Sent) -> MessageStatus:
    """Store the SID; a callback that came before us may have said more already, then its word stays."""
    with Session(engine) as session:
        now = clock.now()
        message = session.scalars(select(Message).where(Message.id == post.message_id).with_for_update()).one()
        message.sid, message.lease_until, message.updated_at = sent.sid, None, now
        message.sent_at = message.sent_at or now
        if sent.segments:
            message.segments = sent.segments
        if statuses.advances(MessageStatus(message.status), sent.status):
            message.status = sent.status
        conversations.touch(session, message.conversation_id)
        status = MessageStatus(message.status)
        session.commit()
    return status


def _record_error(engine: Engine, post: Post, error: GatewayError) -> MessageStatus:
    """Store what the provider refused or left open; only what was surely not processed waits for another try."""
    with Session(engine) as session:
        now = clock.now()
        message = session.scalars(select(Message).where(Message.id == post.message_id).with_for_update()).one()
        if message.status != MessageStatus.SENDING:
            return MessageStatus(message.status)
        message.error_code, message.error_text = error.code, error.text[:255]
        message.lease_until, message.updated_at = None, now
        if error.maybe_sent:
            message.status = MessageStatus.UNKNOWN
        elif error.try_again and message.attempts < TRIES:
            message.status = MessageStatus.QUEUED
            message.not_before = now + timedelta(seconds=min(2**message.attempts, 300))
        else:
            message.status = MessageStatus.FAILED
        if error.code == BLOCKED_BY_PROVIDER:
            message.reason = Reason.BLOCKED
            learned_block(session, post.scope, message, now)
        conversations.touch(session, message.conversation_id)
        status = MessageStatus(message.status)
        session.commit()
    return status


def learned_block(session: Session, scope: str, message: Message, now: datetime) -> None:
    """Record that Twilio refused a message with 21610: it blocks this scope for this number."""
    act = Act(source=OptInSource.SMS, at=now, message_id=message.id, message_sid=message.sid)
    ledger.block(session, scope, message.number, BlockCause.ERROR_21610, act)


def _release(
    session: Session, post: Post, now: datetime, not_before: datetime | None, reason: Reason | None
) -> MessageStatus:
    return _set(session, post, now, MessageStatus.QUEUED, reason=reason, not_before=not_before)


def _set(
    session: Session,
    post: Post,
    now: datetime,
    status: MessageStatus,
    *,
    reason: Reason | None = None,
    not_before: datetime | None = None,
) -> MessageStatus:
    """Move a row that is still ours from claimed to `status`."""
    session.execute(
        update(Message)
        .where(Message.id == post.message_id, Message.status == MessageStatus.CLAIMED)
        .values(status=status, reason=reason, not_before=not_before, lease_until=None, decided_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    return status
