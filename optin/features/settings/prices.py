"""Prices of segments as the settings show them: listed, entered, fetched, taken away, with an audit trail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import phone
from optin.enums import SenderKind
from optin.models import SegmentPrice
from optin.policy import audit
from optin.provider.gateway import PriceList
from optin.provider.pricing import CountryPrices
from optin.texts import money

MOST_COUNTRIES = 20
"""So many are fetched at once, since a page waits for it."""


@dataclass(frozen=True)
class PriceLine:
    """A price on the page, and whether it is the one of the day: "now", "later", or "before"."""

    row: SegmentPrice
    when: str

    @property
    def country(self) -> str:
        """Return the name of the country."""
        return phone.country_name(self.row.country)

    @property
    def kind(self) -> str:
        """Return the kind of sender in words."""
        return SenderKind(self.row.sender_kind).label

    @property
    def price(self) -> str:
        """Return the price in words."""
        return money.exact(self.row.price, self.row.currency)

    @property
    def fee(self) -> str:
        """Return the carrier fee in words, "" for none."""
        return money.exact(self.row.fee, self.row.currency) if self.row.fee else ""


def lines(session: Session, today: date) -> list[PriceLine]:
    """List all prices by country and kind of sender, the newest first."""
    rows = session.scalars(select(SegmentPrice).order_by(SegmentPrice.valid_from.desc())).all()
    kinds = [*SenderKind]
    seen: set[tuple[str, str]] = set()
    found = []
    for row in rows:
        key = (row.country, row.sender_kind)
        is_later = row.valid_from > today.isoformat()
        found.append(PriceLine(row, "later" if is_later else "before" if key in seen else "now"))
        seen |= set() if is_later else {key}
    return sorted(found, key=lambda line: (line.country, kinds.index(SenderKind(line.row.sender_kind))))


def countries(session: Session) -> list[str]:
    """List the countries that have prices, by their codes."""
    return list(session.scalars(select(SegmentPrice.country).distinct().order_by(SegmentPrice.country)))


def enter(
    session: Session, user_id: int, *, country: str, kind: str, valid_from: str, currency: str, price: int, fee: int
) -> bool:
    """Let a price hold from a day on, instead of the one that begins that day, if any; tell whether it is new."""
    of = (SegmentPrice.country == country, SegmentPrice.sender_kind == kind, SegmentPrice.valid_from == valid_from)
    row = session.scalars(select(SegmentPrice).where(*of).with_for_update()).first()
    before = _shown(row) if row else {}
    if row is None:
        row = SegmentPrice(country=country, sender_kind=kind, valid_from=valid_from)
        session.add(row)
    row.currency, row.price, row.fee = currency, price, fee
    session.flush()
    if changes := audit.differences(before, _shown(row)):
        audit.record(session, user_id, "changed" if before else "added", "price", row.id, _named(row, changes))
    return bool(changes)


def remove(session: Session, user_id: int, row: SegmentPrice) -> None:
    """Take a price away; the one before it holds again."""
    changes: dict[str, tuple[object, object]] = {name: (before, "") for name, before in _shown(row).items()}
    audit.record(session, user_id, "removed", "price", row.id, _named(row, changes))
    session.delete(row)


def fetch(provider: PriceList, codes: Iterable[str]) -> tuple[list[CountryPrices], list[str]]:
    """Ask the provider for the prices of countries; return them, and the countries for which it has none.

    Nothing may be locked meanwhile. Raises GatewayError.
    """
    answers = {code: provider.prices(code) for code in codes}
    return [found for found in answers.values() if found], [code for code, found in answers.items() if not found]


def take_over(session: Session, user_id: int, fetched: Iterable[CountryPrices], today: date) -> int:
    """Let fetched prices hold from today on where they differ from those in force; return how many are new.

    A carrier fee, which the provider does not tell, goes on as it was in the same currency.
    """
    now = {(line.row.country, line.row.sender_kind): line.row for line in lines(session, today) if line.when == "now"}
    new = 0
    for found in fetched:
        for kind, price in found.prices.items():
            old = now.get((found.country, kind))
            fee = old.fee if old and old.currency == found.currency else 0
            if old and (old.price, old.currency) == (price, found.currency):
                continue
            new += enter(
                session,
                user_id,
                country=found.country,
                kind=kind,
                valid_from=today.isoformat(),
                currency=found.currency,
                price=price,
                fee=fee,
            )
    return new


def _shown(row: SegmentPrice) -> dict[str, object]:
    fee = money.exact(row.fee, row.currency) if row.fee else "none"
    return {"segment": money.exact(row.price, row.currency), "carrier fee": fee}


def _named(row: SegmentPrice, changes: dict[str, tuple[object, object]]) -> dict[str, tuple[object, object]]:
    """Say in each change of which price it is, since the row may be taken away."""
    kind = SenderKind(row.sender_kind).label
    return {f"{name} to {row.country}, {kind}, from {row.valid_from}": change for name, change in changes.items()}
