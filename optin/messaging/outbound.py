"""Putting messages into the outbox: 1:1 messages, automatic replies and whole broadcasts. Nothing is sent here.

The row is the truth: what stands in the outbox is sent once by messaging/delivery.py, whatever happens to the job.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, null, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import audience, facts, rules
from optin.consent.rules import Decision
from optin.extensions import UTCDateTime, insert
from optin.messaging import conversations, segments
from optin.models import Broadcast, CampaignMember, Message, OptIn, Sender, Suppression
from optin.policy import Policy
from optin.terms import Direction, MessageStatus, OptInStatus, Purpose, ReplyKind


@dataclass(frozen=True)
class Refused:
    """A message that was not taken into the outbox, with the decision that says why."""

    decision: Decision


def decide_one_to_one(session: Session, number: str | None, sender: Sender | None, policy: Policy) -> Decision:
    """Ask the rule for a 1:1 message to a number now; the same answer serves page and server."""
    known = facts.of_number(session, number, scope=sender.scope if sender else None)
    return rules.decide_one_to_one(known, require_opt_in=policy.require_opt_in_for_one_to_one)


def queue_one_to_one(
    session: Session,
    *,
    number: str | None,
    body: str,
    sender: Sender,
    policy: Policy,
    author_id: int,
    form_key: str,
    person_id: int | None = None,
) -> Message | Refused:
    """Put a 1:1 message into the outbox, or say why not. The same `form_key` twice (a double click) is one message."""
    decision = decide_one_to_one(session, number, sender, policy)
    if not decision.allowed or number is None:
        return Refused(decision)
    now = clock.now()
    conversation_id = conversations.ensure(session, [number], now)[number]
    message_id = session.execute(
        insert(session, Message)
        .values(
            **_row(now, number, sender, body),
            conversation_id=conversation_id,
            purpose=Purpose.ONE_TO_ONE,
            person_id=person_id,
            author_id=author_id,
            form_key=form_key,
            opt_in_id=_any_opt_in(session, number),
            decided_at=now,
        )
        .on_conflict_do_nothing(index_elements=["form_key"])
        .returning(Message.id)
    ).scalar()
    if message_id is None:
        return session.scalars(select(Message).where(Message.form_key == form_key)).one()
    conversations.wrote(session, conversation_id, body, now)
    return session.get_one(Message, message_id)


def queue_reply(
    session: Session, *, to: Message, kind: ReplyKind, body: str, sender: Sender, opt_in_id: int | None = None
) -> Message:
    """Put the automatic answer to an inbound message into the outbox; what the rule refuses is kept as skipped.

    A block at Twilio is no error: the row says that the person can't be answered until they text START.
    """
    known = facts.of_number(session, to.number, scope=sender.scope)
    decision = rules.decide_reply(known, kind, answered=_answered(session, to.number, kind))
    now = clock.now()
    reply = Message(
        **_row(now, to.number, sender, body),
        conversation_id=to.conversation_id,
        purpose=Purpose.REPLY,
        reply_kind=kind,
        in_reply_to_id=to.id,
        opt_in_id=opt_in_id,
        reason=decision.reason,
        decided_at=now,
    )
    if not decision.allowed:
        reply.status = MessageStatus.SKIPPED
    session.add(reply)
    session.flush()
    return reply


def queue_broadcast(session: Session, broadcast: Broadcast, question: audience.Question) -> int:
    """Put one message per deliverable number into the outbox, in one statement; return how many.

    The text is made when each message starts, so that it says what the record says then.
    """
    now = question.now
    opt_in = (
        select(func.max(OptIn.id))
        .where(
            OptIn.number == CampaignMember.number,
            OptIn.status == OptInStatus.ACTIVE,
            *([OptIn.keyword_id == question.keyword_id] if question.keyword_id else []),
        )
        .scalar_subquery()
    )
    moment = literal(now, UTCDateTime())
    values = {
        "channel": literal(broadcast.channel),
        "direction": literal(str(Direction.OUTBOUND)),
        "number": CampaignMember.number,
        "sender_id": literal(broadcast.sender_id),
        "body": literal(""),
        "segments": literal(0),
        "media_count": literal(0),
        "status": literal(str(MessageStatus.QUEUED)),
        "created_at": moment,
        "updated_at": moment,
        "effect": literal(""),
        "purpose": literal(str(Purpose.CAMPAIGN)),
        "broadcast_id": literal(broadcast.id),
        "person_id": CampaignMember.person_id,
        "author_id": literal(broadcast.created_by_id) if broadcast.created_by_id else null(),
        "opt_in_id": opt_in,
        "decided_at": moment,
        "attempts": literal(0),
        "error_text": literal(""),
    }
    rows = (
        select(*values.values())
        .where(audience.stays(question.campaign_id), audience.recipients(question))
        .order_by(CampaignMember.number)
    )
    session.execute(
        insert(session, Message)
        .from_select(list(values), rows)
        .on_conflict_do_nothing(index_elements=["broadcast_id", "number"])
    )
    queued = select(func.count()).select_from(Message).where(Message.broadcast_id == broadcast.id)
    return session.scalar(queued) or 0


def _row(now: datetime, number: str, sender: Sender, body: str) -> dict[str, object]:
    """Return what every single outbound message carries."""
    return {
        "channel": sender.channel,
        "direction": Direction.OUTBOUND,
        "number": number,
        "sender_id": sender.id,
        "body": body,
        "segments": segments.count(body).segments,
        "media_count": 0,
        "status": MessageStatus.QUEUED,
        "created_at": now,
        "updated_at": now,
        "effect": "",
        "attempts": 0,
        "error_text": "",
    }


def _any_opt_in(session: Session, number: str) -> int | None:
    """Return the newest active opt-in of the number: it allowed the message."""
    return session.scalar(select(func.max(OptIn.id)).where(OptIn.number == number, OptIn.status == OptInStatus.ACTIVE))


def _answered(session: Session, number: str, kind: ReplyKind) -> bool:
    """Tell whether this kind of answer was given since the number's suppression began."""
    since = select(Suppression.started_at).where(Suppression.number == number, Suppression.ended_at.is_(None))
    given = select(Message.id).where(
        Message.number == number,
        Message.purpose == Purpose.REPLY,
        Message.reply_kind == kind,
        Message.status.not_in(facts.NEVER_WENT),
        Message.created_at >= since.scalar_subquery(),
    )
    return session.scalar(given.limit(1)) is not None
