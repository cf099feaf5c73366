"""Our own addresses: numbers, short codes and Messaging Services."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from optin import channels
from optin.database.session import Base
from optin.enums import Channel


class Sender(Base):
    """One of our addresses. Its kind and `advanced_opt_out` say who answers STOP.

    `segments_per_second` is its pace (sending/pace.py), None for none.
    """

    __tablename__ = "sender"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    address: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    messaging_service_sid: Mapped[str | None] = mapped_column(String(34))
    advanced_opt_out: Mapped[bool] = mapped_column(default=False)
    segments_per_second: Mapped[float | None]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    @property
    def sends(self) -> bool:
        """Tell whether we send by its channel at all; else it only receives."""
        return channels.rules_of(self.channel).sends

    @property
    def scope(self) -> str:
        """Return what a block at Twilio is keyed by: the Messaging Service if there is one, else the address."""
        return self.messaging_service_sid or self.address
