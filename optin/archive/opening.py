"""Reading an export, from whoever it may come: nothing is used before its hash was seen, nothing is held in memory."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

from sqlalchemy import Table

from optin.archive import cells, manifest, tables
from optin.archive.manifest import Manifest
from optin.spreadsheets.archives import DAMAGE, UNREADABLE

PIECE = 2**20
LONGEST_LINE = 16 * 2**20
LARGEST_MANIFEST = 16 * 2**20
MOST_FILES = 100_000
HARMLESS = 100 * 2**20
"""A file of so many bytes may be packed as tightly as it will."""
TIGHTEST = 250
"""How many times smaller a larger one may be packed: ours are ten times."""
DAMAGED = "The file is damaged: {}. Nothing was changed. Copy or download it again."


class BadArchive(Exception):
    """The file is no export that can be used; the text says why, in sentences."""


@dataclass(frozen=True)
class Archive:
    """An export that is open."""

    zip: ZipFile
    manifest: Manifest

    def check(self, progress: Callable[[int], None] = lambda _: None) -> None:
        """See that every file is what the manifest says. Raises BadArchive."""
        for name, entry in self.manifest.files.items():
            digest = hashlib.sha256()
            with _told(name), self.zip.open(name) as opened:
                while data := opened.read(PIECE):
                    digest.update(data)
                    progress(len(data))
            if digest.hexdigest() != entry.sha256:
                raise BadArchive(DAMAGED.format(f"{name} is not as it was written"))

    def rows(self, table: Table) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table as SQLAlchemy takes them. Raises BadArchive where they can't be read."""
        name = f"{table.name}.csv"
        with _told(name), self.zip.open(name) as opened, io.TextIOWrapper(opened, "utf-8-sig", newline="") as text:
            csv.field_size_limit(LONGEST_LINE)
            lines = csv.reader(_lines(text), strict=True)
            columns = [column.name for column in tables.columns(table)]
            if next(lines, None) != columns:
                raise BadArchive(f"{name} has other columns than this version of Optin. Nothing was changed.")
            readers = [cells.reader(column) for column in tables.columns(table)]
            files = [column.name for column in tables.columns(table) if cells.is_file(column)]
            count = 0
            for row in lines:
                values = {key: read(cell) for key, read, cell in zip(columns, readers, row, strict=True)}
                for each in files:
                    values[each] = self.zip.read(values[each])
                count += 1
                yield values
            if count != self.manifest.files[name].rows:
                raise BadArchive(DAMAGED.format(f"{name} has not the number of rows that it should have"))


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """Open an export and see whether it is one. Raises BadArchive; nothing but the manifest has been read then."""
    if not file.is_file():
        raise BadArchive(f"There is no file {file}.")
    try:
        zipped = ZipFile(file)
    except UNREADABLE as error:
        raise BadArchive(DAMAGED.format("it is no ZIP file, or its end is missing")) from error
    with zipped:
        yield Archive(zipped, _manifest(zipped, file.stat().st_size))


def see_version(archive: Archive, ours: str) -> None:
    """Refuse an export of other tables than ours, by raising BadArchive."""
    theirs = archive.manifest.tables_version
    if theirs != ours:
        raise BadArchive(
            f"This export was made by another version of Optin (tables {theirs}, here {ours}). Nothing was changed. "
            "Fill an empty Optin of that version with it, then upgrade that."
        )


def _manifest(zipped: ZipFile, size: int) -> Manifest:
    entries = zipped.infolist()
    by_name = {entry.filename: entry for entry in entries}
    if manifest.NAME not in by_name or by_name[manifest.NAME].file_size > LARGEST_MANIFEST:
        raise BadArchive("This is no export of Optin: it has no manifest.json. Nothing was changed.")
    with _told(manifest.NAME):
        try:
            found = Manifest.read(zipped.read(manifest.NAME).decode())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadArchive("This is no export of this version of Optin: its manifest can’t be read.") from error
    if found.app != manifest.APP or found.format > manifest.FORMAT:
        raise BadArchive(
            "This export was made by a newer version of Optin. Upgrade this one first. Nothing was changed."
        )
    if len(by_name) != len(entries) or len(entries) > MOST_FILES or sum(each.compress_size for each in entries) > size:
        raise BadArchive(DAMAGED.format("its files overlap"))
    _see_to_the_files(found, by_name)
    return found


def _see_to_the_files(found: Manifest, by_name: dict[str, ZipInfo]) -> None:
    wanted = {*found.files, manifest.NAME, manifest.README_NAME}
    expected = {f"{table.name}.csv" for table in tables.in_order()}
    if missing := sorted((wanted | expected) - set(by_name)):
        raise BadArchive(DAMAGED.format(f"{missing[0]} is missing"))
    if more := sorted(set(by_name) - wanted) + sorted(
        name for name in found.files if name.endswith(".csv") and name not in expected
    ):
        raise BadArchive(
            f"The export has a file that this version of Optin does not know: {more[0]}. Nothing was changed."
        )
    for name, entry in by_name.items():
        if name in found.files and entry.file_size != found.files[name].bytes:
            raise BadArchive(DAMAGED.format(f"{name} has not the size that it should have"))
        if entry.file_size > HARMLESS and entry.file_size > TIGHTEST * entry.compress_size:
            raise BadArchive(
                f"{name} would become {entry.file_size:,} bytes when unpacked, which is no export of Optin."
            )


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say in a sentence what is wrong with a file of the ZIP."""
    try:
        yield
    except (*DAMAGE, KeyError) as error:
        raise BadArchive(DAMAGED.format(f"{name} can’t be unpacked")) from error
    except (ValueError, csv.Error) as error:
        raise BadArchive(DAMAGED.format(f"{name} can’t be read")) from error


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise ValueError("a line is too long")
        yield line


def total(archive: Archive) -> int:
    """Return how many bytes its files have when unpacked."""
    return sum(entry.bytes for entry in archive.manifest.files.values())


def counts(archive: Archive) -> Sequence[tuple[str, int]]:
    """List the tables with the number of their rows, those without any left out."""
    return [(name.removesuffix(".csv"), entry.rows) for name, entry in archive.manifest.files.items() if entry.rows]
