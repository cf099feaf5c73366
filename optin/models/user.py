"""People who sign in, their one-time links, and the trail of what they changed."""

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, String, Text, false, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.enums import Role
from optin.models.index_conditions import is_in_settings_trail, is_of_setting, partial_index


class User(UserMixin, Base):  # type: ignore[misc]
    """Somebody who signs in. `mobile` (E.164) is a number that a code has shown to be theirs.

    `may_download`: an agent may take personal data out of Optin as files; admins always may.
    `session_token` is that of the session that has just begun; it stands in the cookie and nowhere else.
    """

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(10), default=Role.AGENT)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    mobile: Mapped[str | None] = mapped_column(String(32))
    mobile_verified_at: Mapped[datetime | None]
    may_download: Mapped[bool] = mapped_column(default=False, server_default=false())
    checklist_hidden_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]

    session_token = ""
    # Flask-Login compares users by `get_id`, which tells sessions apart here and not users.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def get_id(self) -> str:
        """Return what the session cookie carries."""
        return self.session_token

    @property
    def is_active(self) -> bool:
        """Tell Flask-Login that a disabled user cannot sign in."""
        return self.disabled_at is None

    def may(self, needed: Role) -> bool:
        """Tell whether this user's role covers `needed`."""
        return Role(self.role).covers(needed)

    @property
    def downloads(self) -> bool:
        """Tell whether this user may take personal data out of Optin as files."""
        return self.may(Role.ADMIN) or (self.may(Role.AGENT) and self.may_download)


class NumberCode(Base):
    """The code that was last texted to a number, so that its user shows whose it is; `tries` were made with it.

    It stands here and in no message: whoever reads conversations must not learn it.
    """

    __tablename__ = "number_code"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(6))
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]


class SignInLink(Base):
    """A link that signs in one user once; only its hash is kept."""

    __tablename__ = "sign_in_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class AuditEntry(Base):
    """One change by a user to a setting or a record: who, when, what, from, to."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject_kind", "subject_id", "id"),
        partial_index("ix_audit_entry_kind", "subject_kind", "id", where=is_in_settings_trail),
        partial_index("ix_audit_entry_user", "user_id", "id", where=is_in_settings_trail),
        partial_index("ix_audit_entry_setting", "subject_kind", "field", "id", where=is_of_setting),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    action: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    field: Mapped[str] = mapped_column(String(80), default="")
    before: Mapped[str] = mapped_column(Text, default="")
    after: Mapped[str] = mapped_column(Text, default="")

    user: Mapped[User | None] = relationship()


Index("uq_user_email_lower", func.lower(User.email), unique=True)
