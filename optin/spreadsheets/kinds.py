"""What a file is by its first bytes, whatever its name says, and what to do with one that is no table."""

import re
from pathlib import Path

from optin.refused import Refused
from optin.spreadsheets import archives
from optin.spreadsheets.archives import Kind

HEAD = 4096
MEGABYTE = 1_000_000
TEXT_LIMIT = 500 * MEGABYTE
WORKBOOK_LIMIT = 100 * MEGABYTE
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (
    (b"%PDF", "This is a PDF. Choose the spreadsheet that it was made from, or a CSV file."),
    (
        (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*"),
        "This is a picture, not a spreadsheet.",
    ),
    (b"{\\rtf", "This is a text document. Save its table as a spreadsheet or a CSV file."),
    (
        (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ"),
        "This file is packed. Unpack it and choose what is in it.",
    ),
    ((b"MZ", b"\x7fELF"), "This is a program, not a spreadsheet."),
    (b"SQLite format 3", "This is a database, not a spreadsheet."),
    (b"PAR1", "This is a Parquet file. Save the table as a CSV file."),
    (
        (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00"),
        "This workbook is of a very old Excel. Save it as .xlsx and choose it again.",
    ),
)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|table|meta|\?xml|!--|style)", re.IGNORECASE)
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{\s*\"|\[\s*[\[{\"])")
_LOCKED = re.compile(rb"\x09\x08\x10\0\0\x06\x05\0.{12}(?:\x86\0\0\0)?\x2f\0", re.DOTALL)
"""The first records of an xls: its begin, perhaps WRITEPROTECT, and FILEPASS ([MS-XLS] 2.4.117)."""


def kind_of(path: Path) -> Kind | Refused:
    """Tell text from workbooks (xlsx, xls, ods), and refuse the rest, and what is too large, with what to do."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        return Refused("This file is empty.")
    for marks, sentence in _OTHERS:
        if head.startswith(marks):
            return Refused(sentence)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _too_large(size, WORKBOOK_LIMIT) or archives.kind_of(path)
    if head.startswith(_OLE):
        return _too_large(size, WORKBOOK_LIMIT) or _ole_refusal(path) or Kind.XLS
    return _too_large(size, TEXT_LIMIT) or _text_refusal(head) or Kind.TEXT


def _too_large(size: int, limit: int) -> Refused | None:
    if size <= limit:
        return None
    megabytes = f"{-(-size // MEGABYTE):,} MB"
    hint = "Split it into smaller ones" if limit == TEXT_LIMIT else "Save it as a CSV file, or split it"
    return Refused(f"This file has {megabytes}; the limit is {limit // MEGABYTE} MB. {hint}.")


def _ole_refusal(path: Path) -> Refused | None:
    """Refuse what is in the container of old Office files but no workbook of Excel 97 to 2003."""
    content = path.read_bytes()
    if _named(content, "EncryptedPackage") or _LOCKED.search(content):
        return Refused(archives.PROTECTED)
    if _named(content, "Workbook") or _named(content, "Book"):
        return None
    return Refused(archives.NO_TABLE)


def _named(content: bytes, stream: str) -> bool:
    """Tell whether the container has a stream of this name."""
    return f"{stream}\0".encode("utf-16-le") in content


def _text_refusal(head: bytes) -> Refused | None:
    if _MARKUP.match(head):
        return Refused(
            "This is a web page or XML, whatever its name says. Open it in a spreadsheet program and save it as .xlsx."
        )
    if _JSON.match(head):
        return Refused("This is JSON, not a table. Save the table as a CSV file and choose it again.")
    return None
