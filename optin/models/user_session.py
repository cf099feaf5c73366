"""Sessions: which users are signed in, and on which devices."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.user import User


class UserSession(Base):
    """A user who is signed in with one browser, until it ends; only the hash of the cookie's token is kept.

    `seen_at` is coarse (optin/web/sessions.py). `linked_at`: when a one-time link stood for the password. `browser` are
    words such as "Firefox on Windows", `address` is where the session began.
    """

    __tablename__ = "user_session"
    __table_args__ = (Index("ix_user_session_user", "user_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    browser: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(45))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    linked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
