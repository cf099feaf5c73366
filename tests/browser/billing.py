"""For the gallery: prices of segments, of several days, countries and kinds of sender."""

from sqlalchemy.orm import Session

from optin.enums import SenderKind
from optin.models import SegmentPrice

PRICES = (
    ("US", SenderKind.LONG_CODE, "2025-01-01", 7_900, 3_000),
    ("US", SenderKind.LONG_CODE, "2026-01-01", 8_300, 3_000),
    ("US", SenderKind.TOLL_FREE, "2026-01-01", 8_300, 0),
    ("GB", SenderKind.LONG_CODE, "2100-01-01", 56_000, 0),
)


def have_prices(session: Session) -> None:
    """Enter the prices."""
    for country, kind, day, price, fee in PRICES:
        of = {"country": country, "sender_kind": kind, "valid_from": day, "currency": "USD"}
        session.add(SegmentPrice(**of, price=price, fee=fee))
    session.commit()
