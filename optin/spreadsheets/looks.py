"""What a cell looks like, told from its signs alone: quick, and wrong now and then."""

import re

from optin.spreadsheets.answers import yes_no
from optin.spreadsheets.dates import date_in

PHONE, EMAIL, DATE, YES_NO, NUMBER, WORDS = "phone", "email", "date", "yes_no", "number", "words"
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}")
_PHONE = re.compile(r"[+(]*\d[\d\s()./~‐-―−+-]{5,}(?:[#,;/xX]|ext\.?|\s|\d)*")
_SHORTENED = re.compile(r"\d[.,]\d+E\+\d+")
_NUMBER = re.compile(r"[-+]?[\d.,']+\s?%?|[\d.,]+\s?[€$£]|[€$£]\s?[\d.,]+")


def looks_like(cell: str) -> str:
    """Return "phone", "email", "date", "yes_no", "number" or "words", and "" for an empty cell."""
    if not cell:
        return ""
    if _EMAIL.fullmatch(cell):
        return EMAIL
    if yes_no(cell) is not None:
        return YES_NO
    if any(sign.isdigit() for sign in cell):
        if date_in(cell, day_first=True) or date_in(cell, day_first=False):
            return DATE
        if (_PHONE.fullmatch(cell) and 7 <= sum(map(str.isdigit, cell)) <= 31) or _SHORTENED.fullmatch(cell):
            return PHONE
        if _NUMBER.fullmatch(cell):
            return NUMBER
    return WORDS
