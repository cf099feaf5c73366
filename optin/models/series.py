"""Series of texts after a keyword: their steps, and how far each number has come."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.enums import Channel
from optin.models.campaign import Broadcast, Campaign
from optin.models.index_conditions import has_turn_to_come, partial_index
from optin.models.keyword import Keyword
from optin.models.sender import Sender
from optin.models.user import User


class Series(Base):
    """Texts that each number gets one after the other from its opt-in with the keyword on (sending/series.py).

    With `takes_all`, those who had opted in before its start get them too, from the start on. Opt-ins with an id up to
    `taken_to` were looked at. What was due at `passed_to` or before may have been sent by another database, and is not
    sent here; one from an export (`is_copy`) goes on with that.
    """

    __tablename__ = "series"
    __table_args__ = (Index("ix_series_campaign", "campaign_id", "id"), Index("ix_series_state", "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    keyword_id: Mapped[int] = mapped_column(ForeignKey("keyword.id"))
    sender_id: Mapped[int] = mapped_column(ForeignKey("sender.id"))
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10))
    takes_all: Mapped[bool] = mapped_column(default=False, server_default=false())
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    taken_to: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    passed_to: Mapped[datetime | None]
    is_copy: Mapped[bool] = mapped_column(default=False, server_default=false())

    campaign: Mapped[Campaign] = relationship()
    keyword: Mapped[Keyword] = relationship()
    sender: Mapped[Sender] = relationship()
    created_by: Mapped[User | None] = relationship()


class SeriesStep(Base):
    """The text of a series at a place from 1 on, `wait` minutes after what was before it, then `at` a time of day.

    `at` is None, or the minutes since midnight where the person is. Its messages are those of one broadcast, which is
    made with the first of them: a number is in it once, as in any broadcast.
    """

    __tablename__ = "series_step"
    __table_args__ = (UniqueConstraint("series_id", "place"), UniqueConstraint("broadcast_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    place: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    wait: Mapped[int]
    at: Mapped[int | None]
    broadcast_id: Mapped[int | None] = mapped_column(ForeignKey("broadcast.id"))

    broadcast: Mapped[Broadcast | None] = relationship()
    series: Mapped[Series] = relationship()


class SeriesNumber(Base):
    """How far a number has come in a series: the `step` whose turn is next, which only ever goes up.

    `opt_in_id` is the newest opt-in that took it in. It is looked at again at `due_at`, None where nothing is to come;
    its last turn was at `turn_at`, None before the first.
    """

    __tablename__ = "series_number"
    __table_args__ = (
        partial_index("ix_series_number_due", "series_id", "due_at", where=has_turn_to_come),
        partial_index("ix_series_number_step", "series_id", "step", where=has_turn_to_come),
    )

    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    opt_in_id: Mapped[int] = mapped_column(ForeignKey("opt_in.id"))
    step: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    due_at: Mapped[datetime | None]
    turn_at: Mapped[datetime | None]
