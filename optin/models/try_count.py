"""How often something has been tried recently, across all processes."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from optin.database.session import Base


class TryCount(Base):
    """Tries of one kind under one key since `started_at`; worth nothing from `ends_at` on (queries/throttle.py)."""

    __tablename__ = "try_count"
    __table_args__ = (Index("ix_try_count_kind", "kind", "ends_at"), Index("ix_try_count_ends_at", "ends_at"))

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    count: Mapped[int]
