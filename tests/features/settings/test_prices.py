"""Prices of segments in the settings: entered, corrected, fetched, taken away; who may; the trail."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import SenderKind
from optin.models import AuditEntry, SegmentPrice
from optin.provider.gateway import Failure, GatewayError
from optin.provider.pricing import CountryPrices
from tests.conftest import Clock
from tests.support.clients import Browser

K = SenderKind
URL = "/settings/prices"
US = {"country": "US", "kind": "long_code", "valid_from": "2026-11-01", "price": "0.0083", "fee": "", "currency": "usd"}


class PriceList:
    """A provider that knows prices of some countries."""

    def __init__(self, **prices: dict[SenderKind, int]) -> None:
        self.known = prices
        self.asked: list[str] = []

    def prices(self, country: str) -> CountryPrices | None:
        self.asked.append(country)
        if "away" in self.known:
            raise GatewayError("Twilio could not be reached.", Failure.NOT_SENT)
        return CountryPrices(country, "USD", self.known[country]) if country in self.known else None


@pytest.fixture(autouse=True)
def today(clock: Clock) -> None:
    clock.set(datetime(2026, 11, 28, 12, tzinfo=UTC))


def rows(session: Session) -> list[tuple[str, str, str, int, int, str]]:
    found = select(SegmentPrice).order_by(SegmentPrice.country, SegmentPrice.sender_kind, SegmentPrice.valid_from)
    return [(r.country, r.sender_kind, r.valid_from, r.price, r.fee, r.currency) for r in session.scalars(found)]


def trail(session: Session) -> list[tuple[str, str, str, str]]:
    found = select(AuditEntry).where(AuditEntry.subject_kind == "price").order_by(AuditEntry.id)
    return [(each.action, each.field, each.before, each.after) for each in session.scalars(found)]


def test_a_price_is_entered_and_corrected_on_its_day(admin: Browser, session: Session) -> None:
    assert "No prices" in admin.get(URL).text
    page = admin.post(URL, data=US, follow_redirects=True).text
    assert "Saved: United States, from 01 Nov 2026." in page
    assert "$0.0083" in page
    assert "In force" in page
    admin.post(URL, data={**US, "fee": "0,003"})
    assert rows(session) == [("US", "long_code", "2026-11-01", 8_300, 3_000, "USD")]
    assert "Nothing was changed." in admin.post(URL, data={**US, "fee": "0.003"}, follow_redirects=True).text
    about = "to US, long code, from 2026-11-01"
    assert trail(session) == [
        ("added", f"segment {about}", "", "$0.0083"),
        ("added", f"carrier fee {about}", "", "none"),
        ("changed", f"carrier fee {about}", "none", "$0.003"),
    ]
    audit = admin.get("/settings/audit?about=price").text
    assert "Changed price: carrier fee to US, long code, from 2026-11-01" in audit


def test_later_and_earlier_prices_are_told_apart(admin: Browser) -> None:
    for day, price in (("2026-01-01", "0.0079"), ("2026-11-28", "0.0083"), ("2026-11-29", "0.009")):
        admin.post(URL, data={**US, "valid_from": day, "price": price})
    page = admin.get(URL).text
    assert (page.count("In force"), page.count(">Later<")) == (1, 1)
    assert page.index("$0.009") < page.index("$0.0083") < page.index("$0.0079")
    assert page.index("2026-11-28") < page.index("In force") < page.index("2026-01-01")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("price", "", "Enter a price, 0 for none."),
        ("price", "free", "Enter an amount such as 0.0083"),
        ("price", "0.00000001", "six decimals at most"),
        ("fee", "-1", "Enter an amount such as 0.0083"),
        ("currency", "$", "Enter three letters: USD."),
        ("country", "ZZ", "Not a valid choice"),
        ("kind", "rcs", "Not a valid choice"),
        ("valid_from", "", "Enter a day."),
        ("valid_from", "1999-12-31", "Enter a day from 2000 to 2100."),
    ],
)
def test_what_is_no_price_is_refused(admin: Browser, session: Session, field: str, typed: str, said: str) -> None:
    refused = admin.post(URL, data={**US, field: typed})
    assert refused.status_code == 422
    assert said in refused.text
    assert rows(session) == []


def test_a_price_that_is_taken_away_is_in_the_trail(admin: Browser, session: Session) -> None:
    admin.post(URL, data=US)
    price_id = session.scalars(select(SegmentPrice.id)).one()
    admin.post(f"{URL}/{price_id}/removed")
    assert rows(session) == []
    assert ("removed", "segment to US, long code, from 2026-11-01", "$0.0083", "") in trail(session)
    assert admin.post(f"{URL}/{price_id}/removed").status_code == 404


def test_prices_are_fetched_and_hold_from_today(admin: Browser, session: Session) -> None:
    admin.post(URL, data={**US, "fee": "0.003"})
    admin.post(URL, data={**US, "country": "CA"})
    prices = PriceList(US={K.LONG_CODE: 7_900, K.TOLL_FREE: 8_300}, CA={K.LONG_CODE: 8_300})
    admin.application.extensions["gateway"] = prices  # type: ignore[attr-defined]
    page = admin.post(f"{URL}/fetched", data={"countries": "us, CA us fr"}, follow_redirects=True).text
    assert "Fetched: 2 new prices. Twilio has none for France." in page
    assert prices.asked == ["US", "CA", "FR"]
    assert rows(session) == [
        ("CA", "long_code", "2026-11-01", 8_300, 0, "USD"),
        ("US", "long_code", "2026-11-01", 8_300, 3_000, "USD"),
        ("US", "long_code", "2026-11-28", 7_900, 3_000, "USD"),
        ("US", "toll_free", "2026-11-28", 8_300, 0, "USD"),
    ]
    again = admin.post(f"{URL}/fetched", data={"countries": "US"}, follow_redirects=True).text
    assert "No price has changed." in again
    assert len(rows(session)) == 4


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter at least one country"),
        ("US, XX", "“XX” is no country"),
        ("US " * 21, ""),
        ("US CA MX GB DE FR IT ES PT NL BE DK SE NO FI PL CZ AT CH IE GR", "20 countries at most"),
    ],
)
def test_countries_that_are_none_are_refused(admin: Browser, typed: str, said: str) -> None:
    admin.application.extensions["gateway"] = PriceList()  # type: ignore[attr-defined]
    answer = admin.post(f"{URL}/fetched", data={"countries": typed})
    assert answer.status_code == (422 if said else 303)
    assert said in answer.text


def test_a_provider_that_does_not_answer_changes_nothing(admin: Browser, session: Session) -> None:
    admin.application.extensions["gateway"] = PriceList(away={})  # type: ignore[attr-defined]
    page = admin.post(f"{URL}/fetched", data={"countries": "US"}, follow_redirects=True).text
    assert "The prices could not be fetched: Twilio could not be reached." in page
    assert rows(session) == []


def test_others_read_them_only(admin: Browser, viewer: Browser) -> None:
    admin.post(URL, data=US)
    page = viewer.get(URL).text
    assert "$0.0083" in page
    for words in ("Fetch prices", "Save price", "Remove"):
        assert words not in page
    for path in ("", "/fetched", "/1/removed"):
        assert viewer.post(f"{URL}{path}").status_code == 403
