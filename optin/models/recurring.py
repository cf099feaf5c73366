"""Broadcasts that go out again and again: when, and with which text."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.enums import Channel
from optin.models.campaign import Campaign
from optin.models.sender import Sender
from optin.models.user import User


class RecurringBroadcast(Base):
    """What each date of a recurring broadcast is made from; the broadcasts have its id (sending/recurring.py).

    `first` and `until` are a local time and day as ISO 8601 has them, in `zone`: the dates are those of the clock on
    the wall (texts/recurrence.py). Each date's last time comes `lasts` minutes after it. `made` is the number of the
    newest date of which there is a broadcast. Whoever changes it makes another `version`; what was changed stands in
    the audit trail.
    """

    __tablename__ = "recurring_broadcast"
    __table_args__ = (
        Index("ix_recurring_broadcast_campaign", "campaign_id", "id"),
        Index("ix_recurring_broadcast_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    sender_id: Mapped[int] = mapped_column(ForeignKey("sender.id"))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    every: Mapped[str] = mapped_column(String(10))
    days: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    first: Mapped[str] = mapped_column(String(19))
    zone: Mapped[str] = mapped_column(String(64))
    until: Mapped[str | None] = mapped_column(String(10))
    times: Mapped[int | None]
    lasts: Mapped[int | None]
    spread_over: Mapped[int | None]
    canary: Mapped[bool] = mapped_column(default=False, server_default=false())
    leaves_out_empty: Mapped[bool] = mapped_column(default=False, server_default=false())
    leaves_out_often: Mapped[bool] = mapped_column(default=False, server_default=false())
    shortens: Mapped[bool] = mapped_column(default=False, server_default=false())
    made: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    finished_at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship()
    sender: Mapped[Sender] = relationship()
    created_by: Mapped[User | None] = relationship()
