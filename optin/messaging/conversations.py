"""Conversations: one per number and channel, with what the inbox shows kept up to date."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin.extensions import insert
from optin.models import Conversation
from optin.terms import Channel

PREVIEW = 160


def ensure(session: Session, numbers: Iterable[str], at: datetime, channel: Channel = Channel.SMS) -> dict[str, int]:
    """Return the conversation id of each number (E.164 or as received), making those that are missing."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    session.execute(
        insert(session, Conversation)
        .values(
            [
                {"channel": channel, "number": number, "created_at": at, "preview": "", "unread": 0, "version": 0}
                for number in wanted
            ]
        )
        .on_conflict_do_nothing(index_elements=["channel", "number"])
    )
    rows = session.execute(
        select(Conversation.number, Conversation.id).where(
            Conversation.channel == channel, Conversation.number.in_(wanted)
        )
    )
    return {str(number): int(conversation_id) for number, conversation_id in rows}


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


def touch(session: Session, conversation_id: int | None) -> None:
    """Say that something in the thread changed, so that open pages fetch it."""
    if conversation_id is not None:
        session.execute(
            update(Conversation).where(Conversation.id == conversation_id).values(version=Conversation.version + 1)
        )
