"""Opt-in keywords with their words (the keyword itself and its aliases) and versioned disclosures."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.evidence import DisclosureImage
from optin.models.index_conditions import is_main, partial_index
from optin.models.user import User

MERGE_FIELDS = ("brand", "keyword", "frequency")
CONFIRMATION = (
    "{{ brand }}: you are signed up for {{ keyword }} texts. {{ frequency | Msg frequency varies }}. "
    "Msg & data rates may apply. Reply HELP for help, STOP to cancel."
)
QUESTION = (
    "{{ brand }}: reply YES to get {{ keyword }} texts. {{ frequency | Msg frequency varies }}. "
    "Msg & data rates may apply. Reply HELP for help, STOP to cancel."
)


class Keyword(Base):
    """A word that a person texts in to opt in. `word` is as typed; the words that match stand in KeywordWord.

    `confirmation` and `question` are templates with the MERGE_FIELDS; their defaults say what carriers ask for (CTIA,
    Messaging Principles and Best Practices: brand, programme, frequency, rates, HELP and STOP).
    """

    __tablename__ = "keyword"
    __table_args__ = (Index("ix_keyword_word", "word", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(30))
    description: Mapped[str] = mapped_column(Text, default="")
    frequency: Mapped[str] = mapped_column(String(80), default="")
    double_opt_in: Mapped[bool] = mapped_column(default=False)
    confirmation: Mapped[str] = mapped_column(Text, default=CONFIRMATION)
    question: Mapped[str] = mapped_column(Text, default=QUESTION)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    archived_at: Mapped[datetime | None]
    archived_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    words: Mapped[list["KeywordWord"]] = relationship(
        back_populates="keyword", cascade="all, delete-orphan", order_by="KeywordWord.id"
    )
    disclosures: Mapped[list["Disclosure"]] = relationship(
        back_populates="keyword", order_by="Disclosure.version.desc()"
    )
    created_by: Mapped[User | None] = relationship(foreign_keys=[created_by_id])

    @property
    def aliases(self) -> list[str]:
        """Return the other words that match, as typed."""
        return [word.word for word in self.words if not word.is_main]


class KeywordWord(Base):
    """A word that matches a keyword; unique in normal form over keywords and aliases."""

    __tablename__ = "keyword_word"
    __table_args__ = (partial_index("uq_keyword_word_main", "keyword_id", unique=True, where=is_main),)

    id: Mapped[int] = mapped_column(primary_key=True)
    keyword_id: Mapped[int] = mapped_column(ForeignKey("keyword.id"), index=True)
    word: Mapped[str] = mapped_column(String(30))
    normal: Mapped[str] = mapped_column(String(60), unique=True)
    is_main: Mapped[bool] = mapped_column(default=False)

    keyword: Mapped[Keyword] = relationship(back_populates="words")


class Disclosure(Base):
    """What the person was told where they saw the keyword; a new version for each change.

    They are promised at most so many texts a day, week or month (enums.Per), None: nothing (consent/promises.py).
    """

    __tablename__ = "disclosure"
    __table_args__ = (UniqueConstraint("keyword_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    keyword_id: Mapped[int] = mapped_column(ForeignKey("keyword.id"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(String(500), default="")
    image_id: Mapped[int | None] = mapped_column(ForeignKey("disclosure_image.id"))
    promised_most: Mapped[int | None]
    promised_per: Mapped[str | None] = mapped_column(String(5))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    keyword: Mapped[Keyword] = relationship(back_populates="disclosures")
    image: Mapped[DisclosureImage | None] = relationship()
    created_by: Mapped[User | None] = relationship()
