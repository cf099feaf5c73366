"""Taking messages out of the outbox: a short lease, so that of many workers one sends each message.

These functions commit: a claim must be known to everybody before its message is started.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, exists, select, true, update
from sqlalchemy.orm import Session, aliased

from optin import clock
from optin.channels.address import Address
from optin.database.transactions import writing
from optin.enums import BroadcastState, Channel, MessageStatus, Purpose, ReplyKind
from optin.models import Broadcast, CampaignMember, Message, NumberCode, Person, Sender
from optin.models.index_conditions import is_queued
from optin.own_fields import merging
from optin.policy import cache
from optin.sending import canary, conversations, first_line, gate, limits, overdue_replies, pace, pauses, variants
from optin.sending.pace import Stretches
from optin.sending.pauses import Pauses
from optin.texts import merge_fields

LEASE = timedelta(seconds=30)
CHUNK = 100

_NEEDED = (
    Message.id,
    Message.purpose,
    Message.channel,
    Message.number,
    Message.body,
    Message.broadcast_id,
    Message.reply_kind,
    Message.conversation_id,
    Message.created_at,
)
_ASKED = aliased(Message)


@dataclass(frozen=True)
class ClaimedMessage:
    """All that one attempt needs, as plain values, so that no session is open while it is made.

    `is_try`: it finds out whether a pause may end (sending/pauses.py). An automatic reply `answers_until` a moment.
    `attempt`: how often the message was started, with this time; 0 before the start. It `takes` up time of its sender,
    and may start after `wait` seconds (sending/pace.py). With an `empty_field` its broadcast leaves it out, and if it
    `leaves_out_often`, where the number got many texts lately.
    """

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
    us_state: str = ""
    conversation_id: int | None = None
    not_after: datetime | None = None
    sender_id: int | None = None
    is_try: bool = False
    answers_until: datetime | None = None
    attempt: int = 0
    channel: Channel = Channel.SMS
    takes: Stretches = field(default_factory=dict)
    wait: float = 0.0
    empty_field: bool = False
    leaves_out_often: bool = False

    @property
    def to(self) -> Address:
        """Return to whom it goes, by which channel."""
        return Address(self.channel, self.number)


def claim(engine: Engine, *, broadcast_id: int | None = None, limit: int = CHUNK) -> list[ClaimedMessage]:
    """Lease up to `limit` waiting messages: those of a broadcast that is being sent, or else the urgent ones.

    Urgent is all that belongs to no broadcast: replies and 1:1 messages. The lease is short: start them at once.
    """
    with writing(engine) as session:
        now = clock.now()
        mine = Message.broadcast_id.is_(None) if broadcast_id is None else _of_broadcast(session, broadcast_id)
        if mine is None:
            return []
        if broadcast_id is not None:
            room = limits.room(session, cache.policy(session), now)
            limit = limit if room is None else min(limit, room)
        mine = and_(mine, goes_now(session))
        open_pauses = pauses.end_proven(session, pauses.open_pauses(session, now))
        tries = _tries(session, mine, open_pauses, last=broadcast_id is not None)
        ids = [*tries, *_due(session, and_(mine, open_pauses.lets_through(tries=False)), now, limit)]
        if not ids:
            session.commit()
            return []
        session.execute(
            update(Message)
            .where(Message.id.in_(ids))
            .values(status=MessageStatus.CLAIMED, lease_until=now + LEASE, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        session.commit()
        claimed_messages = [
            replace(claimed, is_try=claimed.message_id in tries) for claimed in _posts(session, ids, now)
        ]
        return _in_turn(session, claimed_messages, now)


def _in_turn(session: Session, claimed_messages: list[ClaimedMessage], now: datetime) -> list[ClaimedMessage]:
    """Take up time for those that have a pace; what is urgent waits for nobody, but takes its time too."""
    if not any(claimed.takes for claimed in claimed_messages):
        return claimed_messages
    wait = pace.take(session, (claimed.takes for claimed in claimed_messages), now)
    session.commit()
    return [replace(claimed, wait=wait if claimed.broadcast_id else 0.0) for claimed in claimed_messages]


def release(engine: Engine, claimed_messages: Sequence[ClaimedMessage]) -> None:
    """Let claimed messages wait again, as a worker does that stops."""
    ids = [claimed.message_id for claimed in claimed_messages]
    if not ids:
        return
    with writing(engine) as session:
        session.execute(
            update(Message)
            .where(Message.id.in_(ids), Message.status == MessageStatus.CLAIMED)
            .values(status=MessageStatus.QUEUED, lease_until=None, updated_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        pace.give_back(session, (claimed.takes for claimed in claimed_messages))
        if tries := [claimed.message_id for claimed in claimed_messages if claimed.is_try]:
            pauses.give_back(session, tries, clock.now())


def person_fields(person: Person | None, brand: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the values of the merge fields for a person (None: nobody has the number).

    `own` are those of fields of one's own (own_fields/merging.py), None for a text that can't have any.
    """
    if person is None:
        return {"brand": brand}
    return {
        **(own or {}),
        "first_name": person.first_name,
        "last_name": person.last_name,
        "company": person.company,
        "brand": brand,
    }


def _of_broadcast(session: Session, broadcast_id: int) -> ColumnElement[bool] | None:
    """Choose what may be claimed of a broadcast: all, its canary or its test; None while it is not being sent."""
    broadcast = session.get(Broadcast, broadcast_id, populate_existing=True)
    if broadcast is None or broadcast.state != BroadcastState.SENDING:
        return None
    first = [each for each in (canary.goes_first(broadcast), variants.goes_now(broadcast)) if each is not None]
    return and_(Message.broadcast_id == broadcast_id, *first)


def goes_now(session: Session) -> ColumnElement[bool]:
    """What may be looked at for claiming: everything, or while the sending gate is closed what goes even then."""
    is_open = session.scalar(select(gate.is_open()))
    return true() if is_open else Message.reply_kind == gate.GOES_ANYWAY


def can_be_claimed(session: Session) -> ColumnElement[bool]:
    """What a claim would take now, or could take to find out whether a pause may end."""
    return and_(goes_now(session), pauses.open_pauses(session, clock.now()).lets_through(tries=True))


def _tries(session: Session, mine: ColumnElement[bool], found: Pauses, *, last: bool) -> list[int]:
    """Lock the messages that find out whether pauses may end, one for each whose time has come.

    Those that come `last` leave it to urgent ones that were never tried. A sender is tried when the account works.
    """
    tries: list[int] = []
    for pause in found.due:
        if pause.sender_id is not None and found.of(None) is not None:
            continue
        of_sender = true() if pause.sender_id is None else Message.sender_id == pause.sender_id
        if last and _untried_urgent(session, of_sender):
            continue
        others = true() if pause.next_try_at <= found.now - pauses.TURN else Message.id != (pause.try_id or 0)
        for message_id in _due(session, and_(mine, of_sender, others, Message.id.not_in(tries)), found.now, 1):
            if pauses.take_try(session, pause, message_id, found.now):
                tries.append(message_id)
    return tries


def _untried_urgent(session: Session, of_sender: ColumnElement[bool]) -> bool:
    urgent = and_(
        is_queued(Message), Message.broadcast_id.is_(None), Message.not_before.is_(None), of_sender, goes_now(session)
    )
    return bool(session.scalar(select(exists().where(urgent))))


def _due(session: Session, mine: ColumnElement[bool], now: datetime, limit: int) -> list[int]:
    """Lock what may be claimed, oldest first, and what waited for a later moment after it."""
    ids: list[int] = []
    for when in (Message.not_before.is_(None), Message.not_before <= now):
        waiting = (
            select(Message.id)
            .where(is_queued(Message), mine, when)
            .order_by(Message.not_before, Message.id)
            .limit(limit - len(ids))
            .with_for_update(skip_locked=True)
        )
        if len(ids) < limit:
            ids += session.scalars(waiting).all()
    return ids


def _posts(session: Session, ids: Sequence[int], now: datetime) -> list[ClaimedMessage]:
    """Load what the claimed messages need; broadcast texts are merged now, from the records as they are now.

    Broadcast messages get their conversations, made where missing; the start writes them down. No message is locked
    meanwhile: a text that comes in from the number locks conversation and messages the other way round.
    """
    rows = session.execute(
        select(
            *_NEEDED,
            Sender,
            Broadcast,
            Person,
            CampaignMember.zones,
            CampaignMember.us_state,
            _ASKED.created_at.label("asked_at"),
        )
        .join(Sender, Sender.id == Message.sender_id)
        .outerjoin(_ASKED, _ASKED.id == Message.in_reply_to_id)
        .outerjoin(Broadcast, Broadcast.id == Message.broadcast_id)
        .outerjoin(Person, Person.id == Message.person_id)
        .outerjoin(
            CampaignMember,
            and_(CampaignMember.campaign_id == Broadcast.campaign_id, CampaignMember.person_id == Message.person_id),
        )
        .where(Message.id.in_(ids), Message.status == MessageStatus.CLAIMED)
        .order_by(Message.id)
    ).all()
    threads = conversations.ensure(session, [_to(row) for row in rows if row.conversation_id is None], now)
    given = cache.policy(session)
    bodies = variants.bodies(session, [(row.id, row.Broadcast) for row in rows if row.Broadcast])
    own = merging.of_people(session, (row.Person for row in rows if row.Broadcast), *set(bodies.values()))
    lines = first_line.of_bodies(session, bodies, given, now)
    claimed_messages = [
        _post(row, row.conversation_id or threads[_to(row)], bodies.get(row.id), given.brand, own, lines)
        for row in rows
    ]
    return [
        _with_code(session, claimed) if claimed.purpose == Purpose.CODE else claimed for claimed in claimed_messages
    ]


def _to(row: Any) -> Address:
    return Address(Channel(row.channel), row.number)


def _with_code(session: Session, claimed: ClaimedMessage) -> ClaimedMessage:
    """Fill in the code to send, which no message keeps; without one the start refuses it."""
    asked = select(NumberCode.code).join(Message, Message.author_id == NumberCode.user_id)
    code = session.scalar(asked.where(Message.id == claimed.message_id)) or ""
    return replace(claimed, body=merge_fields.render(claimed.body, {"code": code}))


def _leaves_out(broadcast: Broadcast | None, text: str, fields: Mapping[str, str]) -> bool:
    """Tell whether the broadcast of a message leaves out who has these fields: they may have become empty since."""
    if broadcast is None or not broadcast.leaves_out_empty:
        return False
    return any(name not in ("brand", first_line.NAME) for name in merge_fields.empty_in(text, fields))


def _post(
    row: Any,
    conversation_id: int,
    text: str | None,
    brand: str,
    own: Mapping[int, Mapping[str, str]],
    lines: Mapping[int, str],
) -> ClaimedMessage:
    """Make it of the row; `text` is that of its broadcast for it, None where it is of none."""
    broadcast: Broadcast | None = row.Broadcast
    person: Person | None = row.Person
    fields = person_fields(person, brand, own.get(person.id) if person else None)
    fields |= {first_line.NAME: lines.get(row.id, "")}
    body = row.body if text is None else merge_fields.render(text, fields)
    return ClaimedMessage(
        message_id=row.id,
        purpose=Purpose(row.purpose),
        number=row.number,
        address=row.Sender.address,
        scope=row.Sender.scope,
        body=body,
        keyword_id=broadcast.keyword_id if broadcast else None,
        broadcast_id=row.broadcast_id,
        reply_kind=ReplyKind(row.reply_kind) if row.reply_kind else None,
        zones=row.zones or "",
        us_state=row.us_state or "",
        conversation_id=conversation_id,
        not_after=broadcast.not_after if broadcast else None,
        sender_id=row.Sender.id,
        channel=Channel(row.channel),
        takes=pace.stretches(body, row.Sender, broadcast),
        empty_field=_leaves_out(broadcast, text or "", fields),
        leaves_out_often=broadcast is not None and broadcast.leaves_out_often,
        answers_until=overdue_replies.ends(row.reply_kind, row.asked_at or row.created_at),
    )
