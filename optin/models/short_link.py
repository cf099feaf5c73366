"""Short links in the texts of broadcasts, and how often they were opened in each hour; nothing of who did."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.enums import Variant
from optin.models.campaign import Broadcast


class ShortLink(Base):
    """A code that leads from our domain, `host`, to a `link` as it was typed; neither ever changes.

    There is one for each link of a broadcast's text (`variant`: of which, where two are tested), in their order
    (`place`). One without a broadcast stood in a test that a user sent to themselves.
    """

    __tablename__ = "short_link"
    __table_args__ = (UniqueConstraint("broadcast_id", "variant", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    host: Mapped[str] = mapped_column(String(100))
    link: Mapped[str] = mapped_column(Text)
    broadcast_id: Mapped[int | None] = mapped_column(ForeignKey("broadcast.id"))
    variant: Mapped[str] = mapped_column(String(1), default=Variant.A, server_default=text("'a'"))
    place: Mapped[int]
    made_at: Mapped[datetime]

    broadcast: Mapped[Broadcast | None] = relationship()


class ShortLinkClicks(Base):
    """How often a short link was opened in the hour that began at `hour`, as far as people did it."""

    __tablename__ = "short_link_clicks"

    short_link_id: Mapped[int] = mapped_column(ForeignKey("short_link.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    clicks: Mapped[int]

    short_link: Mapped[ShortLink] = relationship()
