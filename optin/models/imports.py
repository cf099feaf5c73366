"""Imports: a file that a user gave, what became of its rows, and what it takes to undo it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.models.evidence import EvidenceFile
from optin.models.user import User


class ImportRun(Base):
    """One file to import, from its upload to its result. `kind`, `state` and `known` are terms of features/imports/.

    `headers` are the file's, `header_ref` their hash: by it `mapping` (a column's index, as text, to the field) is
    remembered. `line` is the last line that the step under way has done, of `total` where that is known. `checked`
    counts what would happen, by each way with known people; `counts` what did. `round` tells the keys of one check from
    those of an earlier one. The file and its cells are gone from `forgotten_at` on. `consent` is what an admin said
    of the people's consent (features/imports/consent_choice.py), for which they vouched with their name
    (`attested_name`); `evidence_id` is the file that shows it, whose name and digest stand in `consent`.
    `undo_opt_outs` tells that undoing it takes back its opt-outs as well.
    `campaign_id` is where members are imported into.
    """

    __tablename__ = "import_run"
    __table_args__ = (Index("ix_import_run_headers", "header_ref", "kind", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    file_name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")
    encoding: Mapped[str | None] = mapped_column(String(40))
    delimiter: Mapped[str | None] = mapped_column(String(4))
    sheet: Mapped[str | None] = mapped_column(String(120))
    headers: Mapped[list[str]] = mapped_column(JSON, default=list)
    header_ref: Mapped[str] = mapped_column(String(64), default="")
    mapping: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    known: Mapped[str] = mapped_column(String(10), default="fill")
    round: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    line: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    total: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    checked: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON, default=dict)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]
    consent: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    attested_name: Mapped[str | None] = mapped_column(String(120))
    attested_at: Mapped[datetime | None]
    attested_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence_file.id"))
    undo_opt_outs: Mapped[bool] = mapped_column(default=False, server_default=false())
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))

    created_by: Mapped[User] = relationship(foreign_keys=[created_by_id])
    attested_by: Mapped[User | None] = relationship(foreign_keys=[attested_by_id])
    evidence: Mapped[EvidenceFile | None] = relationship()


class ImportPart(Base):
    """A piece of the file, so that every process can read it; the pieces follow one another by `place`."""

    __tablename__ = "import_part"

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ImportKey(Base):
    """By what a row's person is known, a number or an email address, and the first line of the file that has it."""

    __tablename__ = "import_key"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True, autoincrement=False)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(254), primary_key=True)
    line: Mapped[int]


class ImportRow(Base):
    """What a row of the file came to, where that is shown, comes back as a file, or can be undone.

    `known` is "" for what did happen, else the way with known people for which this would.
    `cells` is the row as it was read. Of a person that the run changed, `before` has the fields as they were and
    `changed_at` the moment that the record carries since. Both texts are gone once the file is forgotten.
    """

    __tablename__ = "import_row"

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True, autoincrement=False)
    known: Mapped[str] = mapped_column(String(10), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(10), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sentence: Mapped[str] = mapped_column(Text, default="")
    cells: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    person_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    changed_at: Mapped[datetime | None]
