"""The text of a cell: without what spreadsheet programs put around it, and without what shows nothing."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

Value = str | int | float | bool | date | datetime | time | timedelta | None

_TROUBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xa0\xad\u2007\u200b-\u200f\u202a-\u202f\u2060\ufeff'=]|[Ee]\\+?[0-9]"
)
"""What makes a text worth a closer look; most have none of it."""
_NOTHING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]")
"""Control and format characters; not the joiners, which some scripts need."""
_SPACE = re.compile("[\xa0\u2007\u202f]")
_BREAK = re.compile("\r\n?|\x85")
_SHIELDED = re.compile(r"'(?=[-=+@('0-9])")
_TEXT_FORMULA = re.compile(r'="([^"]*)"')
_SHORTENED = re.compile(r"([+-]?)([0-9])(?:[.,]([0-9]+))?[Ee]\+?([0-9]{1,2})")


def text(written: str) -> str:
    """Return the text of a cell as it was written in a file.

    Gone are spaces around it, characters that show nothing, the apostrophe and the `="…"` that keep a number a text,
    and an exponent where every digit is there. No-break spaces are spaces, line breaks "\\n".
    """
    if not _TROUBLE.search(written):
        return written.strip()
    plain = _NOTHING.sub("", _SPACE.sub(" ", _BREAK.sub("\n", written))).strip()
    if formula := _TEXT_FORMULA.fullmatch(plain):
        plain = formula[1].strip()
    return digits(_SHIELDED.sub("", plain, count=1) if plain.startswith("'") else plain)


def texts(record: Sequence[str]) -> tuple[str, ...]:
    """Return the text of each cell of a record: most records need one look for all."""
    return tuple(map(text if _TROUBLE.search(",".join(record)) else str.strip, record))


def digits(written: str) -> str:
    """Return `1.4155550123E+10` as 14155550123; a text that has lost digits, and any other, stays as it is."""
    found = _SHORTENED.fullmatch(written)
    if not found or len(found[3] or "") < int(found[4]):
        return written
    number = Decimal(f"{found[1]}{found[2]}.{found[3] or ''}E{found[4]}")
    return f"{number:f}" if number == number.to_integral_value() else written


def is_shortened(written: str) -> bool:
    """Tell whether a text is a number with an exponent, so that its last digits may be lost."""
    return _SHORTENED.fullmatch(written) is not None


def value(cell: Value) -> str:
    """Return the text of a workbook's cell: dates as ISO 8601, whole numbers without a point, TRUE and FALSE."""
    if isinstance(cell, str):
        return text(cell)
    if cell is None or isinstance(cell, bool):
        return "" if cell is None else str(cell).upper()
    if isinstance(cell, float):
        return _plain(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, timedelta):
        return _hours(cell)
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _plain(number: float) -> str:
    if number.is_integer():
        return str(int(number))
    written = repr(number)
    return f"{Decimal(written):f}" if "e" in written else written


def _hours(span: timedelta) -> str:
    """Return a span of time as spreadsheets show it, the hours going on after 24."""
    seconds = round(abs(span).total_seconds())
    return f"{'-' if span < timedelta() else ''}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
