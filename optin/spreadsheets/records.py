"""The records of a CSV file with the line where each begins, also where its quotation marks are wrong."""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import chain

LONGEST = 200
"""No record goes over more lines: a quotation mark that is still open then was never meant to open anything."""


class _TooLongError(Exception):
    """A record goes over more lines than any real one."""


def records(lines: Iterator[str], delimiter: str, first: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Return each record with its line, the first line of `lines` being number `first`.

    A quotation mark that nothing closes, or that closes before something other than a delimiter, is taken as it
    stands: the line is a record of its own, and those after it are read as if it had none.
    """
    taken: list[str] = []
    ahead: deque[str] = deque()
    source = _source(lines, taken, ahead)
    number = first
    while True:
        try:
            for cells in csv.reader(source, delimiter=delimiter, strict=True):
                yield number, cells
                number += len(taken)
                taken.clear()
            return
        except (csv.Error, _TooLongError):
            line, *others = taken
            ahead.extendleft(reversed(others))
            taken.clear()
            source = _source(lines, taken, ahead)
            yield number, _alone(line, delimiter)
            number += 1


def _source(lines: Iterator[str], taken: list[str], ahead: deque[str]) -> Iterator[str]:
    """Return the lines, those read ahead first; `taken` has those of the record that is being read."""
    for line in chain(_drained(ahead), lines):
        taken.append(line)
        yield line
        if len(taken) >= LONGEST:
            raise _TooLongError


def _drained(ahead: deque[str]) -> Iterator[str]:
    while ahead:
        yield ahead.popleft()


def _alone(line: str, delimiter: str) -> list[str]:
    """Read one line whose quotation marks are wrong: as spreadsheets do if that is possible, else as it stands."""
    text = line.rstrip("\r\n")
    if text.count('"') % 2 == 0:
        try:
            return next(csv.reader([text], delimiter=delimiter), [])
        except csv.Error:
            pass
    return [cell.strip('"') for cell in text.split(delimiter)]
