"""What segments cost: which price is in force on a day, and the sum over countries."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from optin.enums import SenderKind
from optin.models import SegmentPrice
from optin.sending import prices
from optin.sending.prices import Cost, Price

K = SenderKind
DAY = date(2026, 11, 28)


def priced(session: Session, country: str, kind: SenderKind, valid_from: str, price: int, fee: int = 0) -> None:
    row = SegmentPrice(country=country, sender_kind=kind, valid_from=valid_from, currency="USD", price=price, fee=fee)
    session.add(row)
    session.commit()


@pytest.mark.parametrize(
    ("kind", "day", "amount"),
    [
        (K.LONG_CODE, date(2026, 1, 1), None),
        (K.LONG_CODE, date(2026, 2, 1), 7_900),
        (K.LONG_CODE, date(2026, 10, 31), 7_900),
        (K.LONG_CODE, date(2026, 11, 1), 8_300 + 3_000),
        (K.LONG_CODE, date(2026, 12, 31), 8_300 + 3_000),
        (K.LONG_CODE, date(2027, 1, 1), 9_000),
        (K.SHORT_CODE, DAY, 20_000),
        (K.TOLL_FREE, DAY, None),
        (K.SERVICE, DAY, 8_300 + 3_000),
        (K.RCS, DAY, None),
    ],
)
def test_the_newest_price_that_has_begun_is_in_force(
    session: Session, kind: SenderKind, day: date, amount: int | None
) -> None:
    priced(session, "US", K.LONG_CODE, "2027-01-01", 9_000)
    priced(session, "US", K.LONG_CODE, "2026-02-01", 7_900)
    priced(session, "US", K.LONG_CODE, "2026-11-01", 8_300, 3_000)
    priced(session, "US", K.SHORT_CODE, "2026-02-01", 20_000)
    assert prices.in_force(session, kind, day) == ({"US": Price(amount, "USD")} if amount else {})


def test_a_service_has_prices_of_its_own_where_somebody_entered_them(session: Session) -> None:
    priced(session, "US", K.SERVICE, "2026-02-01", 5_000)
    priced(session, "US", K.LONG_CODE, "2026-11-01", 8_300)
    priced(session, "CA", K.LONG_CODE, "2026-11-01", 9_900)
    found = prices.in_force(session, K.SERVICE, DAY)
    assert found == {"US": Price(5_000, "USD"), "CA": Price(9_900, "USD")}
    assert prices.in_force(session, K.LONG_CODE, DAY)["US"] == Price(8_300, "USD")


US, GB, DE = Price(8_100, "USD"), Price(52_400, "USD"), Price(70_000, "EUR")


@pytest.mark.parametrize(
    ("segments", "of", "amounts", "unpriced", "said"),
    [
        ({"US": 2391}, {"US": US}, {"USD": 19_367_100}, (), "$19.37"),
        ({"US": 2391}, {}, {}, ("US",), ""),
        ({"US": 1, "GB": 2}, {"US": US, "GB": GB}, {"USD": 112_900}, (), "$0.11"),
        ({"US": 100, "DE": 3}, {"US": US, "DE": DE}, {"USD": 810_000, "EUR": 210_000}, (), "€0.21 and $0.81"),
        ({"US": 100, "": 1, "CA": 0}, {"US": US}, {"USD": 810_000}, ("",), "$0.81"),
        ({"US": 10}, {"US": Price(0, "USD")}, {"USD": 0}, (), "$0.00"),
        ({}, {"US": US}, {}, (), ""),
        ({"US": 3_000_000_000}, {"US": Price(1, "USD")}, {"USD": 3_000_000_000}, (), "$3,000.00"),
    ],
)
def test_the_sum(
    segments: dict[str, int], of: dict[str, Price], amounts: dict[str, int], unpriced: tuple[str, ...], said: str
) -> None:
    found = prices.cost(segments, of)
    assert found == Cost(amounts, unpriced)
    assert found.said == said


def test_sums_are_added_by_currency() -> None:
    assert Cost({"USD": 1, "EUR": 2}, ("CA",)) + Cost({"USD": 3}, ("CA", "MX")) == Cost(
        {"USD": 4, "EUR": 2}, ("CA", "MX")
    )
