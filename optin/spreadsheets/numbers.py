"""The phone number in a cell: what spreadsheets did to it is undone where that can be known, else refused."""

import re
from dataclasses import dataclass
from unicodedata import digit, normalize

from optin import phone
from optin.refused import Refused
from optin.spreadsheets import cells

_BETWEEN = re.compile(r"\s*(?:[/;,|&\n]|\s(?:or|and|oder|und|ou|et|o|y|e)\s)\s*", re.IGNORECASE)
_POINT_ZERO = re.compile(r"(\+?\d{7,})[.,]0+")
_BARE = re.compile(r"[1-9]\d{10,14}")
_ABROAD = re.compile(r"00\s*([1-9].*)")
_ALTERNATIVE = re.compile(r"[/\n]")
"""What stands before the other last digits of a second number, as in 415-555-0100/0101."""
_WHOLE = 7
"""Digits that a number has at the least; what has fewer is a part of one."""


@dataclass(frozen=True)
class NumberFound:
    """The number of a cell in E.164, what else stood there as a note, and the further numbers in it in E.164."""

    number: str
    note: str = ""
    others: tuple[str, ...] = ()


def number_in(cell: str, country: str) -> NumberFound | Refused:
    """Return the number of a cell as we store it; `country` (two letters) is whose national format is understood.

    Of several numbers the first that can be read counts, the others are a note. A lost + or a leading 00 is put right
    where the digits are a mobile number of another country. Refused like any number that is typed, and where the
    spreadsheet cut off digits.
    """
    written = _point_zero(cells.text(_ascii_digits(cell)))
    parts = [part for part in _BETWEEN.split(written) if part]
    if len(parts) > 1 and sum(_digits(part) >= _WHOLE for part in parts) > 1:
        return _first(parts, country)
    found = _one(written, country)
    if not isinstance(found, Refused):
        return NumberFound(found)
    begin, _, rest = _ALTERNATIVE.sub("\n", written).partition("\n")
    first = _one(begin.strip(), country) if rest else found
    return found if isinstance(first, Refused) else NumberFound(first, rest.strip())


def _first(parts: list[str], country: str) -> NumberFound | Refused:
    """Return the first number that can be read with the rest as its note; the first refusal when none can."""
    read = [_one(part, country) for part in parts]
    numbers = [number for number in read if isinstance(number, str)]
    if not numbers:
        return next(each for each in read if isinstance(each, Refused))
    at = read.index(numbers[0])
    others = dict.fromkeys(number for number in numbers if number != numbers[0])
    return NumberFound(numbers[0], " / ".join(parts[:at] + parts[at + 1 :]), tuple(others))


def _one(written: str, country: str) -> str | Refused:
    if cells.is_shortened(written):
        return Refused(
            f"The spreadsheet shortened this number to {written}, and its last digits are lost: "
            "make the column a text column there and enter the number again."
        )
    number = phone.normalise(written, country)
    if not isinstance(number, Refused):
        return number
    with_plus = _mobile(f"+{written}") if _BARE.fullmatch(written) else ""
    abroad = _ABROAD.fullmatch(written)
    other = phone.normalise(f"+{abroad[1]}", country) if abroad else number
    return number if isinstance(other, Refused) and not with_plus else with_plus or other


def _mobile(written: str) -> str:
    """Return the number that is meant if it may be a mobile one, else ""; a wrong digit rarely makes one of another."""
    number = phone.normalise(written, "")
    return number if isinstance(number, str) and phone.may_be_mobile(number) else ""


def _ascii_digits(text: str) -> str:
    """Return the text with digits of every script as 0 to 9, and full-width signs as plain ones."""
    if text.isascii():
        return text
    return "".join(str(digit(sign)) if sign.isdecimal() else sign for sign in normalize("NFKC", text))


def _point_zero(written: str) -> str:
    """Return 4155550123 for 4155550123.0, as some programs write whole numbers."""
    found = _POINT_ZERO.fullmatch(written)
    return found[1] if found else written


def _digits(part: str) -> int:
    return sum(sign.isdigit() for sign in part)
