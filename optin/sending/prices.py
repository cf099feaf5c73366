"""What segments cost: the prices in force on a day, and their sum over countries, in whole millionths."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import SenderKind
from optin.models import SegmentPrice
from optin.texts import money

PRICED = (SenderKind.LONG_CODE, SenderKind.TOLL_FREE, SenderKind.SHORT_CODE, SenderKind.SERVICE)
"""The kinds of sender that have prices. A Messaging Service without any costs what a long code does."""


@dataclass(frozen=True)
class Price:
    """What one segment costs in all, price and carrier fee, in millionths of a currency."""

    amount: int
    currency: str


@dataclass(frozen=True)
class Cost:
    """Sums in millionths by currency; `unpriced` are the countries with segments but without a price."""

    amounts: Mapping[str, int]
    unpriced: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """Say the sum, "" where no country has a price: "$19.37", "$19.37 and €2.10"."""
        return " and ".join(money.said(amount, currency) for currency, amount in sorted(self.amounts.items()))

    def __add__(self, other: "Cost") -> "Cost":
        """Add another sum to this one."""
        amounts = dict(self.amounts)
        for currency, amount in other.amounts.items():
            amounts[currency] = amounts.get(currency, 0) + amount
        return Cost(amounts, tuple(dict.fromkeys([*self.unpriced, *other.unpriced])))


def in_force(session: Session, kind: str, day: date) -> dict[str, Price]:
    """Return the prices by country of segments from a kind of sender on a day; countries without one are missing."""
    kinds = (SenderKind.LONG_CODE, SenderKind.SERVICE) if kind == SenderKind.SERVICE else (SenderKind(kind),)
    rows = session.scalars(
        select(SegmentPrice)
        .where(SegmentPrice.sender_kind.in_(kinds), SegmentPrice.valid_from <= day.isoformat())
        .order_by(SegmentPrice.valid_from)
    ).all()
    return {
        row.country: Price(row.price + row.fee, row.currency)
        for each in kinds
        for row in rows
        if row.sender_kind == each
    }


def cost(segments: Mapping[str, int], prices: Mapping[str, Price]) -> Cost:
    """Sum up what segments cost that go to countries ("" where nobody knows which)."""
    amounts: dict[str, int] = {}
    unpriced = []
    for country, count in segments.items():
        price = prices.get(country)
        if price is None:
            unpriced += [country] if count else []
        else:
            amounts[price.currency] = amounts.get(price.currency, 0) + count * price.amount
    return Cost(amounts, tuple(unpriced))
