"""The rows of a table, taken some at a time and by several threads: none is read twice."""

import threading
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import IO

from optin.spreadsheets.headers import Row
from optin.spreadsheets.read import Table

_guard = threading.Lock()


class OpenTable:
    """A table in a file, which it keeps open, and its rows from one line on."""

    def __init__(self, file: IO[bytes] | None, table: Table) -> None:
        self.file, self.table = file, table
        self.rows: Iterator[Row] | None = None
        self.line = 0

    def take(self, after: int, most: int) -> list[Row]:
        """Return the next rows after a line; at once where that is the line that the last ones ended with."""
        with _guard:
            rows, self.rows = (self.rows if self.line == after else None), None
        rows = rows or self.table.rows(after)
        taken = list(islice(rows, most))
        with _guard:
            self.rows, self.line = rows, taken[-1][0] if taken else after
        return taken

    def give_back(self, rows: Sequence[Row], line: int) -> None:
        """Have rows that were taken come again; `line` is the one before them."""
        with _guard:
            self.rows, self.line = chain(rows, self.rows or ()), line
