"""What a segment costs."""

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from optin.database.session import Base


class SegmentPrice(Base):
    """The price of an outgoing segment to a country from a kind of sender, and the carrier fee on it.

    It is in force from the day `valid_from` (ISO 8601, by UTC) until the next one of its country and kind. Both amounts
    are millionths of one unit of `currency` (ISO 4217).
    """

    __tablename__ = "segment_price"
    __table_args__ = (UniqueConstraint("country", "sender_kind", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(String(2))
    sender_kind: Mapped[str] = mapped_column(String(20))
    valid_from: Mapped[str] = mapped_column(String(10))
    currency: Mapped[str] = mapped_column(String(3))
    price: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger, default=0)
