"""Views of the lists of people: filters, columns and an order under a name."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.user import User


class SavedView(Base):
    """A view of contacts or of leads (`kind`), made by its owner. `holder` is their id, 0 where it is the team's.

    `filters` are as optin/person/filters/terms.py stores them, `columns` the names of the list's columns (none: as it
    has them by itself), `sort` as an address says it. `name_key` is the name as names are compared.
    """

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("kind", "holder", "name_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(180))
    holder: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    filters: Mapped[list[Any]] = mapped_column(JSON)
    columns: Mapped[list[str]] = mapped_column(JSON)
    sort: Mapped[str] = mapped_column(String(20), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    owner: Mapped[User] = relationship()

    @property
    def is_shared(self) -> bool:
        """Tell whether it is the team's."""
        return self.holder == 0


class DefaultView(Base):
    """The view with which a user's list of a kind of people opens."""

    __tablename__ = "default_view"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    view_id: Mapped[int] = mapped_column(ForeignKey("saved_view.id", ondelete="CASCADE"))
