"""The append-only record of consent events, and the personal payloads that can be erased."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from optin.database.session import Base
from optin.enums import Channel


class ConsentEvent(Base):
    """What happened to a number's consent. Never changed or deleted: triggers refuse it (migration 0001).

    `number_ref` is a keyed hash of the number and `payload_hash` a salted hash of the payload, so that the row says
    nothing about a person once the payload is erased, and still proves what it said.
    """

    __tablename__ = "consent_event"
    __table_args__ = (
        Index("ix_consent_event_number_ref", "number_ref", "id"),
        Index("ix_consent_event_keyword", "keyword_id", "kind", "at"),
        Index("ix_consent_event_kind", "kind", "at"),
        Index("ix_consent_event_opt_in", "opt_in_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    at: Mapped[datetime] = mapped_column(index=True)
    provider_at: Mapped[datetime | None]
    number_ref: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(10))
    keyword_id: Mapped[int | None] = mapped_column(ForeignKey("keyword.id"))
    opt_in_id: Mapped[int | None] = mapped_column(ForeignKey("opt_in.id"))
    message_sid: Mapped[str | None] = mapped_column(String(34))
    disclosure_id: Mapped[int | None] = mapped_column(ForeignKey("disclosure.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    detail: Mapped[str] = mapped_column(String(255), default="")
    payload_hash: Mapped[str] = mapped_column(String(64))


class ConsentPayload(Base):
    """The personal part of an event: number, text, comment; may be erased, the event stays verifiable."""

    __tablename__ = "consent_payload"

    event_id: Mapped[int] = mapped_column(ForeignKey("consent_event.id"), primary_key=True, autoincrement=False)
    salt: Mapped[str] = mapped_column(String(32))
    number: Mapped[str] = mapped_column(String(32), index=True)
    text: Mapped[str] = mapped_column(Text, default="")
