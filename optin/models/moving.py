"""A move from Twilio for Salesforce: how far it is, what is put by for it, and what was moved for good."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.imports import ImportRun


class Move(Base):
    """What a move has besides its import run, which holds the files, the state and the line.

    `files` are by object the file and its columns; `stage` is what is at work and `place` the number that it has come
    to, where it goes by number. `keywords` are the names of the export's keywords by their ids.
    `checked` and `counts` count rows by object and outcome: what would happen, and what did.
    """

    __tablename__ = "move"

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True, autoincrement=False)
    stage: Mapped[str] = mapped_column(String(12))
    place: Mapped[str] = mapped_column(String(32), default="")
    files: Mapped[dict[str, Any]] = mapped_column(JSON)
    keywords: Mapped[dict[str, str]] = mapped_column(JSON)
    checked: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON)
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON)

    run: Mapped[ImportRun] = relationship()


class MoveSign(Base):
    """What a row of the export says of a number's consent, kept until all rows are read; gone with the files.

    `kind` is the object of its file, `said` the sign, `cells` the row as it was read, where it may come back in a file.
    """

    __tablename__ = "move_sign"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    cells: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class MovedRecord(Base):
    """A record of Salesforce that is here: by its kind and key the id of ours, so that a second move finds it again."""

    __tablename__ = "moved_record"
    __table_args__ = (
        Index("ix_moved_record_of", "kind", "record_id"),
        {"sqlite_with_rowid": False},
    )

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    record_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    moved_at: Mapped[datetime]
