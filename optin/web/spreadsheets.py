"""CSV cells that no spreadsheet program treats as a formula, whichever separator it uses.

A file is read with a comma here, a semicolon or a tab there (Excel takes the country's list separator, LibreOffice what
its dialogue says), so that a cell may begin in the middle of a text. OWASP, "CSV Injection".
"""

import csv
import io
import re
from collections.abc import Sequence
from unicodedata import category, normalize

SEPARATORS = frozenset(',;|"\t\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029')
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and a sign that show nothing."""
_SIGNS = "".join(
    sign
    for block in (
        (0x20, 0x7F),
        (0x2070, 0x20A0),
        (0x2200, 0x2300),
        (0x2A70, 0x2A80),
        (0xFB20, 0xFB30),
        (0xFE10, 0x10000),
    )
    for sign in map(chr, range(*block))
    if normalize("NFKC", sign)[:1] in tuple("=+-@|%\u2212")
)
"""What begins a formula, in every width and height (a full-width ＝ does in East Asian Excel)."""
_SIGN = re.compile(f"'*[{re.escape(_SIGNS)}]")
_QUOTED = re.compile(f"'+[{re.escape(_SIGNS)}]")
_NUMBER = re.compile(r"\+[0-9]{2,15}")


def line(values: Sequence[str]) -> str:
    """Return a line of the file. Every cell stands in quotes, and none begins a formula.

    A phone number in E.164 stays as it is: it is no formula, and it must come back as it went. Not in the first cell,
    which in a file that is read with another separator is only the beginning of one.
    """
    out = io.StringIO()
    cells = [harmless_cell(text) if place else harmless(text) for place, text in enumerate(values)]
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(cells)
    return out.getvalue()


def harmless_cell(text: str) -> str:
    """Return the text of a cell that is not the first one of its line: a phone number stays as it is."""
    return text if _NUMBER.fullmatch(text) else harmless(text)


def as_it_was(text: str) -> str:
    """Return what `harmless` was given."""
    return _QUOTED.sub(lambda found: found[0][1:] if _may_begin(text, found.start()) else found[0], text)


def harmless(text: str) -> str:
    """Return `text` with an apostrophe before each sign that begins a formula where a cell may begin.

    That is at the beginning and after a separator, a quotation mark or a line break, whatever stands between that shows
    nothing. Apostrophes there get one more, so that taking one away before each such sign gives the text back.
    """
    return _SIGN.sub(lambda found: f"'{found[0]}" if _may_begin(text, found.start()) else found[0], text)


def _may_begin(text: str, place: int) -> bool:
    """Tell whether a cell may begin at `place`, for a program that skips what shows nothing."""
    while place and text[place - 1] not in SEPARATORS:
        place -= 1
        if not _shows_nothing(text[place]):
            return False
    return True


def _shows_nothing(sign: str) -> bool:
    """Tell whether `sign` is a space, a control, a mark on the sign before it, or else invisible."""
    return category(sign)[0] in "ZCM" or sign in _FILLERS
