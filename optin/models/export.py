"""Exports of everything, and the pieces of their files."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.user import User


class ExportRun(Base):
    """One export of everything, made by a background task (`task_id`). It can be downloaded once it is finished.

    It shows everything as of `moment`; `rows`, `size` and `digest` (SHA-256) are of its file, which is gone from
    `forgotten_at` on.
    """

    __tablename__ = "export_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    moment: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")

    created_by: Mapped[User | None] = relationship()


class ExportPart(Base):
    """A piece of the file, so that every process can give it; the pieces follow one another by `place`."""

    __tablename__ = "export_part"

    run_id: Mapped[int] = mapped_column(ForeignKey("export_run.id"), primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)
