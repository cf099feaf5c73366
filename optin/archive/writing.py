"""Making the ZIP from a copy of all rows: one table after the other, each row once through memory."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import Column, Table

from optin.archive import cells, manifest, tables
from optin.archive.copying import Copy
from optin.archive.manifest import FileEntry, Manifest

MARK = "\ufeff"
"""It tells spreadsheets that a file is UTF-8."""
ROWS_AT_ONCE = 500
LEVEL = 4
"""How hard is packed: more takes twice as long for a twentieth less."""
Progress = Callable[[int], None]
"""Is told how many rows were written since it was told last."""
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "application/pdf": "pdf"}


def write(out: IO[bytes], copy: Copy, made_by: str, tables_version: str, progress: Progress) -> Manifest:
    """Write everything into a stream that need not be able to go back; return the manifest that stands in it."""
    writer = _Writer(out, copy, progress)
    with ZipFile(out, "w", ZIP_DEFLATED, allowZip64=True, compresslevel=LEVEL) as writer.zip:
        for table in tables.in_order():
            writer.add_table(table)
        made = Manifest(
            moment=copy.moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            made_by=made_by,
            tables_version=tables_version,
            last_event=writer.last_event,
            files=writer.files,
        )
        writer.add_text(manifest.README_NAME, manifest.readme(made, tables.LEFT_OUT))
        writer.add_text(manifest.NAME, made.text())
    return made


class _Writer:
    """The ZIP that is being written, and what its manifest will say."""

    zip: ZipFile

    def __init__(self, out: IO[bytes], copy: Copy, progress: Progress) -> None:
        self._out, self._copy, self._progress = out, copy, progress
        self.files: dict[str, FileEntry] = {}
        self.last_event = 0

    def add_table(self, table: Table) -> None:
        """Write a table's rows, and the files that stand in them."""
        columns = tables.columns(table)
        of_files = [place for place, column in enumerate(columns) if cells.is_file(column)]
        count, names = 0, [column.name for column in columns]

        def lines() -> Iterator[bytes]:
            nonlocal count
            yield MARK.encode() + _lines([names])
            rows = iter(self._rows(table, columns))
            while some := list(islice(rows, ROWS_AT_ONCE)):
                count += len(some)
                if table.name == "consent_event":
                    self.last_event = int(some[-1][0])
                yield _lines(some)
                self._progress(len(some))

        size, digest = self._add(f"{table.name}.csv", lines())
        self.files[f"{table.name}.csv"] = FileEntry(size, digest, count, names)
        if of_files:
            self._add_files(table, columns, of_files)

    def add_text(self, name: str, content: str) -> None:
        """Write a file that is not in the manifest."""
        self._add(name, [content.encode()])

    def _rows(self, table: Table, columns: Sequence[Column[Any]]) -> Iterator[list[str]]:
        """Yield the cells of each row."""
        writers = [None if cells.is_file(column) else cells.writer(column) for column in columns]
        name_of = _file_names(table, columns)
        setting = [column.name for column in columns].index("name") if table.name == "setting" else None
        for row in self._copy.rows(table, columns):
            if setting is not None and not tables.is_kept(row[setting]):
                continue
            yield [
                "" if value is None else write(value) if write else name_of(row, column)
                for value, write, column in zip(row, writers, columns, strict=True)
            ]

    def _add_files(self, table: Table, columns: Sequence[Column[Any]], places: Sequence[int]) -> None:
        name_of = _file_names(table, columns)
        for row in self._copy.rows(table, columns):
            for place in places:
                if row[place] is not None:
                    name, data = name_of(row, columns[place]), _bytes(row[place])
                    size, digest = self._add(name, [data])
                    self.files[name] = FileEntry(size, digest)

    def _add(self, name: str, parts: Iterable[bytes]) -> tuple[int, str]:
        digest, size = hashlib.sha256(), 0
        entry = ZipInfo(name, self._copy.moment.timetuple()[:6])
        entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
        entry._compresslevel = LEVEL  # type: ignore[attr-defined]
        with self.zip.open(entry, "w", force_zip64=True) as opened:
            for part in parts:
                digest.update(part)
                size += len(part)
                opened.write(part)
        return size, digest.hexdigest()


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def _file_names(table: Table, columns: Sequence[Column[Any]]) -> Callable[[Sequence[Any], Column[Any]], str]:
    """Return what names the file in a column of a row: by the table and the row's key."""
    names = [column.name for column in columns]
    key = [names.index(column.name) for column in table.primary_key.columns]
    kind = names.index("media_type") if "media_type" in names else None

    def name(row: Sequence[Any], column: Column[Any]) -> str:
        ending = ENDINGS.get(row[kind], "bin") if kind is not None else "bin"
        more = "" if column.name == "data" else f"-{column.name}"
        return f"files/{table.name}-{'-'.join(str(row[place]) for place in key)}{more}.{ending}"

    return name


def _bytes(value: bytes | str) -> bytes:
    """PostgreSQL says bytes as `\\x…`."""
    return bytes.fromhex(value.removeprefix("\\x")) if isinstance(value, str) else value
