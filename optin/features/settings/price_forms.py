"""The forms of prices: one price, and the countries to fetch prices of."""

from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, Field, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Regexp, ValidationError

from optin import phone
from optin.enums import SenderKind
from optin.features.settings.prices import MOST_COUNTRIES
from optin.sending.prices import PRICED
from optin.texts import money
from optin.web.fields import Line


class Amount(Line):
    """An amount of money; `data` is what was typed, `millionths` the amount once the form is valid, 0 for nothing."""

    millionths = 0

    def post_validate(self, form: Any, validation_stopped: bool) -> None:  # noqa: ARG002
        """Refuse what is no amount."""
        amount = money.typed(self.data) if self.data else 0
        if amount is None and not validation_stopped:
            raise ValidationError("Enter an amount such as 0.0083, with six decimals at most.")
        self.millionths = amount or 0


class PriceForm(FlaskForm):  # type: ignore[misc]
    """What a segment to a country costs from a kind of sender, from a day on."""

    country = SelectField("Country", choices=lambda: [SelectChoice(*region) for region in phone.regions()])
    kind = SelectField("From a", choices=[SelectChoice(str(kind), kind.label) for kind in PRICED])
    valid_from = DateField("Valid from", [InputRequired("Enter a day.")])
    price = Amount("Price of a segment", [InputRequired("Enter a price, 0 for none.")])
    fee = Amount("Carrier fee on a segment")
    currency = Line(
        "Currency",
        [InputRequired("Enter a currency, such as USD."), Regexp("[A-Za-z]{3}$", message="Enter three letters: USD.")],
    )

    def validate_valid_from(self, field: Field) -> None:
        """Refuse days that nobody means."""
        if field.data and not date(2000, 1, 1) <= field.data <= date(2100, 1, 1):
            raise ValidationError("Enter a day from 2000 to 2100.")

    def settings(self) -> dict[str, Any]:
        """Return the price as it is kept."""
        return {
            "country": self.country.data,
            "kind": str(SenderKind(self.kind.data)),
            "valid_from": self.valid_from.data.isoformat(),
            "currency": self.currency.data.upper(),
            "price": self.price.millionths,
            "fee": self.fee.millionths,
        }


class FetchForm(FlaskForm):  # type: ignore[misc]
    """Of which countries prices are fetched; `codes` are theirs once the form is valid."""

    countries = Line("Countries", [InputRequired("Enter at least one country, such as US."), Length(max=200)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin without codes."""
        super().__init__(*args, **kwargs)
        self.codes: list[str] = []

    def validate_countries(self, field: Field) -> None:
        """Refuse what is no country, and more than a page can wait for."""
        codes = list(dict.fromkeys(field.data.replace(",", " ").upper().split()))
        if wrong := [code for code in codes if not phone.country_code(code)]:
            raise ValidationError(f"“{wrong[0]}” is no country. Enter codes of two letters, such as US, CA.")
        if len(codes) > MOST_COUNTRIES:
            raise ValidationError(f"Enter {MOST_COUNTRIES} countries at most.")
        self.codes = codes
