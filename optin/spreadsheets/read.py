"""Opening what people bring, CSV files and workbooks alike, as one kind of table: headers, and rows of plain text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from optin.refused import Refused
from optin.spreadsheets import cells, delimiters, headers, text_encodings, workbooks
from optin.spreadsheets.archives import NO_TABLE, Kind
from optin.spreadsheets.headers import Row
from optin.spreadsheets.kinds import kind_of
from optin.spreadsheets.records import records
from optin.spreadsheets.scan import scan
from optin.spreadsheets.text_encodings import ENCODINGS, Encoding

MOST_COLUMNS = 1000
_LINES = 400
_ENDLESS = "This is not a table: it has lines of more than a megabyte. Save it as a CSV file and choose it again."


@dataclass(frozen=True)
class Table:
    """A table in a file.

    `headers` are the names of the columns, none empty and none twice. For a text file `encoding` is what it was read
    in, one of `encodings`, and `delimiter` what stands between its cells; both may be wrong, so people are shown them.
    For a workbook `sheet` is the one that was read, of the visible `sheets`.
    """

    headers: tuple[str, ...]
    encoding: str = ""
    encodings: tuple[Encoding, ...] = ()
    delimiter: str = ""
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    _source: "_Source" = field(repr=False, kw_only=True)
    _header_line: int = field(repr=False, kw_only=True)

    def rows(self, after_line: int = 0) -> Iterator[Row]:
        """Return each row that is not blank, with its line as a spreadsheet shows it: that where the row begins.

        A row has as many cells as there are headers, or more where its line has. With `after_line`, only the rows
        that begin after that line. Memory stays flat.
        """
        skipped, width = max(after_line, self._header_line), len(self.headers)
        filler = [("",) * missing for missing in range(width + 1)]
        for line, row in self._source.rows(skipped):
            yield line, row + filler[width - len(row)] if len(row) < width else row


@dataclass(frozen=True)
class _Source:
    """A CSV file: a text file as it came, or what a sheet was turned into, whose texts need no more care."""

    path: Path
    encoding: str
    delimiter: str
    unpacked: workbooks.Unpacked | None = None

    def rows(self, after_line: int = 0) -> Iterator[Row]:
        """Return the rows that are not blank, with their lines."""
        clean = tuple if self.unpacked else cells.texts
        with text_encodings.open_text(self.path, self.encoding) as file:
            first = file.readline()
            is_said = not self.unpacked and delimiters.said(first) != ""
            lines = file if is_said else chain([first] if first else [], file)
            for line, record in records(lines, self.delimiter, 2 if is_said else 1):
                if line > after_line:
                    row = clean(record)
                    if any(row):
                        yield line, row


def open_table(
    path: Path, name: str, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> Table | Refused:
    """Open a file; refused with a sentence that says what to do.

    `name` is the file's name at whoever brought it; what it is, its content says. `encoding`, `delimiter` and `sheet`
    are what people chose, None to find out.
    """
    kind = kind_of(path)
    if isinstance(kind, Refused):
        return kind
    if kind is not Kind.TEXT:
        return _workbook(path, kind, sheet or "")
    if name.casefold().endswith((".tsv", ".tab")):
        delimiter = delimiter or "\t"
    return _text(path, encoding, delimiter)


def _text(path: Path, encoding: str | None, delimiter: str | None) -> Table | Refused:
    if encoding is not None and encoding not in text_encodings.NAMES:
        return Refused("Choose one of the encodings.", field="encoding")
    if delimiter is not None and delimiter not in delimiters.DELIMITERS:
        return Refused("Choose what separates the columns.", field="delimiter")
    seen = scan(path)
    if seen.endless:
        return Refused(_ENDLESS)
    if encoding is None:
        encoding = text_encodings.guess(seen)
        if text_encodings.is_noise(seen, encoding):
            return Refused(NO_TABLE)
    if delimiter is None:
        with text_encodings.open_text(path, encoding) as file:
            lines = list(islice(file, _LINES))
        delimiter = delimiters.said(lines[0] if lines else "") or delimiters.guess(lines)
    source = _Source(path, encoding, delimiter)
    return _table(source, encoding=encoding, encodings=ENCODINGS, delimiter=delimiter)


def _workbook(path: Path, kind: Kind, sheet: str) -> Table | Refused:
    unpacked = workbooks.unpack(path, kind, sheet)
    if isinstance(unpacked, Refused):
        return unpacked
    source = _Source(unpacked.file, "utf-8", ",", unpacked)
    return _table(source, sheets=unpacked.sheets, sheet=unpacked.sheet)


def _table(source: _Source, **known: Any) -> Table | Refused:
    first = list(islice(source.rows(), headers.LOOKED_AT))
    if not first:
        return Refused("This file has no rows.")
    top = headers.top(first)
    if len(top.headers) > MOST_COLUMNS:
        return Refused(f"This table has {len(top.headers):,} columns; the limit is {MOST_COLUMNS:,}.")
    return Table(top.headers, **known, _source=source, _header_line=top.line)
