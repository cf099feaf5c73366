"""Opt-ins and what stands against sending: suppressions, holds, blocks. Only consent/ledger/ writes these."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.enums import Channel, EndReason, LabelledEnum, OptInStatus
from optin.models.imports import ImportRun
from optin.models.index_conditions import has_ended, has_not_ended, is_imported, is_live, is_pending, partial_index
from optin.models.keyword import Disclosure, Keyword
from optin.models.message import Message
from optin.models.user import User


def opt_in_name(opt_in_id: int) -> str:
    """Return the name of an opt-in's record, such as OI-001380."""
    return f"OI-{opt_in_id:06d}"


class OptIn(Base):
    """The consent of one number for one keyword; it outlives and predates any contact.

    Of one that an import made (`import_run_id`), `evidence` is what its row said: way, by, told, row.
    """

    __tablename__ = "opt_in"
    __table_args__ = (
        partial_index("uq_opt_in_live", "channel", "number", "keyword_id", unique=True, where=is_live),
        Index("ix_opt_in_number", "number", "status", "keyword_id", "channel"),
        Index("ix_opt_in_keyword_number", "keyword_id", "status", "number", "channel"),
        Index("ix_opt_in_keyword", "keyword_id", "id"),
        Index("ix_opt_in_tail", text("substr(number, length(number) - 3)")),
        Index("ix_opt_in_keyword_status", "keyword_id", "status", "id"),
        partial_index("ix_opt_in_expires", "expires_at", where=is_pending),
        partial_index("ix_opt_in_import", "import_run_id", "id", where=is_imported),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    number: Mapped[str] = mapped_column(String(32))
    keyword_id: Mapped[int] = mapped_column(ForeignKey("keyword.id"))
    status: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    message_sid: Mapped[str | None] = mapped_column(String(34))
    confirming_message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    confirming_message_sid: Mapped[str | None] = mapped_column(String(34))
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("sender.id"))
    disclosure_id: Mapped[int | None] = mapped_column(ForeignKey("disclosure.id"))
    comment: Mapped[str] = mapped_column(Text, default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    reaffirmed_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(20))
    end_message_sid: Mapped[str | None] = mapped_column(String(34))
    end_comment: Mapped[str] = mapped_column(Text, default="")
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    keyword: Mapped[Keyword] = relationship()
    disclosure: Mapped[Disclosure | None] = relationship()
    created_by: Mapped[User | None] = relationship(foreign_keys=[created_by_id])
    ended_by: Mapped[User | None] = relationship(foreign_keys=[ended_by_id])
    import_run: Mapped[ImportRun | None] = relationship()

    @property
    def name(self) -> str:
        """Return the record's name."""
        return opt_in_name(self.id)

    @property
    def state(self) -> LabelledEnum:
        """Return what a person sees as its status: why it ended if it did, else the status itself."""
        return EndReason(self.end_reason) if self.end_reason else OptInStatus(self.status)


class OptInPerson(Base):
    """The link from an opt-in to a person who has or had its number; for display, never for eligibility."""

    __tablename__ = "opt_in_person"

    opt_in_id: Mapped[int] = mapped_column(ForeignKey("opt_in.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    linked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Suppression(Base):
    """The number asked for no more messages at all, last at `asked_at`; at most one by each channel has not ended.

    `withdrawn_at`: it ended because the review decision that began it was withdrawn, or the text that began it was no
    request to stop; so it says nothing of the person. `import_run_id` is the import that began it.
    """

    __tablename__ = "suppression"
    __table_args__ = (
        partial_index("uq_suppression_open", "number", "channel", unique=True, where=has_not_ended),
        Index("ix_suppression_number", "number", "started_at"),
        partial_index("ix_suppression_open", "id", where=has_not_ended),
        partial_index("ix_suppression_import", "import_run_id", "id", where=is_imported),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    number: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    ended_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))


class PhraseOptOut(Base):
    """An opt-out that was read from a phrase, not from an exact opt-out word: a user may correct it.

    `phrase` is the piece of the text that was read as a request to stop; `reason` is the user's, once it was corrected.
    """

    __tablename__ = "phrase_opt_out"
    __table_args__ = (
        Index("ix_phrase_opt_out_number", "number", "id"),
        Index("ix_phrase_opt_out_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), unique=True)
    phrase: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    provider_at: Mapped[datetime | None]
    corrected_at: Mapped[datetime | None]
    corrected_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(Text, default="")

    message: Mapped[Message] = relationship()
    corrected_by: Mapped[User | None] = relationship()

    @property
    def when(self) -> datetime:
        """Return the moment that orders it among other events (events.Act.when)."""
        return self.provider_at or self.at


class Hold(Base):
    """A text of the number may have been a request to stop; a person decides. At most one by each channel is open.

    A decision that is withdrawn stays, with who withdrew it and when; a new hold about the same text stands beside it.
    """

    __tablename__ = "hold"
    __table_args__ = (
        partial_index("uq_hold_open", "number", "channel", unique=True, where=has_not_ended),
        partial_index("ix_hold_waiting", "started_at", "id", where=has_not_ended),
        partial_index("ix_hold_ended", "ended_at", where=has_ended),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    number: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    cause: Mapped[str] = mapped_column(String(20))
    trigger: Mapped[str] = mapped_column(Text, default="")
    ended_at: Mapped[datetime | None]
    resolution: Mapped[str | None] = mapped_column(String(20))
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    message: Mapped[Message | None] = relationship()
    resolved_by: Mapped[User | None] = relationship(foreign_keys=[resolved_by_id])
    withdrawn_by: Mapped[User | None] = relationship(foreign_keys=[withdrawn_by_id])


class ProviderBlock(Base):
    """Twilio itself refuses to send from one scope (Messaging Service or address) to one number."""

    __tablename__ = "provider_block"
    __table_args__ = (partial_index("uq_provider_block_open", "scope", "number", unique=True, where=has_not_ended),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(32))
    cause: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    ended_at: Mapped[datetime | None]


class NumberLoss(Base):
    """The carrier says that the number is not in use; a text from it ends that. At most one by each channel is open.

    `error_code` is Twilio's code of the message (`message_id`) that decided it.
    """

    __tablename__ = "number_loss"
    __table_args__ = (partial_index("uq_number_loss_open", "number", "channel", unique=True, where=has_not_ended),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    number: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    error_code: Mapped[int | None]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    ended_at: Mapped[datetime | None]
