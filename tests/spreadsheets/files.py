"""Makers of the files that people bring: each writes one to a path."""

import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import xlwt
from xlwt.CompoundDoc import XlsDoc

Make = Callable[[Path], object]
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
)


def raw(content: bytes) -> Make:
    """A file with exactly these bytes."""
    return lambda path: path.write_bytes(content)


def text(content: str, encoding: str = "utf-8") -> Make:
    """A text file."""
    return raw(content.encode(encoding))


def sparse(size: int, begin: bytes = b"Name,Phone\n") -> Make:
    """A file that is as large as this, and takes no room."""

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.write(begin)
            file.truncate(size)

    return make


def xlsx(*rows: Sequence[Any], merged: str = "", hidden: str = "", title: str = "Sheet", empty: int = 1) -> Make:
    """A workbook as Excel writes it; `hidden` names a hidden sheet before, `empty` is the place of an empty one."""

    def make(path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = title
        for number, row in enumerate(rows, 1):
            for place, cell in enumerate(row, 1):
                sheet.cell(number, place, cell)
        if merged:
            sheet.merge_cells(merged)
        if hidden:
            book.create_sheet(hidden, 0).sheet_state = "hidden"
            book[hidden].append(["secret"])
        book.create_sheet("Empty", empty)
        book.save(path)

    return make


def xls(*rows: Sequence[Any], locked: int | None = None) -> Make:
    """A workbook of Excel 97 to 2003; with `locked` 0 or 1, one with a password of the old or the newer kind."""

    def make(path: Path) -> None:
        book = xlwt.Workbook()
        sheet = book.add_sheet("Sheet")
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write(number, place, cell)
        content = book.get_biff_data()
        begin = 4 + struct.unpack_from("<H", content, 2)[0]
        said = b"" if locked is None else struct.pack("<HHHHH", 0x2F, 6, locked, 1, 1)
        with path.open("wb") as file:
            XlsDoc().save(file, content[:begin] + said + content[begin:])

    return make


def ods(table: str, manifest: str = "") -> Make:
    """A workbook as LibreOffice writes it; `table` is the XML of its rows, `cell()` makes that of a cell."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMES}><office:body><office:spreadsheet>'
        f'<table:table table:name="Liste">{table}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    files = {"mimetype": _ODS, "content.xml": content, "META-INF/manifest.xml": manifest or "<manifest/>"}
    return zipped(files)


def row(*cells: str) -> str:
    """The XML of a row of an ODS table."""
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def cell(shown: str, **values: str) -> str:
    """The XML of a cell of an ODS table: `value_type`, `value`, `date_value`, …, a text by itself."""
    said = {"value_type": "string", **values}
    attributes = " ".join(f'office:{name.replace("_", "-")}="{value}"' for name, value in said.items())
    return f"<table:table-cell {attributes}><text:p>{shown}</text:p></table:table-cell>"


def zipped(files: dict[str, str | bytes]) -> Make:
    """A ZIP file."""

    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)

    return make


def sheet_xml(cells: str) -> dict[str, str | bytes]:
    """The parts of the smallest workbook there is, `cells` being the XML of its rows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    linked = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{linked}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{linked}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="rId1" '
        f'Type="{linked}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }


def bomb(megabytes: int) -> Make:
    """A small workbook with this much in it, and says so."""
    return zipped({**sheet_xml(""), "xl/sharedStrings.xml": b"<" + b" " * (megabytes * 1_000_000)})


def lying_bomb(megabytes: int, said: int) -> Make:
    """The same, whose directory says that there are `said` bytes."""

    def make(path: Path) -> None:
        bomb(megabytes)(path)
        content = path.read_bytes()
        size = struct.pack("<I", megabytes * 1_000_000 + 1)
        path.write_bytes(content.replace(size, struct.pack("<I", said)))

    return make


def encrypted() -> Make:
    """A workbook with a password, as far as anyone can look: a container with the stream of its encrypted package."""
    return raw(_OLE + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le").ljust(64, b"\0") + b"\0" * 4032)


def locked_zip(files: dict[str, str | bytes]) -> Make:
    """A ZIP file whose directory says of each entry that a password is needed."""

    def make(path: Path) -> None:
        zipped(files)(path)
        parts = path.read_bytes().split(b"PK\x01\x02")
        path.write_bytes(b"PK\x01\x02".join([parts[0], *(part[:4] + b"\1" + part[5:] for part in parts[1:])]))

    return make
