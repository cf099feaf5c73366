"""Figures that take long to count, kept with the moment at which they were counted."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from optin.database.session import Base
from optin.models.index_conditions import is_asked_for, partial_index


class Figure(Base):
    """What was counted last ("" before the first time); `asked_at`: somebody looked and it is to be counted again.

    Nothing depends on these rows: without them everything is counted again.
    """

    __tablename__ = "figure"
    __table_args__ = (partial_index("ix_figure_asked", "asked_at", where=is_asked_for),)

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[str] = mapped_column(Text, default="")
    counted_at: Mapped[datetime | None]
    seconds: Mapped[float] = mapped_column(default=0.0)
    asked_at: Mapped[datetime | None]
