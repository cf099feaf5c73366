"""Fields of one's own on contacts and leads: what they are, the lists to choose from, and what each person has."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.index_conditions import has_number, has_option, partial_index

_BY_CODE_POINT = String(80).with_variant(String(80, collation="C"), "postgresql")


class OwnField(Base):
    """A field that admins have added to contacts and leads; `kind` is a FieldKind.

    `key` names it in merge fields and imports and never changes; `place` orders them. An archived field keeps its
    values and is not shown; of one that is being deleted (`deleted_at`) the values go in the background.
    Any change renews the CacheToken, as one of settings does.
    """

    __tablename__ = "own_field"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    label: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(10))
    help: Mapped[str] = mapped_column(String(200), default="")
    place: Mapped[int]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    options: Mapped[list["OwnOption"]] = relationship(order_by="OwnOption.id", cascade="all, delete-orphan")


class OwnOption(Base):
    """What can be chosen in a field that is one of a list, in the order of their ids."""

    __tablename__ = "own_option"

    id: Mapped[int] = mapped_column(primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("own_field.id"), index=True)
    label: Mapped[str] = mapped_column(String(80))


class OwnValue(Base):
    """What a person has in a field of one's own; who has nothing has no row. It goes with the person.

    `text` is the value in the one form that own_fields/kinds.py reads: a text, "12.5", "2026-05-03", "yes". One of a
    list is its option instead, so that it can be renamed. Sorted and compared is by `folded` (small letters, the
    beginning of a text; a day, yes or no as it is), by `number`, or by the option.
    """

    __tablename__ = "own_value"
    __table_args__ = (
        Index("ix_own_value_field", "field_id", "folded", "person_id"),
        partial_index("ix_own_value_number", "field_id", "number", "person_id", where=has_number),
        partial_index("ix_own_value_option", "option_id", "person_id", where=has_option),
        CheckConstraint("(text IS NULL) <> (option_id IS NULL)", name="text_or_option"),
        {"sqlite_with_rowid": False},
    )

    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    field_id: Mapped[int] = mapped_column(ForeignKey("own_field.id"), primary_key=True, autoincrement=False)
    text: Mapped[str | None] = mapped_column(String(255))
    folded: Mapped[str | None] = mapped_column(_BY_CODE_POINT)
    number: Mapped[float | None] = mapped_column(Float(53))
    option_id: Mapped[int | None] = mapped_column(ForeignKey("own_option.id"))
