"""Conversations: one per number and channel, with what the inbox shows kept up to date."""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from optin.channels.address import Address
from optin.database.prepared import Values
from optin.database.statements import insert, run, table
from optin.models import Conversation

PREVIEW = 160
_ORDER = attrgetter("channel", "value")


_TABLE = table(Conversation)
_RECEIVED = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("conversation_id"))
    .values(unread=_TABLE.c.unread + 1, version=_TABLE.c.version + 1, closed_at=None, closed_by_id=None)
)


_MADE = insert(_TABLE)
_NEW = _MADE.on_conflict_do_update(
    index_elements=["channel", "number"], set_={"channel": _MADE.excluded.channel}
).returning(_TABLE.c.id)
"""Make it or leave it as it is: an update of nothing also tells the id of what was there."""


def ensure(session: Session, addresses: Iterable[Address], at: datetime) -> dict[Address, int]:
    """Return the conversation id of each address, making those that are missing."""
    wanted = set(addresses)
    found = _ids(session, wanted)
    missing = sorted(wanted - found.keys(), key=_ORDER)  # in one order for all, so that nobody waits for one another
    if missing:
        session.execute(
            insert(Conversation).on_conflict_do_nothing(index_elements=["channel", "number"]),
            [_new(address, at) for address in missing],
        )
        found |= _ids(session, missing)
    return found


def ensure_one(session: Session, address: Address, at: datetime) -> int:
    """Return the conversation id of one address that probably has none yet."""
    made: int = run(session, _NEW, _new(address, at)).scalar_one()
    return made


def received(session: Session, conversation_id: int, sender_id: int | None, preview: str, at: datetime) -> None:
    """Note an inbound text: newest, unread, open again; a reply goes from the sender that the person texted last."""
    values = {"conversation_id": conversation_id, "sender_id": sender_id, "preview": preview[:PREVIEW]}
    run(session, _RECEIVED, {**values, "last_message_at": at})


def note_sent(session: Session, conversation_id: int, preview: str, at: datetime) -> None:
    """Note a 1:1 message of ours: newest, and read, since somebody answered."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(last_message_at=at, preview=f"You: {preview}"[:PREVIEW], unread=0, version=Conversation.version + 1)
    )


def touch(session: Session, *conversation_ids: int | None) -> None:
    """Say that something in the threads changed, so that open pages fetch it. None stands for no thread."""
    ids = sorted({each for each in conversation_ids if each is not None})
    if len(ids) > 1:  # locked in one order for all, which an UPDATE of many does not promise, and past foreign keys
        session.execute(
            select(Conversation.id)
            .where(Conversation.id.in_(ids))
            .order_by(Conversation.id)
            .with_for_update(key_share=True)
        )
    if ids:
        session.execute(
            update(Conversation)
            .where(Conversation.id.in_(ids))
            .values(version=Conversation.version + 1)
            .execution_options(synchronize_session=False)
        )


def _new(address: Address, at: datetime) -> Values:
    known = {"channel": address.channel, "number": address.value}
    return known | {"created_at": at, "preview": "", "unread": 0, "version": 0}


def _ids(session: Session, addresses: Collection[Address]) -> dict[Address, int]:
    found: dict[Address, int] = {}
    for channel, group in groupby(sorted(addresses, key=_ORDER), key=attrgetter("channel")):
        numbers = [address.value for address in group]
        rows = session.execute(
            select(Conversation.number, Conversation.id).where(
                Conversation.channel == channel, Conversation.number.in_(numbers)
            )
        )
        found |= {Address(channel, number): conversation_id for number, conversation_id in rows}
    return found
