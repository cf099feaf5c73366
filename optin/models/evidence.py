"""Files that users give as evidence, each content once, by its SHA-256."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from optin.database.session import Base


class GivenFile:
    """What is known of each file: `given_at` is when somebody last gave it, `given_by_id` who did first."""

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    media_type: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    given_at: Mapped[datetime]
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class DisclosureImage(GivenFile, Base):
    """A picture of what people saw, such as the poster."""

    __tablename__ = "disclosure_image"

    width: Mapped[int]
    height: Mapped[int]

    @property
    def name(self) -> str:
        """Return what tells it from others in the History tab: its kind, its sides, the head of its digest."""
        return f"{self.media_type.removeprefix('image/').upper()}, {self.width} × {self.height}, {self.digest[:8]}"


class EvidenceFile(GivenFile, Base):
    """A scan, photo or PDF of how people agreed; `name` is what the file was called when it was last given."""

    __tablename__ = "evidence_file"

    name: Mapped[str] = mapped_column(String(120))
