"""Contacts and leads."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin import phone
from optin.database.session import Base
from optin.models.imports import ImportRun
from optin.models.index_conditions import has_email, is_imported, is_merged, partial_index
from optin.models.user import User

MERGED = "merged"
"""The kind of a record that was merged into another: no list has it. It stands behind all others."""


class Person(Base):
    """A contact or a lead. `mobile` is E.164 or None; several people may share one number.

    `sort_name` (casefolded "last first") orders lists.
    `us_state` is the state of their address in the US, "" where none is known. `zones` are the time zones of the number
    and of that state joined by "|", or the override. `import_run_id` is the import that made them.
    A record that was merged into another is of the kind MERGED, empty, and stays for what refers to it: its messages.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_list", "kind", "sort_name", "id"),
        Index("ix_person_mobile", "mobile", "kind", "id"),
        Index("ix_person_tail", text("substr(mobile, length(mobile) - 3)")),
        Index("ix_person_email", "email"),
        Index("ix_person_by_company", "kind", "company", "id"),
        Index("ix_person_by_email", "kind", "email", "id"),
        Index("ix_person_created", "kind", "created_at", "id"),
        Index("ix_person_owner", "owner_id", "kind", "sort_name", "id"),
        partial_index("ix_person_import", "import_run_id", "id", where=is_imported),
        partial_index("ix_person_email_folded", text("lower(email)"), where=has_email),
        partial_index("ix_person_merged_into", "merged_into_id", where=is_merged),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    first_name: Mapped[str] = mapped_column(String(80), default="")
    last_name: Mapped[str] = mapped_column(String(80), default="")
    sort_name: Mapped[str] = mapped_column(String(170))
    mobile: Mapped[str | None] = mapped_column(String(32))
    email: Mapped[str] = mapped_column(String(254), default="")
    company: Mapped[str] = mapped_column(String(120), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    us_state: Mapped[str] = mapped_column(String(2), default="", server_default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    zones: Mapped[str] = mapped_column(Text, default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    converted_at: Mapped[datetime | None]
    converted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))
    merged_into_id: Mapped[int | None]

    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])
    import_run: Mapped[ImportRun | None] = relationship()
    merged_into: Mapped["Person | None"] = relationship(
        primaryjoin="foreign(Person.merged_into_id) == remote(Person.id)", viewonly=True
    )

    def name_in(self, region: str) -> str:
        """Return "First Last", or what there is of it, else what tells this person from others.

        A number is that as people in `region` (two letters) write it. A merged record has the name of the kept one.
        """
        if self.merged_into_id and self.merged_into:
            return self.merged_into.name_in(region)
        number = phone.display(self.mobile, region) if self.mobile else ""
        return f"{self.first_name} {self.last_name}".strip() or number or self.email or "No name"
