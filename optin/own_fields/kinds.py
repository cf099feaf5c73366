"""What may stand in a field of one's own, by its kind: from what somebody typed to the one text that is kept. Pure."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from unicodedata import category

from optin.enums import FieldKind
from optin.refused import Refused
from optin.spreadsheets import answers, dates

LONGEST_TEXT = 255
MOST_DIGITS = 15
"""More digits than these a number of the database does not keep."""
FOLDED = 80
"""So much of a text is compared and sorted by."""
SAID, LISTED = 60, 10
YES, NO = "yes", "no"

_SPACES = re.compile(r"[\s\u2009\u202f'’]+")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_ONE_COMMA = re.compile(r"[+-]?\d*,\d+")
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_THOUSANDS = {
    ",": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"),
    ".": re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?"),
}


class Stored(NamedTuple):
    """A value as the table keeps it (optin/models/own_field.py); the columns have these names."""

    text: str | None
    folded: str | None
    number: float | None
    option_id: int | None


def read(
    kind: FieldKind, written: str, options: Collection[str] = (), *, day_first: bool | None = None
) -> str | Refused:
    """Return the one text of a value, as `written` by whomever; "" for an empty one; refused in a sentence.

    A text is one line; a number has a point and no thousands; a day is ISO 8601; yes and no are those words; one of a
    list is as the list spells it. What was returned once is returned again for itself. `day_first` as in
    spreadsheets/dates.py.
    """
    line = _line(written)
    if not line:
        return ""
    if kind is FieldKind.DAY:
        return _day(line, day_first)
    if kind is FieldKind.CHOICE:
        return _choice(line, options)
    return _READERS[kind](line)


def shown(kind: FieldKind, text: str) -> str:
    """Return how a value reads on pages and in messages: a day as "3 May 2026", all else as it is kept."""
    if kind is not FieldKind.DAY or not text:
        return text
    day = date.fromisoformat(text)
    return f"{day.day} {day:%b} {day.year}"


def stored(kind: FieldKind, text: str, options: Mapping[int, str]) -> Stored:
    """Return what the table keeps of a value that `read` returned."""
    if kind is FieldKind.CHOICE:
        return Stored(None, None, None, next(key for key, label in options.items() if label == text))
    if kind is FieldKind.NUMBER:
        return Stored(text, None, float(text), None)
    return Stored(text, fold(text), None, None)


def fold(text: str) -> str:
    """Return by what a text is compared and sorted, whatever its case."""
    return text.casefold()[:FOLDED]


def _line(written: str) -> str:
    if written.isprintable():
        return " ".join(written.split())
    kept = "".join(" " if category(sign) == "Cc" else sign for sign in written if category(sign) != "Cs")
    return " ".join(kept.split())


def _said(line: str) -> str:
    return f"“{line[:SAID]}{'…' if len(line) > SAID else ''}”"


def _text(line: str) -> str | Refused:
    if len(line) > LONGEST_TEXT:
        return Refused(f"{_said(line)} has more than {LONGEST_TEXT} characters.")
    return line


def _number(line: str) -> str | Refused:
    close = _SPACES.sub("", line).replace("−", "-")
    if _EITHER.fullmatch(close):
        whole = close.replace(",", "")
        return Refused(f"{_said(line)} may be {whole} or {close.replace(',', '.')}. Write it without the comma.")
    plain = _without_thousands(close)
    if plain is None or not plain.isascii():
        return Refused(f"{_said(line)} is not a number.")
    number = f"{Decimal(plain):f}"
    number = number.rstrip("0").rstrip(".") if "." in number else number
    if len(number.lstrip("-").replace(".", "").lstrip("0")) > MOST_DIGITS or len(number) > 2 * MOST_DIGITS:
        return Refused(f"{_said(line)} has more than {MOST_DIGITS} digits.")
    return "0" if number == "-0" else number


def _without_thousands(close: str) -> str | None:
    """Return a number with nothing but a decimal point, None for what is no number."""
    if _PLAIN.fullmatch(close):
        return close if close.count(".") == 0 or not close.endswith(".") else close[:-1]
    if _ONE_COMMA.fullmatch(close):
        return close.replace(",", ".")
    if _THOUSANDS[","].fullmatch(close):
        return close.replace(",", "")
    if _THOUSANDS["."].fullmatch(close):
        return close.replace(".", "").replace(",", ".")
    return None


def _day(line: str, day_first: bool | None) -> str | Refused:
    found = dates.date_in(line, day_first=day_first)
    if found is not None:
        return f"{found.year:04}-{found.month:02}-{found.day:02}"
    if not dates.is_ambiguous(line):
        return Refused(f"{_said(line)} is not a day, such as 2026-05-03.")
    one, other = (dates.date_in(line, day_first=order) for order in (True, False))
    assert one is not None
    assert other is not None
    return Refused(
        f"{_said(line)} may be {one.day} {one:%B} or {other.day} {other:%B}. Write it as {one.year:04}-{one:%m-%d}."
    )


def _yes_no(line: str) -> str | Refused:
    answer = answers.yes_no(line)
    return Refused(f"{_said(line)} is neither yes nor no.") if answer is None else YES if answer else NO


def _choice(line: str, options: Collection[str]) -> str | Refused:
    alike = [option for option in options if option.casefold() == line.casefold()]
    if alike:
        return line if line in alike else alike[0]
    listed = [*options][:LISTED]
    return Refused(f"{_said(line)} is not in the list: {', '.join(listed)}{', …' if len(options) > LISTED else '.'}")


_READERS: dict[FieldKind, Callable[[str], str | Refused]] = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.YES_NO: _yes_no,
}
