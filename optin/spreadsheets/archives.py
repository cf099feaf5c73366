"""ZIP files, and workbooks that are such (xlsx, ods): what is in one, and how large it is, before anything opens it."""

import zlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from optin.refused import Refused

DAMAGE = (BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError)
"""What unpacking raises of a ZIP that is damaged, encrypted, or packed in a way that nobody uses."""
UNREADABLE = (*DAMAGE, OSError, ValueError)
"""What opening or unpacking raises of a file that may be anything."""
UNPACKED_LIMIT = 1_000_000_000
"""More bytes than a workbook of a million rows has; a small file that holds more was made to do harm."""


class Kind(Enum):
    """What can be read; workbooks by the ending of their usual names."""

    TEXT = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"


MOST_FILES = 100
_CHUNK = 1 << 16
_LOCAL_HEADER = 30
_ENCRYPTED = 1
PROTECTED = "This workbook is protected with a password. Save it without one and choose it again."
NO_TABLE = "This is not a table that Optin can read. Save it as a CSV file or as .xlsx and choose it again."
DAMAGED = "This workbook is damaged. Open it in a spreadsheet program, save it anew and choose it again."
TOO_MUCH = "This workbook is far larger than its file shows. Save the sheet as a CSV file and choose that."


def kind_of(path: Path) -> Kind | Refused:
    """Tell xlsx from ods; refuse a ZIP file that is neither, is damaged or protected, or unpacks to too much."""
    try:
        with ZipFile(path) as archive:
            entries = archive.infolist()
            said = archive.read("mimetype")[:100] if "mimetype" in archive.namelist() else b""
        kind = _kind({entry.filename for entry in entries}, said)
        return kind if isinstance(kind, Refused) else _wrong_size(path, entries) or kind
    except UNREADABLE:
        return Refused(DAMAGED)


def is_archive(path: Path) -> bool:
    """Tell whether a file is a ZIP file that is no workbook."""
    with path.open("rb") as file:
        if not file.read(4).startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return False
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except UNREADABLE:
        return True
    return "mimetype" not in names and not any(name.casefold().startswith("xl/") for name in names)


def extract(path: Path, folder: Path, room: int = UNPACKED_LIMIT) -> dict[str, Path] | Refused:
    """Unpack the files of a ZIP file into a folder; return by its name where each is. Refused as `kind_of` does.

    What programs add for themselves (hidden files, those of macOS) is left out.
    """
    found: dict[str, Path] = {}
    try:
        with ZipFile(path) as archive:
            wanted = [entry for entry in archive.infolist() if not entry.is_dir() and _is_wanted(entry.filename)]
            if len(wanted) > MOST_FILES:
                return Refused(f"This ZIP file has {len(wanted):,} files; the limit is {MOST_FILES}.")
            if any(entry.flag_bits & _ENCRYPTED for entry in wanted):
                return Refused("This ZIP file is protected with a password. Pack the files without one.")
            for number, entry in enumerate(wanted):
                target = folder / str(number)
                with archive.open(entry) as source, target.open("wb") as file:
                    while chunk := source.read(_CHUNK * 16):
                        room -= len(chunk)
                        if room < 0:
                            return Refused("What is in this ZIP file is far larger than the file shows. Split it.")
                        file.write(chunk)
                found[entry.filename] = target
    except UNREADABLE:
        return Refused("This ZIP file is damaged. Pack the files anew and choose it again.")
    return found


def _is_wanted(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return parts[0] != "__MACOSX" and not parts[-1].startswith(".")


def _kind(names: set[str], said: bytes) -> Kind | Refused:
    lower = {name.casefold().replace("\\", "/") for name in names}
    if "xl/workbook.xml" in lower:
        return Kind.XLSX
    if b"opendocument.spreadsheet" in said:
        return Kind.ODS
    if "xl/workbook.bin" in lower:
        return Refused("This is a binary workbook (.xlsb). Save it as .xlsx and choose it again.")
    if any(name.startswith("index/") and name.endswith(".iwa") for name in lower):
        return Refused("This is a file of Apple Numbers. Export it from Numbers as Excel or CSV and choose that.")
    if any(name.endswith((".csv", ".xlsx", ".xls", ".ods")) for name in lower):
        return Refused("This is a ZIP file. Unpack it and choose the file in it.")
    return Refused(NO_TABLE)


def _wrong_size(path: Path, entries: list[ZipInfo]) -> Refused | None:
    """Refuse by what the archive says of its sizes, then by what is really in it: the two need not agree."""
    if sum(entry.file_size for entry in entries) > UNPACKED_LIMIT:
        return Refused(TOO_MUCH)
    room = UNPACKED_LIMIT
    with path.open("rb") as file:
        for entry in entries:
            if entry.flag_bits & _ENCRYPTED:
                return Refused(PROTECTED)
            if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                return Refused(DAMAGED)
            for size in _sizes(file, entry):
                room -= size
                if room < 0:
                    return Refused(TOO_MUCH)
    return None


def _sizes(file: BinaryIO, entry: ZipInfo) -> Iterator[int]:
    """Unpack an entry without keeping it, and say how much came out of each part."""
    file.seek(entry.header_offset)
    header = file.read(_LOCAL_HEADER)
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    if entry.compress_type == ZIP_STORED:
        yield entry.compress_size
        return
    unpacking, left = zlib.decompressobj(-zlib.MAX_WBITS), entry.compress_size
    while left > 0 and not unpacking.eof and (packed := file.read(min(_CHUNK, left))):
        left -= len(packed)
        while packed:
            yield len(unpacking.decompress(packed, _CHUNK * 16))
            packed = unpacking.unconsumed_tail
