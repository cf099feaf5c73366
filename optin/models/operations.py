"""What running the installation needs to remember: whether anything may be sent, and what was asked of Twilio."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from optin.extensions import Base


class SendingGate(Base):
    """The one row without which nothing starts; see optin/messaging/gate.py. A database without it was restored.

    `beat` counts the signs of life, the last at `alive_at`; `generation` tells this database from others. While it is
    closed, people may have opted out since `unsure_since` without our knowing.
    """

    __tablename__ = "sending_gate"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    generation: Mapped[str | None] = mapped_column(String(32))
    beat: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    alive_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closure: Mapped[str | None] = mapped_column(String(20))
    unsure_since: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]


class Reconciliation(Base):
    """How far a comparison with Twilio's message list has come; one row a kind, leased by whoever is at it."""

    __tablename__ = "reconciliation"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    done_until: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    found: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(255), default="")
