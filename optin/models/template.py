"""Texts that users save for reuse."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.user import User


class MessageTemplate(Base):
    """A text with a name; `body` may have merge fields, which are filled in where it is sent."""

    __tablename__ = "message_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    updated_by: Mapped[User | None] = relationship()


Index("uq_message_template_name_lower", func.lower(MessageTemplate.name), unique=True)
