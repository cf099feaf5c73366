"""Countries of numbers in statements: rows are counted by as much of a number as tells its country.

That is the area code behind +1; the country code elsewhere, with five digits more where countries share it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, literal, or_

from optin import phone

SHARED = ("+7", "+39", "+44", "+47", "+61", "+212", "+262", "+290", "+358", "+590", "+599")
"""The country codes of several countries, beside +1; source: ITU-T E.164, as libphonenumber has them."""
_AREA_CODE, _COUNTRY_CODE, _MORE = 5, 4, 8


def prefix(number: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """Return as much of a number (E.164) as tells its country; with one number of each, `phone.country` says which."""
    shared = or_(*(number.like(f"{code}%") for code in SHARED))
    return case(
        (number.like("+1%"), func.substr(number, 1, _AREA_CODE)),
        (shared, func.substr(number, 1, _MORE)),
        else_=func.substr(number, 1, _COUNTRY_CODE),
    )


@dataclass(frozen=True)
class CountryMap:
    """The prefixes that were found, by their countries ("" where nobody knows); the first country has most rows."""

    prefixes: dict[str, list[str]]

    @property
    def only(self) -> str | None:
        """Return the country where there is one alone."""
        return next(iter(self.prefixes)) if len(self.prefixes) == 1 else None

    def column(self, number: SQLColumnExpression[Any]) -> ColumnElement[str]:
        """Return the country of each number in a statement over the same rows."""
        most, *others = self.prefixes
        of = prefix(number)
        return case(*((of.in_(self.prefixes[code]), literal(code)) for code in others), else_=literal(most))


def read(rows: Iterable[tuple[str, str, int]]) -> CountryMap:
    """Read rows of a prefix, one number with it, and how many there are."""
    prefixes: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for start, number, count in rows:
        code = phone.country(number)
        prefixes.setdefault(code, []).append(start)
        counts[code] = counts.get(code, 0) + count
    return CountryMap({code: prefixes[code] for code in sorted(prefixes, key=lambda code: (-counts[code], code))})
