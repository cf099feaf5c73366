"""Where a table begins: its header row among titles, blank rows and a second header row."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count, pairwise

from optin.spreadsheets.looks import DATE, EMAIL, PHONE, WORDS, looks_like

Row = tuple[int, tuple[str, ...]]
"""The line of a row, and its cells."""
LOOKED_AT = 60
_TITLES = 20
_TYPED = (PHONE, EMAIL, DATE)


@dataclass(frozen=True)
class Top:
    """The names of the columns, and the last line above the first row of data (0 where there is no header)."""

    headers: tuple[str, ...]
    line: int


def top(rows: Sequence[Row]) -> Top:
    """Find the header in the first rows of a table, which have no blank ones among them.

    A title above it stands in a single cell, or in pairs. A row with a number, an email or a date is data; where the
    first row is, the columns have their letters for names.
    """
    width = max((_reach(cells) for _, cells in rows), default=0)
    at = _header(rows)
    if at is None:
        return Top(_named(("",) * width), 0)
    first, below = rows[at], rows[at + 1 :]
    if below and _is_second_header(first[1], below):
        return Top(_named(_joined(_wide(first[1], width), _wide(below[0][1], width))), below[0][0])
    return Top(_named(_wide(first[1], width)), first[0])


def letters(place: int) -> str:
    """Return the letters that spreadsheets give a column: A for 0, AA for 26."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def _header(rows: Sequence[Row]) -> int | None:
    """Return the place of the header row, None when there is none."""
    for at, row in enumerate(rows[:_TITLES]):
        if not _is_title(row, rows[at + 1 : at + 1 + _TITLES]):
            return at if _is_wordy(row[1], rows[at + 1 :]) else None
    return None


def _is_title(row: Row, below: Sequence[Row]) -> bool:
    """Tell whether a row stands above the table: one cell above a row of words, or a pair with a blank row between."""
    filled = _filled(row[1])
    if filled > 2:
        return False
    at = next((at for at, (_, cells) in enumerate(below) if _filled(cells) >= 2 * filled), None)
    if at is None or not _is_wordy(below[at][1], below[at + 1 :]):
        return False
    lines = [row[0], *(line for line, _ in below[: at + 1])]
    return filled == 1 or any(after - before > 1 for before, after in pairwise(lines))


def _is_wordy(cells: Sequence[str], below: Sequence[Row]) -> bool:
    """Tell whether a row could be a header: it has words, and nothing that only data have.

    A date may be the name of a column, as in lists of who came when, unless the rows below have dates there too.
    """
    kinds = [looks_like(cell) for cell in cells]
    if WORDS not in kinds or PHONE in kinds or EMAIL in kinds:
        return False
    return DATE not in kinds or not any(kinds[place] == DATE for place in _typed_columns(below) if place < len(kinds))


def _is_second_header(first: Sequence[str], below: Sequence[Row]) -> bool:
    """Tell whether the row after the header is one too: the same names again, or names where the others have data."""
    second = below[0][1]
    if len(below) < 2 or not _is_wordy(second, below[1:]):
        return False
    pairs = [(_bare(one), _bare(two)) for one, two in zip(first, second, strict=False) if one and two]
    if len(pairs) > 1 and sum(one == two for one, two in pairs) * 2 > len(pairs):
        return True
    typed = _typed_columns(below[1:])
    broken = [place for place in typed if place < len(second) and looks_like(second[place]) == WORDS]
    has_gaps = _filled(first) < _filled(second)
    return bool(typed) and len(broken) == len(typed) and (has_gaps or (len(typed) > 1 and _differ(second)))


def _typed_columns(rows: Sequence[Row]) -> list[int]:
    """Return the columns that hold numbers, emails or dates in most rows."""
    counted = Counter(place for _, cells in rows for place, cell in enumerate(cells) if looks_like(cell) in _TYPED)
    return [place for place, number in counted.items() if number * 2 > len(rows)]


def _joined(above: Sequence[str], below: Sequence[str]) -> tuple[str, ...]:
    """Return one header of two: the lower name, with that of its group where several groups have it."""
    groups, group = [], ""
    for name in above:
        group = name or group
        groups.append(group)
    counted = Counter(below)
    return tuple(
        (f"{group} {name}" if counted[name] > 1 and group != name else name) if name else upper
        for group, upper, name in zip(groups, above, below, strict=True)
    )


def _named(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the names with none empty and none twice."""
    names: dict[str, None] = {}
    for place, cell in enumerate(cells):
        plain = " ".join(cell.split()) or f"Column {letters(place)}"
        ways = chain([plain], (f"{plain} ({number})" for number in count(2)))
        names[next(name for name in ways if name not in names)] = None
    return tuple(names)


def _wide(cells: Sequence[str], width: int) -> tuple[str, ...]:
    return (*cells[:width], *("",) * (width - len(cells)))


def _reach(cells: Sequence[str]) -> int:
    """Return how many columns there are up to the last that is not empty."""
    return max((place for place, cell in enumerate(cells, 1) if cell), default=0)


def _filled(cells: Sequence[str]) -> int:
    return sum(cell != "" for cell in cells)


def _differ(cells: Sequence[str]) -> bool:
    names = [cell for cell in cells if cell]
    return len(set(names)) == len(names)


def _bare(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
