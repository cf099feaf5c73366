"""Policy that admins set, one row a setting; and the token that changes with them, with keywords and with senders."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from optin.database.session import Base


class Setting(Base):
    """A setting that was changed from its default; the value is JSON text (see optin/policy/policy.py)."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class CacheToken(Base):
    """One row: a random token that the database itself renews with every change of settings, keywords, words and
    senders, in the same transaction (triggers of migration 0007). What was read at one token may be kept until another
    stands here: a counter would stand at an old value again after a restore from a backup, with other contents."""

    __tablename__ = "in_force_token"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    token: Mapped[str] = mapped_column(String(36))
