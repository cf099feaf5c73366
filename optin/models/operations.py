"""What running the installation needs to remember: whether anything may be sent, and what was asked of Twilio."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.index_conditions import is_not_finished, partial_index
from optin.models.sender import Sender
from optin.models.user import User


class SendingGate(Base):
    """The one row without which nothing starts; see optin/sending/gate.py. A database without it was restored.

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


class SendingStop(Base):
    """The one row while a user has stopped all sending; see optin/sending/stop_all.py. No row: nobody has.

    `by_id` is None where the user is not known in this database.
    """

    __tablename__ = "sending_stop"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(String(200), default="", server_default=text("''"))

    by: Mapped[User | None] = relationship()


class Reconciliation(Base):
    """How far a comparison with Twilio's message list has come; one row a kind, leased by whoever is at it."""

    __tablename__ = "reconciliation"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    done_until: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    found: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(255), default="")


class SendingPause(Base):
    """Twilio refuses all that goes from the account (`sender_id` None) or from one sender, while it `is_open`.

    One row for each that ever was; `scope` is its name, `ended_at` when it worked again (None: nobody knows). From
    `next_try_at` on one message (`try_id`) finds out whether it works again. `reported`: a status report told it, so
    that only what becomes of the try proves anything.
    """

    __tablename__ = "sending_pause"

    scope: Mapped[str] = mapped_column(String(30), primary_key=True)
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("sender.id"))
    error_code: Mapped[int | None]
    http_status: Mapped[int] = mapped_column(default=0)
    reported: Mapped[bool] = mapped_column(default=False)
    is_open: Mapped[bool] = mapped_column(default=True)
    began_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    try_id: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    ended_at: Mapped[datetime | None]

    sender: Mapped[Sender | None] = relationship()


class SendingPace(Base):
    """Until when the time of a sender, or of a broadcast that is spread, is taken up (microseconds since 1970)."""

    __tablename__ = "sending_pace"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    owner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    taken_until: Mapped[int] = mapped_column(BigInteger)


class StartedMinute(Base):
    """How many broadcast messages started in a minute (since 1970) while there was a limit; see sending/limits.py."""

    __tablename__ = "started_minute"

    minute: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    started: Mapped[int]


class BackgroundTask(Base):
    """Work that outlasts a request; see optin/jobs/background.py. `name` says which, `arguments` on what.

    `state` is what its steps note for one another, `done` of about `total` how far they have come. Of the unfinished
    ones no two have the same `key`. `ended_because` says in a sentence why it was over before its end.
    """

    __tablename__ = "background_task"
    __table_args__ = (partial_index("ix_background_task_open", "id", where=is_not_finished),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    key: Mapped[str | None] = mapped_column(String(80), unique=True)
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    done: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    total: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    failures: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    stop_asked_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    ended_because: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))

    created_by: Mapped[User | None] = relationship()


class WriteCheck(Base):
    """The one row that is written to find out whether anything can be stored; see optin/storage/write_check.py."""

    __tablename__ = "write_check"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
