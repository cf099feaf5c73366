"""Dates and times as people write them, in five languages, with or without a time, and in which order."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from unicodedata import combining, normalize

_MONTHS = {
    1: "jan january januar janner janvier janv ene enero janeiro",
    2: "feb february februar fevrier fevr fev febrero fevereiro",
    3: "mar march marz mrz mars marzo marco",
    4: "apr april avril avr abr abril",
    5: "may mai mayo maio",
    6: "jun june juni juin junio junho",
    7: "jul july juli juillet juil julio julho",
    8: "aug august aout ago agosto",
    9: "sep sept september septembre septiembre set setembro",
    10: "oct october okt oktober octobre octubre out outubro",
    11: "nov november novembre noviembre novembro",
    12: "dec december dez dezember decembre dic diciembre dezembro",
}
_MONTH = {name: month for month, names in _MONTHS.items() for name in names.split()}
_TIME = (
    r"(?:(?:,?\s+(?:at\s+)?|t)(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap])?\.?(?(half)m\.?)\s*(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2})?)?"
)
_ISO = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})" + _TIME)
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-3]\d)" + _TIME)
_TWO = re.compile(r"(?P<one>\d{1,2})(?P<sign>[-/.])\s?(?P<two>\d{1,2})(?P=sign)\s?(?P<year>\d{4}|\d{2})" + _TIME)
_NAMED = re.compile(
    r"(?:[^\W\d]+,?\s+)?(?:(?P<day>\d{1,2})(?:st|nd|rd|th|er|º)?[.]?[\s-]*(?:de\s+)?(?P<name>[^\W\d]{3,10})\.?"
    r"|(?P<name2>[^\W\d]{3,10})\.?\s*(?P<day2>\d{1,2})(?:st|nd|rd|th)?,?)[\s,-]*(?:de\s+)?(?P<year>\d{4})" + _TIME
)
_LONGEST = 60
_CENTURY_ENDS = 70
"""Years of two digits: 69 is 2069, 70 is 1970."""


def date_in(cell: str, *, day_first: bool | None) -> date | datetime | None:
    """Return the date of a cell, with its time where it has one (aware only if a zone is written); None for no date.

    `day_first` says how 3/4/2026 is meant; None for not known, and then such a date (`is_ambiguous`) is None too.
    """
    written = _plain(cell)
    if not written:
        return None
    found = _ISO.fullmatch(written) or _COMPACT.fullmatch(written)
    if found:
        return _made(found, int(found["month"]), int(found["day"]))
    if found := _TWO.fullmatch(written):
        order = _in_order(found, day_first)
        return _made(found, *order) if order else None
    if found := _NAMED.fullmatch(written):
        month = _MONTH.get(found["name"] or found["name2"])
        return _made(found, month, int(found["day"] or found["day2"])) if month else None
    return None


def is_ambiguous(cell: str) -> bool:
    """Tell whether a cell is a date that means one day read day first and another read month first."""
    days = {date_in(cell, day_first=order) for order in (True, False)} - {None}
    return len(days) > 1


def day_first_of(samples: Iterable[str]) -> bool | None:
    """Tell how the dates of a column are meant; None when nothing shows it, or when they contradict each other."""
    orders = {order for cell in samples for order in (True, False) if _shows(cell, order)}
    return orders.pop() if len(orders) == 1 else None


def _shows(cell: str, day_first: bool) -> bool:
    found = _TWO.fullmatch(_plain(cell))
    if not found:
        return False
    if found["sign"] == ".":
        return day_first
    first, second = int(found["one"]), int(found["two"])
    return first > 12 >= second if day_first else second > 12 >= first


def _in_order(found: re.Match[str], day_first: bool | None) -> tuple[int, int] | None:
    """Return the month and the day; points stand between day and month everywhere."""
    first, second = int(found["one"]), int(found["two"])
    if found["sign"] == "." or first > 12:
        return second, first
    if second > 12 or first == second:
        return first, second
    if day_first is None:
        return None
    return (second, first) if day_first else (first, second)


def _made(found: re.Match[str], month: int, day: int) -> date | datetime | None:
    year = int(found["year"])
    if year < 100:
        year += 1900 if year >= _CENTURY_ENDS else 2000
    try:
        if found["hour"] is None:
            return date(year, month, day)
        return datetime.combine(date(year, month, day), _time(found), _zone(found["zone"]))
    except ValueError:
        return None


def _time(found: re.Match[str]) -> time:
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    return time(hour, int(found["minute"]), int(found["second"] or 0))


def _zone(written: str | None) -> timezone | None:
    if not written:
        return None
    if written in ("z", "utc", "gmt"):
        return UTC
    offset = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return timezone(-offset if written[0] == "-" else offset)


def _plain(cell: str) -> str:
    """Return a text without accents in small letters, "" where it is too long for a date."""
    if len(cell) > _LONGEST:
        return ""
    parts = normalize("NFKD", cell.strip().casefold())
    return "".join(sign for sign in parts if not combining(sign))
