"""The stage of messages: they are shown in their threads with their dates, and nothing waits for them or is sent.

A moved message has a negative id, made of its date: threads go by id, so that it stands before all that is Optin's own,
and whatever asks what has come in since can tell it from that. SQLite numbers a table on from its highest id, so an
empty row with the id 0 stands between.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from optin.channels import address
from optin.database.session import UTCDateTime
from optin.database.statements import among, insert, insert_rows, run, table
from optin.enums import Direction, MessageStatus, Purpose
from optin.features.moving import opt_ins, references, texts
from optin.features.moving.deciding import RowVerdict
from optin.features.moving.job import DELETED, Job, here, left_out, moved
from optin.features.moving.records import ExportRow
from optin.features.moving.terms import ExportObject
from optin.features.moving.texts import MovedMessage
from optin.models import Conversation, Message, Sender
from optin.provider import statuses
from optin.refused import Refused
from optin.sending import conversations
from optin.texts import segments

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
UNDATED = "It has no date."
_SHIFT, _ROOM = 1 << 32, 20
"""Seconds that are counted from 1970 on, and bits for the messages of one second."""
_NEVER = ("scheduled", "canceled", "cancelled")
_FINAL = (MessageStatus.DELIVERED, MessageStatus.UNDELIVERED, MessageStatus.FAILED)
_NEW = insert(table(Message)).on_conflict_do_nothing(index_elements=["sid"]).inline()
_CONVERSATION = table(Conversation)
_AT = bindparam("at", type_=UTCDateTime())
_NEWEST = (
    update(_CONVERSATION)
    .where(
        _CONVERSATION.c.id == bindparam("of"),
        or_(_CONVERSATION.c.last_message_at.is_(None), _CONVERSATION.c.last_message_at < _AT),
    )
    .values(
        last_message_at=_AT,
        preview=bindparam("shown"),
        version=_CONVERSATION.c.version + 1,
        closed_at=case((_CONVERSATION.c.last_message_at.is_(None), _AT), else_=_CONVERSATION.c.closed_at),
    )
)
"""A thread that begins with what was moved is closed: nobody waits for an answer to it."""


def stage(job: Job, rows: Sequence[ExportRow]) -> list[RowVerdict]:
    """Say, or do, what becomes of messages; texts that may ask to stop are put by under their number.

    They are so too where the message itself is left out, since it was deleted or has no date.
    """
    verdicts: dict[int, RowVerdict] = {}
    read, all_read = [], []
    for row in rows:
        found = texts.read(row, job.region, job.now)
        if isinstance(found, Refused):
            verdicts[row.line] = left_out(row, found.sentence)
            continue
        all_read.append(found)
        if row.is_deleted or not found.is_dated:
            verdicts[row.line] = left_out(row, DELETED if row.is_deleted else UNDATED)
        else:
            read.append((row, found))
    known = _known(job, [message for _, message in read])
    new = []
    for row, message in read:
        mark = message.sid or message.key
        verdicts[row.line] = here(row) if mark in known else moved(row)
        if mark not in known:
            known.add(mark)
            new.append(message)
    if job.to_write:
        _store(job, new)
    else:
        _put_by(job, all_read)
    return [verdicts[row.line] for row in rows]


def _put_by(job: Job, read: Iterable[MovedMessage]) -> None:
    """Put by what texts say of leaving, also those that are here: what they mean depends on all the rest."""
    extra = tuple(job.policy.extra_opt_out_words)
    signs = []
    for message in read:
        sign = texts.sign_of(message, job.words, extra) if message.other.is_phone else None
        if sign is not None:
            signs.append(opt_ins.put_by(job, message.other.value, ExportObject.MESSAGE, sign, None))
    opt_ins.keep(job, signs)


def _known(job: Job, read: Sequence[MovedMessage]) -> set[str]:
    """Return the SIDs, else the Salesforce ids, of those that are here."""
    known = set(job.moved(ExportObject.MESSAGE, [message.key for message in read if not message.sid]))
    mine = among(job.session, Message.sid, {message.sid for message in read if message.sid})
    return known | {str(sid) for sid in job.session.scalars(select(Message.sid).where(mine))}


def _store(job: Job, new: Sequence[MovedMessage]) -> None:
    session = job.session
    _part_from_own(session, job.now)
    threads = conversations.ensure(session, {message.other for message in new}, job.now)
    addresses = session.execute(
        select(Sender.address, Sender.id).where(Sender.address.in_({_ours(each) for each in new}))
    )
    senders = {row.address: row.id for row in addresses}
    ids = _ids(session, [(_seconds(message, job.now), message.line) for message in new])
    rows = [
        _row(message, message_id, threads[message.other], senders.get(_ours(message)), job.now)
        for message, message_id in zip(new, ids, strict=True)
    ]
    insert_rows(session, _NEW, rows)
    without = [(message.key, each) for message, each in zip(new, ids, strict=True) if not message.sid and message.key]
    references.add(session, ExportObject.MESSAGE, without)
    newest: dict[int, MovedMessage] = {}
    for message in sorted(new, key=lambda message: message.at):
        newest[threads[message.other]] = message
    for thread, message in sorted(newest.items()):
        said = message.body if message.is_inbound else f"You: {message.body}"
        shown = (said or "Picture or file")[: conversations.PREVIEW]
        run(session, _NEWEST, {"of": thread, "at": min(message.at, job.now), "shown": shown})


def _ours(message: MovedMessage) -> str:
    return address.our_address(message.ours) if message.ours else ""


def _seconds(message: MovedMessage, now: datetime) -> int:
    return int((min(max(message.at, _BEGIN), now) - _BEGIN).total_seconds())


def _ids(session: Session, wanted: Sequence[tuple[int, int]]) -> list[int]:
    """Return a free negative id for each (second, line), in the order of time."""
    first = [((second - _SHIFT) << _ROOM) + line % (1 << (_ROOM - 1)) for second, line in wanted]
    used = set[int]()
    ids = []
    taken = _taken(session, first)
    for each in first:
        while each in used or each in taken:
            each += 1
            if each not in used and each not in taken:
                taken |= _taken(session, [each])
        used.add(each)
        ids.append(each)
    return ids


def _taken(session: Session, ids: Sequence[int]) -> set[int]:
    found = set[int]()
    for start in range(0, len(ids), 500):
        found |= set(session.scalars(select(Message.id).where(Message.id.in_(ids[start : start + 500]))))
    return found


def _part_from_own(session: Session, now: datetime) -> None:
    """Have the row after which SQLite numbers what is Optin's own; it is of no number and in no thread."""
    between = insert(Message).values(
        id=0,
        direction=Direction.OUTBOUND,
        number="",
        status=MessageStatus.CANCELLED,
        purpose=Purpose.ONE_TO_ONE,
        created_at=now,
        updated_at=now,
    )
    session.execute(between.on_conflict_do_nothing(index_elements=["id"]))


def _row(message: MovedMessage, message_id: int, thread: int, sender_id: int | None, now: datetime) -> dict[str, Any]:
    at = min(max(message.at, _BEGIN), now)
    common = {
        "id": message_id,
        "channel": message.other.channel,
        "sid": message.sid or None,
        "conversation_id": thread,
        "number": message.other.value,
        "sender_id": sender_id,
        "body": message.body,
        "segments": segments.count(message.body).segments,
        "media_count": message.media_count,
        "created_at": at,
        "updated_at": now,
        "effect": "",
        "attempts": 0,
        "error_text": "",
    }
    if message.is_inbound:
        return {
            **common,
            "direction": Direction.INBOUND,
            "status": MessageStatus.RECEIVED,
            "purpose": None,
            "sent_at": None,
        }
    status = _status(message)
    return {
        **common,
        "direction": Direction.OUTBOUND,
        "status": status,
        "purpose": Purpose.CAMPAIGN if message.is_campaign else Purpose.ONE_TO_ONE,
        "sent_at": at if status is not MessageStatus.CANCELLED else None,
    }


def _status(message: MovedMessage) -> MessageStatus:
    """Return how far a message of ours came: what was on its way went, as far as anybody knows, if Twilio had it."""
    if message.status in _NEVER or not (message.sid or message.status):
        return MessageStatus.CANCELLED
    found = statuses.from_twilio(message.status)
    if found in _FINAL:
        return found
    return MessageStatus.SENT if message.sid or message.status == "sent" else MessageStatus.CANCELLED
