"""Messages both ways, the conversations that hold them, and what Twilio said about their status."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.channels.address import Address
from optin.database.session import Base
from optin.enums import Channel
from optin.models.index_conditions import (
    has_started,
    has_word,
    is_closed,
    is_heard,
    is_inbound,
    is_leased,
    is_near_miss,
    is_not_closed,
    is_not_sent,
    is_on_its_way,
    is_queued,
    is_reply_that_counts,
    is_unassigned,
    is_unknown,
    is_unread,
    partial_index,
)
from optin.models.sender import Sender
from optin.models.user import User

_RECENT = ("last_message_at", "id")


class Conversation(Base):
    """All messages with one number on one channel. It carries what the inbox lists, so that the list stays cheap.

    `last_message_at` is None until somebody talks: a broadcast alone puts nothing into the inbox.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("channel", "number"),
        Index("ix_conversation_tail", text("substr(number, length(number) - 3)")),
        Index("ix_conversation_recent", "last_message_at", "id"),
        partial_index("ix_conversation_open", *_RECENT, where=is_not_closed),
        partial_index("ix_conversation_closed", *_RECENT, where=is_closed),
        partial_index("ix_conversation_unread", *_RECENT, where=is_unread),
        partial_index("ix_conversation_unread_mine", "assigned_to_id", where=is_unread),
        partial_index("ix_conversation_mine", "assigned_to_id", *_RECENT, where=is_not_closed),
        partial_index("ix_conversation_unassigned", *_RECENT, where=is_unassigned),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    number: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    last_message_at: Mapped[datetime | None]
    preview: Mapped[str] = mapped_column(String(160), default="")
    unread: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("sender.id"))
    assigned_to_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    @property
    def by(self) -> Channel:
        """Return its channel as a term."""
        return Channel(self.channel)

    @property
    def address(self) -> Address:
        """Return with whom it is."""
        return Address(self.by, self.number)

    sender: Mapped[Sender | None] = relationship()
    assigned_to: Mapped[User | None] = relationship(foreign_keys=[assigned_to_id])


class Message(Base):
    """One text, in or out. `number` is the other party's. An outbound row is the truth about its sending.

    queued -> claimed (leased by a job) -> sending (the start is committed) -> sent -> delivered | undelivered, or
    failed, skipped(reason), cancelled, unknown and then perhaps not_found. `queued_reason` is what the rule said when
    it was queued ("" that it may go, None in rows from before that was kept), `zones` where its start looked at the
    clock, and `us_state` by the state of which address it went. `segments` are as we count them, `segments_told` as
    Twilio said, None before that. An inbound row says what was read in it (`meaning`, `effect`); `word` is the normal
    form of an ordinary text that is one word, `written` the sender's address as Twilio wrote it where it says more than
    the number.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("broadcast_id", "number"),
        Index("ix_message_conversation", "conversation_id", "id"),
        partial_index("ix_message_due", "broadcast_id", "not_before", "id", where=is_queued),
        partial_index("ix_message_leased", "lease_until", where=is_leased),
        partial_index("ix_message_started", "started_at", where=has_started),
        partial_index("ix_message_unsettled", "id", where=is_unknown),
        partial_index("ix_message_inbound", "created_at", where=is_inbound),
        partial_index("ix_message_heard", "created_at", where=is_heard),
        partial_index("ix_message_waiting_number", "number", where=is_on_its_way),
        Index("ix_message_broadcast", "broadcast_id", "status", "id"),
        partial_index("ix_message_not_sent", "broadcast_id", "reason", "id", where=is_not_sent),
        Index("ix_message_number", "number", "id"),
        partial_index("ix_message_replies", "number", "created_at", where=is_reply_that_counts),
        partial_index("ix_message_word", "word", "number", "created_at", where=has_word),
        partial_index("ix_message_near", "near_keyword_id", "id", where=is_near_miss),
        partial_index("ix_message_near_recent", "created_at", where=is_near_miss),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    direction: Mapped[str] = mapped_column(String(10))
    sid: Mapped[str | None] = mapped_column(String(34), unique=True)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id"))
    number: Mapped[str] = mapped_column(String(32))
    written: Mapped[str | None] = mapped_column(String(200))
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("sender.id"))
    body: Mapped[str] = mapped_column(Text, default="")
    segments: Mapped[int] = mapped_column(default=1)
    segments_told: Mapped[int | None]
    media_count: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    # inbound: what was read in it and what it did
    meaning: Mapped[str | None] = mapped_column(String(20))
    effect: Mapped[str] = mapped_column(String(255), default="")
    word: Mapped[str | None] = mapped_column(String(30))
    near_keyword_id: Mapped[int | None] = mapped_column(ForeignKey("keyword.id"))

    # outbound: why, for whom, and the decision that allowed or skipped it
    purpose: Mapped[str | None] = mapped_column(String(12))
    reply_kind: Mapped[str | None] = mapped_column(String(15))
    in_reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    broadcast_id: Mapped[int | None] = mapped_column(ForeignKey("broadcast.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    form_key: Mapped[str | None] = mapped_column(String(36), unique=True)
    opt_in_id: Mapped[int | None] = mapped_column(ForeignKey("opt_in.id", use_alter=True))
    queued_reason: Mapped[str | None] = mapped_column(String(15))
    reason: Mapped[str | None] = mapped_column(String(15))
    decided_at: Mapped[datetime | None]
    zones: Mapped[str | None] = mapped_column(Text)
    us_state: Mapped[str | None] = mapped_column(String(2))

    # outbound: the sending itself
    not_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error_code: Mapped[int | None]
    error_text: Mapped[str] = mapped_column(String(255), default="")

    conversation: Mapped[Conversation | None] = relationship()
    sender: Mapped[Sender | None] = relationship()
    author: Mapped[User | None] = relationship()


class StatusEvent(Base):
    """A status callback as it came, kept once per (SID, status); they come early, twice, out of order or never."""

    __tablename__ = "status_event"
    __table_args__ = (UniqueConstraint("sid", "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sid: Mapped[str] = mapped_column(String(34))
    status: Mapped[str] = mapped_column(String(20))
    message_id: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    error_code: Mapped[int | None]
    received_at: Mapped[datetime]


class CanaryMessage(Base):
    """A message that goes before the others of its broadcast; see optin/sending/canary.py."""

    __tablename__ = "canary_message"

    message_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("message.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"), index=True)


class VariantMessage(Base):
    """A message in the test of its broadcast's two texts, and which of them it says; see optin/sending/variants.py."""

    __tablename__ = "variant_message"

    message_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("message.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"), index=True)
    variant: Mapped[str] = mapped_column(String(1))
