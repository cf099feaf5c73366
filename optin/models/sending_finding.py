"""Messages that should not have gone, as the nightly check finds them."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.ledger import ConsentEvent
from optin.models.message import Message


class SendingFinding(Base):
    """A message that started although its number had left: `reason`, since when, and by which event of the log.

    `event_id` and `since` are None where there never was consent.
    """

    __tablename__ = "sending_finding"

    message_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("message.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    reason: Mapped[str] = mapped_column(String(15))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("consent_event.id"))
    since: Mapped[datetime | None]
    cause: Mapped[str] = mapped_column(String(15))
    found_at: Mapped[datetime]

    message: Mapped[Message] = relationship()
    event: Mapped[ConsentEvent | None] = relationship()
