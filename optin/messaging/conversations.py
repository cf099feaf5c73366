"""Conversations: one per number and channel, with what the inbox shows kept up to date."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin.extensions import insert
from optin.models import Conversation
from optin.terms import Channel

PREVIEW = 160


def ensure(session: Session, numbers: Iterable[str], at: datetime, channel: Channel = Channel.SMS) -> dict[str, int]:
    """Return the conversation id of each number (E.164 or as received), making those that are missing."""
    wanted = set(numbers)
    found = _ids(session, wanted, channel)
    missing = sorted(wanted - found.keys())  # in one order for all, so that nobody waits for one another
    if missing:
        new = {"channel": channel, "created_at": at, "preview": "", "unread": 0, "version": 0}
        session.execute(
            insert(session, Conversation).on_conflict_do_nothing(index_elements=["channel", "number"]),
            [{**new, "number": number} for number in missing],
        )
        found |= _ids(session, missing, channel)
    return found


def received(session: Session, conversation_id: int, sender_id: int | None, preview: str, at: datetime) -> None:
    """Note an inbound text: newest, unread, open again; a reply goes from the sender that the person texted last."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(
            last_message_at=at,
            preview=preview[:PREVIEW],
            unread=Conversation.unread + 1,
            version=Conversation.version + 1,
            sender_id=sender_id,
            closed_at=None,
            closed_by_id=None,
        )
    )


def wrote(session: Session, conversation_id: int, preview: str, at: datetime) -> None:
    """Note a 1:1 message of ours: newest, and read, since somebody answered."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(last_message_at=at, preview=f"You: {preview}"[:PREVIEW], unread=0, version=Conversation.version + 1)
    )


def touch(session: Session, *conversation_ids: int | None) -> None:
    """Say that something in the threads changed, so that open pages fetch it. None stands for no thread."""
    ids = sorted({each for each in conversation_ids if each is not None})
    if len(ids) > 1:  # locked in one order for all, which an UPDATE of many does not promise
        session.execute(
            select(Conversation.id).where(Conversation.id.in_(ids)).order_by(Conversation.id).with_for_update()
        )
    if ids:
        session.execute(
            update(Conversation)
            .where(Conversation.id.in_(ids))
            .values(version=Conversation.version + 1)
            .execution_options(synchronize_session=False)
        )


def _ids(session: Session, numbers: Collection[str], channel: Channel) -> dict[str, int]:
    if not numbers:
        return {}
    rows = session.execute(
        select(Conversation.number, Conversation.id).where(
            Conversation.channel == channel, Conversation.number.in_(numbers)
        )
    )
    return dict(rows.all())
