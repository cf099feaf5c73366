"""Putting messages into the outbox: 1:1 messages and automatic replies. Nothing is sent here.

The row is the truth: what stands in the outbox is sent once by sending/delivery.py, whatever happens to the job.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, exists, func, literal, select
from sqlalchemy.orm import Session

from optin import channels, clock
from optin.channels.address import Address
from optin.consent import conditions, facts, rules
from optin.consent.facts import About
from optin.consent.rules import Case, Decision, Facts
from optin.database.prepared import Values
from optin.database.session import UTCDateTime
from optin.database.statements import insert, run, table
from optin.enums import Channel, Direction, MessageStatus, OptInStatus, Purpose, ReplyKind
from optin.models import Message, OptIn, Sender, Suppression
from optin.models.index_conditions import has_not_ended, is_reply_that_counts
from optin.policy.cache import CachedSender
from optin.policy.policy import Policy
from optin.refused import Refused
from optin.sending import conversations

_MESSAGE, _SUPPRESSION = table(Message), table(Suppression)
_NUMBER = bindparam("of", type_=String())
_NEW = insert(_MESSAGE).inline()
HOUR = timedelta(hours=1)
_HOUR_AGO = bindparam("hour_ago", type_=UTCDateTime())
_COUNTS = is_reply_that_counts(_MESSAGE.c)
_KIND = _MESSAGE.c.reply_kind == bindparam("kind", type_=String())
_SINCE = (
    select(func.max(_SUPPRESSION.c.started_at))
    .where(_SUPPRESSION.c.number == _NUMBER, has_not_ended(_SUPPRESSION.c))
    .scalar_subquery()
)
# `answered`: this kind of answer was given since the number's suppression began.
_OF_REPLIES = facts.columns(
    About(number=_NUMBER, scope=bindparam("scope", type_=String())), rules.facts_of(Purpose.REPLY) - {"has_number"}
)
_BEFORE_REPLY = select(
    *_OF_REPLIES,
    exists().where(_MESSAGE.c.number == _NUMBER, _COUNTS, _KIND, _MESSAGE.c.created_at >= _SINCE).label("answered"),
    select(func.count())
    .where(_MESSAGE.c.number == _NUMBER, _COUNTS, _MESSAGE.c.created_at > _HOUR_AGO)
    .scalar_subquery()
    .label("replies"),
    exists().where(_MESSAGE.c.number == _NUMBER, _COUNTS, _KIND, _MESSAGE.c.created_at > _HOUR_AGO).label("confirmed"),
)


def decide_one_to_one(session: Session, number: str | None, sender: Sender | None, policy: Policy) -> Decision:
    """Ask the rule for a 1:1 message to a number now; the same answer serves page and server."""
    scope, channel = facts.scope_and_channel(sender)
    known = facts.of_number(session, number, scope=scope, channel=channel)
    return rules.decide(conditions.case_of(Purpose.ONE_TO_ONE, policy), known)


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
        return _refused(decision)
    now = clock.now()
    conversation_id = _thread(session, number, sender, now)
    message_id = session.execute(
        insert(Message)
        .values(
            **_row(now, number, sender, body),
            conversation_id=conversation_id,
            purpose=Purpose.ONE_TO_ONE,
            person_id=person_id,
            author_id=author_id,
            form_key=form_key,
            opt_in_id=_any_opt_in(session, number, sender.channel),
            decided_at=now,
        )
        .on_conflict_do_nothing(index_elements=["form_key"])
        .returning(Message.id)
    ).scalar()
    if message_id is None:
        return session.scalars(select(Message).where(Message.form_key == form_key)).one()
    conversations.note_sent(session, conversation_id, body, now)
    return session.get_one(Message, message_id)


def queue_own(
    session: Session, purpose: Purpose, *, user_id: int, number: str | None, body: str, sender: Sender
) -> Message | Refused:
    """Put a text to the user's own number into the outbox, or say why not: `purpose` is a test, or the code before it.

    It appears in no list of the inbox: nobody has talked.
    """
    now = clock.now()
    own = select(facts.own_number(purpose, literal(user_id), literal(number, String()), now))
    known = facts.of_number(session, number, scope=sender.scope, channel=sender.channel)
    decision = rules.decide(Case(purpose), replace(known, own=bool(session.scalar(own))))
    if not decision.allowed or number is None:
        return _refused(decision)
    given = {
        "conversation_id": _thread(session, number, sender, now),
        "purpose": purpose,
        "author_id": user_id,
        "decided_at": now,
    }
    message = Message(**_row(now, number, sender, body), **given)
    session.add(message)
    session.flush()
    return message


def _refused(decision: Decision) -> Refused:
    return Refused(f"Not sent: {decision.reason.label}." if decision.reason else "Not sent.", decision.reason)


def reply(
    session: Session,
    *,
    number: str,
    conversation_id: int,
    in_reply_to_id: int,
    kind: ReplyKind,
    body: str,
    sender: CachedSender,
    opt_in_id: int | None = None,
) -> Values:
    """Return the automatic answer to an inbound message for `queue_reply`; what the rule refuses is kept as skipped.

    A block at Twilio is no error: the row says that the person can't be answered until they text START.
    """
    now = clock.now()
    asked = {"of": number, "scope": sender.scope, "kind": kind, "hour_ago": now - HOUR}
    found = run(session, _BEFORE_REPLY, asked).one()
    known = Facts(**{column.name: getattr(found, column.name) for column in _OF_REPLIES})
    decision = rules.decide_reply(
        known, kind, answered=found.answered, replies=found.replies, confirmed=found.confirmed
    )
    return _row(now, number, sender, body) | {
        "status": MessageStatus.QUEUED if decision.allowed else MessageStatus.SKIPPED,
        "conversation_id": conversation_id,
        "purpose": Purpose.REPLY,
        "reply_kind": kind,
        "in_reply_to_id": in_reply_to_id,
        "opt_in_id": opt_in_id,
        "queued_reason": decision.reason or "",
        "reason": decision.reason,
        "decided_at": now,
    }


def was_answered(session: Session, number: str, kind: ReplyKind, *, opt_in_id: int) -> bool:
    """Tell whether the number got an automatic answer of this kind about this opt-in."""
    about = (_MESSAGE.c.number == number, _COUNTS, _MESSAGE.c.reply_kind == kind, _MESSAGE.c.opt_in_id == opt_in_id)
    return bool(session.scalar(select(exists().where(*about))))


def is_blocked(session: Session, number: str, scope: str) -> bool:
    """Tell whether Twilio blocks texts from the scope to the number."""
    return bool(session.scalar(select(facts.is_so(About(number=literal(number), scope=scope), "blocked"))))


def queue_reply(session: Session, reply: Values) -> None:
    """Put an automatic answer into the outbox; it needs no result."""
    run(session, _NEW, reply)


def _row(now: datetime, number: str, sender: Sender | CachedSender, body: str) -> dict[str, object]:
    """Return what every single outbound message carries."""
    return {
        "channel": sender.channel,
        "direction": Direction.OUTBOUND,
        "number": number,
        "sender_id": sender.id,
        "body": body,
        "segments": channels.rules_of(sender.channel).measure(body).segments,
        "media_count": 0,
        "status": MessageStatus.QUEUED,
        "created_at": now,
        "updated_at": now,
        "effect": "",
        "queued_reason": "",
        "attempts": 0,
        "error_text": "",
    }


def _thread(session: Session, number: str, sender: Sender, now: datetime) -> int:
    """Return the id of the conversation with the number by the sender's channel."""
    to = Address(Channel(sender.channel), number)
    return conversations.ensure(session, [to], now)[to]


def _any_opt_in(session: Session, number: str, channel: str) -> int | None:
    """Return the newest active opt-in of the number by the channel: it allowed the message."""
    active = (OptIn.number == number, OptIn.status == OptInStatus.ACTIVE, OptIn.channel == channel)
    return session.scalar(select(func.max(OptIn.id)).where(*active))
