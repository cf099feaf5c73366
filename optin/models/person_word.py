"""The words by which people are found."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from optin.database.session import Base

LONGEST = 80
_BY_CODE_POINT = String(LONGEST).with_variant(String(LONGEST, collation="C"), "postgresql")


class PersonWord(Base):
    """A word of a person's names or company, their email address, or its domain, in small letters.

    Triggers of the database write it with the person (migration 0011). PostgreSQL compares these words by code point,
    as SQLite does, so that the words with the same beginning are one range of the index.
    """

    __tablename__ = "person_word"
    __table_args__ = (Index("ix_person_word", "word", "person_id"), {"sqlite_with_rowid": False})

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(_BY_CODE_POINT, primary_key=True)
