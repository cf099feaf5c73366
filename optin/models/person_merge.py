"""Records that became one: what it takes to undo it for a day, and where the merged record leads."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.index_conditions import is_undoable, partial_index
from optin.models.person import Person
from optin.models.user import User


class PersonMerge(Base):
    """Two records were merged: `merged_id` is empty since and leads to `kept_id`.

    `before` (person/merge_snapshot.py) is what an undo needs; it is gone once that is no longer possible.
    """

    __tablename__ = "person_merge"
    __table_args__ = (
        Index("ix_person_merge_kept", "kept_id", "id"),
        Index("ix_person_merge_merged", "merged_id", "id"),
        partial_index("ix_person_merge_open", "at", where=is_undoable),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    merged_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    kept: Mapped[Person] = relationship(foreign_keys=[kept_id])
    merged: Mapped[Person] = relationship(foreign_keys=[merged_id])
    by: Mapped[User | None] = relationship(foreign_keys=[by_id])
