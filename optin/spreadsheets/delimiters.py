"""What stands between the cells of a text file."""

import re
from collections import Counter
from collections.abc import Sequence

from optin.spreadsheets.records import records

DELIMITERS = (",", ";", "\t", "|")
_SAID = re.compile(r"\s*\"?sep=(.)\"?[\r\n]*", re.IGNORECASE)
_ENOUGH = 200


def said(line: str) -> str:
    """Return the delimiter that a first line such as `sep=;` states for Excel, "" for any other line."""
    found = _SAID.fullmatch(line)
    return found[1] if found and found[1] in DELIMITERS else ""


def guess(lines: Sequence[str]) -> str:
    """Return the delimiter that gives most lines the same number of cells, and many of them; "," if none does."""
    return max(DELIMITERS, key=lambda delimiter: _score(lines, delimiter))


def _score(lines: Sequence[str], delimiter: str) -> float:
    found = records(iter(lines), delimiter)
    widths = [len(cells) for _, (_, cells) in zip(range(_ENOUGH), found, strict=False) if any(cells)]
    counted = Counter(width for width in widths if width > 1)
    return max((number * width for width, number in counted.items()), default=0) / max(len(widths), 1)
