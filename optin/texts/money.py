"""Amounts of money as whole millionths of a unit, so that sums of them are exact: read, written, said. Pure."""

import re
from decimal import ROUND_HALF_UP, Decimal

MILLION = 1_000_000
_CENT = MILLION // 100
_TYPED = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,6})?")
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def typed(text: str) -> int | None:
    """Return an amount that a person typed ("0.0079", also with a comma); None for what is none, or not exact."""
    if not _TYPED.fullmatch(text):
        return None
    return int(Decimal(text.replace(",", ".")) * MILLION)


def rounded(text: str) -> int | None:
    """Return an amount as a provider writes it, to the next millionth; None for what is none."""
    if not re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,20})?", text):
        return None
    return int((Decimal(text) * MILLION).to_integral_value(ROUND_HALF_UP))


def written(amount: int) -> str:
    """Write an amount exactly, with two decimals at least, as it can be typed: "0.0079", "1.00"."""
    whole, rest = divmod(amount, MILLION)
    decimals = f"{rest:06d}".rstrip("0")
    return f"{whole}.{decimals:0<2}"


def exact(amount: int, currency: str) -> str:
    """Say an amount exactly: "$0.0079", "CHF 0.07"."""
    return _with_sign(written(amount), currency)


def said(amount: int, currency: str) -> str:
    """Say an amount to the cent, halves up: "$19.37", "CHF 4.00"; what is less than one cent is said so."""
    cents = (amount + _CENT // 2) // _CENT
    if amount and not cents:
        return f"less than {_with_sign('0.01', currency)}"
    return _with_sign(f"{cents // 100:,}.{cents % 100:02d}", currency)


def _with_sign(number: str, currency: str) -> str:
    return f"{_SIGNS[currency]}{number}" if currency in _SIGNS else f"{currency} {number}"
