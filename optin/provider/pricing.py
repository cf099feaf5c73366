"""Reading Twilio's answer of what messages to a country cost (Pricing API, v1 Messaging Countries). Pure.

Carriers of one country may cost differently; the highest counts, so that what is said beforehand is not exceeded.
Source: https://www.twilio.com/docs/messaging/api/pricing
"""

from collections.abc import Iterator
from dataclasses import dataclass

from optin.enums import SenderKind
from optin.texts import money

_KINDS = {
    "local": SenderKind.LONG_CODE,
    "mobile": SenderKind.LONG_CODE,
    "tollfree": SenderKind.TOLL_FREE,
    "shortcode": SenderKind.SHORT_CODE,
}


@dataclass(frozen=True)
class CountryPrices:
    """What an outgoing segment to a country costs by kind of sender, in millionths of a currency (ISO 4217)."""

    country: str
    currency: str
    prices: dict[SenderKind, int]


def read(country: str, currency: object, carriers: object) -> CountryPrices | None:
    """Read the fields `price_unit` and `outbound_sms_prices`; None where they hold no price that can be understood."""
    unit = currency.upper() if isinstance(currency, str) else ""
    found: dict[SenderKind, int] = {}
    for kind, amount in _prices(carriers):
        found[kind] = max(amount, found.get(kind, 0))
    is_unit = len(unit) == 3 and unit.isascii() and unit.isalpha()
    return CountryPrices(country, unit, found) if found and is_unit else None


def _prices(carriers: object) -> Iterator[tuple[SenderKind, int]]:
    for carrier in _dicts(carriers):
        for price in _dicts(carrier.get("prices")):
            word = str(price.get("number_type")).lower()
            kind = _KINDS.get("".join(letter for letter in word if letter.isalpha()))
            amount = money.rounded(str(price.get("current_price")))
            if kind is not None and amount is not None:
                yield kind, amount


def _dicts(given: object) -> list[dict[str, object]]:
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
