"""Records that may be of one person, as a search in the background found them, and those that are not."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from optin.database.session import Base

LONGEST = 460


class DuplicateGroup(Base):
    """Records of which a search found that they may be one person; pages compare them anew.

    `place` orders groups, the surest first (person/duplicates.py); `round` is the search that saw it last.
    """

    __tablename__ = "duplicate_group"
    __table_args__ = ({"sqlite_with_rowid": False},)

    place: Mapped[str] = mapped_column(
        String(LONGEST).with_variant(String(LONGEST, collation="C"), "postgresql"), primary_key=True
    )
    people: Mapped[int]
    person_ids: Mapped[list[int]] = mapped_column(JSON)
    round: Mapped[int]


class NotDuplicate(Base):
    """A user said that two records are not of one person; `low_id` is the smaller id."""

    __tablename__ = "not_duplicate"
    __table_args__ = (
        CheckConstraint("low_id < high_id", name="ordered"),
        Index("ix_not_duplicate_high", "high_id"),
        {"sqlite_with_rowid": False},
    )

    low_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    high_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
