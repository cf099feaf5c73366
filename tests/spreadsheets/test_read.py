"""Files as people bring them: what Optin reads of each, or what it says."""

import codecs
import csv
import io
import re
import tracemalloc
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from time import process_time
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.refused import Refused
from optin.spreadsheets import archives, kinds, unpack, workbooks
from optin.spreadsheets.delimiters import DELIMITERS
from optin.spreadsheets.read import Table, open_table
from optin.spreadsheets.text_encodings import ENCODINGS, NAMES
from tests.spreadsheets.files import (
    Make,
    bomb,
    cell,
    encrypted,
    locked_zip,
    lying_bomb,
    ods,
    raw,
    row,
    sheet_xml,
    sparse,
    text,
    xls,
    xlsx,
    zipped,
)

SHORTENED = re.compile(r".*[0-9][Ee].*", re.DOTALL)
HEAD = ("Name", "Phone")
ZOE = (2, ("Zoë", "415"))
WIDE = ",".join(f"Field {number}" for number in range(300))

TABLES: dict[str, tuple[Make, tuple[str, ...], list[tuple[int, tuple[str, ...]]]]] = {
    "UTF-8": (text("Name,Phone\nZoë,415\n"), HEAD, [ZOE]),
    "UTF-8 with a mark": (text("Name,Phone\nZoë,415\n", "utf-8-sig"), HEAD, [ZOE]),
    "a mark before a quotation mark": (text('"Name","Phone"\nZoë,415\n', "utf-8-sig"), HEAD, [ZOE]),
    "UTF-16 from Excel": (text("Name\tPhone\r\nZoë\t415\r\n", "utf-16"), HEAD, [ZOE]),
    "UTF-16, big-endian": (raw(codecs.BOM_UTF16_BE + "Name;Phone\nZoë;415".encode("utf-16-be")), HEAD, [ZOE]),
    "UTF-16 without a mark": (text("Name,Phone\nZoë,415\n", "utf-16-le"), HEAD, [ZOE]),
    "Windows-1252": (text("Name;Phone\r\nZoë;415\r\n“Jo” – €5;416", "cp1252"), HEAD, [ZOE, (3, ("“Jo” – €5", "416"))]),
    "Latin-1": (text("Name;Phone\nZoë;415\nJosé Muñoz;416\n", "latin-1"), HEAD, [ZOE, (3, ("José Muñoz", "416"))]),
    "Mac": (text("Name;Phone\rZoë;415\rJosé;416\r", "mac_roman"), HEAD, [ZOE, (3, ("José", "416"))]),
    "Cyrillic": (text("Имя;Телефон\nИван Петров;415\n", "cp1251"), ("Имя", "Телефон"), [(2, ("Иван Петров", "415"))]),
    "Japanese": (text("名前,電話番号\n山田太郎,415\n", "cp932"), ("名前", "電話番号"), [(2, ("山田太郎", "415"))]),
    "two encodings in one": (
        raw(b"Name,Phone\n" + "Zoë,415\n".encode() * 20 + "José,416\n".encode("cp1252")),
        HEAD,
        [ZOE, *((line, ZOE[1]) for line in range(3, 22)), (22, ("José", "416"))],
    ),
    "semicolons": (text("Name;Phone;Note\nZoë;415;a, b, c\n"), (*HEAD, "Note"), [(2, ("Zoë", "415", "a, b, c"))]),
    "a comma in each row of semicolons": (
        text("Last, First;Phone;City\nLopez, Ada;415;Bonn\n"),
        ("Last, First", "Phone", "City"),
        [(2, ("Lopez, Ada", "415", "Bonn"))],
    ),
    "tabs": (text("Name\tPhone\nZoë\t415\n"), HEAD, [ZOE]),
    "bars": (text("Name|Phone\nZoë|415\n"), HEAD, [ZOE]),
    "a delimiter that is stated": (text("sep=;\r\nName;Phone\r\nZoë;415\r\n"), HEAD, [(3, ZOE[1])]),
    "one column": (text("Phone\n415\n416\n"), ("Phone",), [(2, ("415",)), (3, ("416",))]),
    "line breaks in quotes": (
        text('Name,Note\nZoë,"first\r\nsecond"\nJo,x\n'),
        ("Name", "Note"),
        [(2, ("Zoë", "first\nsecond")), (4, ("Jo", "x"))],
    ),
    "quotes in quotes": (text('Name,Note\nZoë,"says ""hi"""\n'), ("Name", "Note"), [(2, ("Zoë", 'says "hi"'))]),
    "a lone quote in the middle": (
        text('Name,Note\n"Zoë,1\nJo,2\nAda,3\n'),
        ("Name", "Note"),
        [(2, ("Zoë", "1")), (3, ("Jo", "2")), (4, ("Ada", "3"))],
    ),
    "a lone quote at the end": (
        text('Name,Note\nZoë,1\nJo,"2'),
        ("Name", "Note"),
        [(2, ("Zoë", "1")), (3, ("Jo", "2"))],
    ),
    "a lone quote long before another": (
        text('Name,Note\nJo,"2\n' + "Zoë,1\n" * 500 + 'Ada,3"\n'),
        ("Name", "Note"),
        [(2, ("Jo", "2")), *((line, ("Zoë", "1")) for line in range(3, 503)), (503, ("Ada", '3"'))],
    ),
    "inches": (text('Name,Size\nZoë,5"\nJo,6"\n'), ("Name", "Size"), [(2, ("Zoë", '5"')), (3, ("Jo", '6"'))]),
    "rows of unequal length": (
        text("Name,Phone\nZoë\nJo,415,x,y\n"),
        (*HEAD, "Column C", "Column D"),
        [(2, ("Zoë", "", "", "")), (3, ("Jo", "415", "x", "y"))],
    ),
    "NUL bytes": (raw(b"Name,Phone\nZo\0e,4\x0015\n"), HEAD, [(2, ("Zoe", "415"))]),
    "a column without a name, and two with one": (
        text("Phone,,Phone,Phone (2)\n1,2,3,4\n"),
        ("Phone", "Column B", "Phone (2)", "Phone (2) (2)"),
        [(2, ("1", "2", "3", "4"))],
    ),
    "the header alone": (text("Name,Phone\n"), HEAD, []),
    "blank lines": (text("\n\nName,Phone\n\n,\nZoë,415\n\n"), HEAD, [(6, ZOE[1])]),
    "300 columns": (
        text(f"{WIDE}\n{'x,' * 299}y\n"),
        tuple(f"Field {number}" for number in range(300)),
        [(2, ("x",) * 299 + ("y",))],
    ),
    "dates for names of columns": (
        text("Name,Phone,2026-05-03,2026-05-10\nZoë,4155550100,x,\n"),
        (*HEAD, "2026-05-03", "2026-05-10"),
        [(2, ("Zoë", "4155550100", "x", ""))],
    ),
    "no header, and emails": (
        text("Zoë,z@b.co\nJo,j@b.co\n"),
        ("Column A", "Column B"),
        [(1, ("Zoë", "z@b.co")), (2, ("Jo", "j@b.co"))],
    ),
    "no header, and no words": (text("1,2\n3,4\n"), ("Column A", "Column B"), [(1, ("1", "2")), (2, ("3", "4"))]),
    "no header, and dates": (
        text("Zoë,Groß,2026-05-03\nJo,Li,2026-05-04\n"),
        ("Column A", "Column B", "Column C"),
        [(1, ("Zoë", "Groß", "2026-05-03")), (2, ("Jo", "Li", "2026-05-04"))],
    ),
    "a title above": (text("Volunteers 2026,\n\nName,Phone\nZoë,415\n"), HEAD, [(4, ZOE[1])]),
    "a title and pairs above": (
        text("Report,,,\nExported,3 May\n\nName,Phone,Email,City\nZoë,4155550100,z@b.co,Bonn\n"),
        ("Name", "Phone", "Email", "City"),
        [(5, ("Zoë", "4155550100", "z@b.co", "Bonn"))],
    ),
    "two header rows, of groups": (
        text(
            "Person,,Contact,\nFirst,Last,Phone,Email\nZoë,Groß,4155550100,z@b.co\nJo,Li,4155550101,j@b.co\n",
        ),
        ("First", "Last", "Phone", "Email"),
        [(3, ("Zoë", "Groß", "4155550100", "z@b.co")), (4, ("Jo", "Li", "4155550101", "j@b.co"))],
    ),
    "two header rows, of groups alike": (
        text("Who,Home,,Work,\n,Phone,Email,Phone,Email\nZoë,4155550100,z@b.co,4155550101,z@c.co\n"),
        ("Who", "Home Phone", "Home Email", "Work Phone", "Work Email"),
        [(3, ("Zoë", "4155550100", "z@b.co", "4155550101", "z@c.co"))],
    ),
    "two header rows, the same twice": (
        text("First Name,Mobile Phone\nFirstName,MobilePhone\nZoë,4155550100\n"),
        ("FirstName", "MobilePhone"),
        [(3, ("Zoë", "4155550100"))],
    ),
    "a first person without a number": (
        text("Name,Phone\nZoë,no idea\nJo,4155550101\nAda,4155550102\n"),
        HEAD,
        [(2, ("Zoë", "no idea")), (3, ("Jo", "4155550101")), (4, ("Ada", "4155550102"))],
    ),
    "no header": (
        text("Zoë,4155550100\nJo,4155550101\n"),
        ("Column A", "Column B"),
        [(1, ("Zoë", "4155550100")), (2, ("Jo", "4155550101"))],
    ),
    "what Excel puts around texts": (
        text('Name,Phone,Note\n\xa0Zoë\xa0Groß ,\'+49 151,"=""0151"""\n\'S-Gravenhage,1.4155550123E+10,1.41555E+10\n'),
        (*HEAD, "Note"),
        [(2, ("Zoë Groß", "+49 151", "0151")), (3, ("'S-Gravenhage", "14155550123", "1.41555E+10"))],
    ),
    "formulas in a text": (text("Name,Phone\n=A1+1,+415\n"), HEAD, [(2, ("=A1+1", "+415"))]),
    "values of xlsx": (
        xlsx(
            ["Kind", "Value"],
            ["date", date(2026, 5, 3)],
            ["time", datetime(2026, 5, 3, 9, 14)],  # noqa: DTZ001
            ["clock", time(9, 1)],
            ["span", timedelta(hours=26)],
            ["number", 14155550123],
            ["part", 1.5],
            ["small", 1e-7],
            ["large", 1e20],
            ["yes", True],
            ["text", "'+49 151"],
            ["formula", "=1+1"],
        ),
        ("Kind", "Value"),
        [
            (2, ("date", "2026-05-03")),
            (3, ("time", "2026-05-03 09:14:00")),
            (4, ("clock", "09:01:00")),
            (5, ("span", "26:00:00")),
            (6, ("number", "14155550123")),
            (7, ("part", "1.5")),
            (8, ("small", "0.0000001")),
            (9, ("large", "100000000000000000000")),
            (10, ("yes", "TRUE")),
            (11, ("text", "+49 151")),
            (12, ("formula", "")),
        ],
    ),
    "merged cells": (
        xlsx(["Name", "Phone"], ["Zoë", "415"], [None, "416"], merged="A2:A3"),
        HEAD,
        [ZOE, (3, ("", "416"))],
    ),
    "a table that begins further in": (
        xlsx([], [], [None, "Name", "Phone"], [None, "Zoë", "415"]),
        ("Column A", *HEAD),
        [(4, ("", *ZOE[1]))],
    ),
    "an empty sheet first": (xlsx(HEAD, ZOE[1], empty=0), HEAD, [ZOE]),
    "a hidden sheet first": (xlsx(HEAD, ZOE[1], hidden="Secret"), HEAD, [ZOE]),
    "xls": (xls(HEAD, ("Zoë", 4155550100)), HEAD, [(2, ("Zoë", "4155550100"))]),
    "ods": (
        ods(
            row(cell("Name"), cell("Since"), cell("Phone"))
            + row(
                cell("Zoë"),
                cell("3. Mai 26", value_type="date", date_value="2026-05-03"),
                cell("4.155.550.100", value_type="float", value="4155550100"),
            )
        ),
        ("Name", "Since", "Phone"),
        [(2, ("Zoë", "2026-05-03", "4155550100"))],
    ),
}

PROTECTED_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml" manifest:size="9">'
    '<manifest:encryption-data manifest:checksum="x"/></manifest:file-entry></manifest:manifest>'
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
REFUSED: dict[str, tuple[Make, str]] = {
    "nothing": (raw(b""), "This file is empty."),
    "blank lines alone": (raw(b"\n\n , ,\n"), "This file has no rows."),
    "a PDF": (raw(b"%PDF-1.7 ..."), "This is a PDF."),
    "a picture": (raw(PNG), "This is a picture"),
    "a web page that is named .xls": (raw(b"\n<html><table><tr><td>1"), "web page"),
    "a sheet of Excel 2003 in XML": (text('<?xml version="1.0"?><Workbook>'), "web page or XML"),
    "JSON": (text('[{"name": "Zoë"}]'), "This is JSON"),
    "a text document": (zipped({"word/document.xml": "<x/>"}), "not a table"),
    "a packed file": (zipped({"people.csv": "a,b"}), "Unpack it"),
    "a file of Numbers": (zipped({"Index/Document.iwa": "x"}), "Apple Numbers"),
    "a binary workbook": (zipped({"xl/workbook.bin": "x"}), ".xlsb"),
    "gzip": (raw(b"\x1f\x8b\x08\0\0"), "Unpack it"),
    "noise": (raw(bytes(range(1, 32)) * 100), "not a table"),
    "noise with zeros": (raw(bytes([0, 7, 0, 200, 0, 1, 0, 0xE5, 0, 31] * 300)), "not a table"),
    "an old document of Word": (raw(OLE + bytes(2000)), "not a table"),
    "a workbook that breaks off": (raw(b"PK\x03\x04" + bytes(500)), "damaged"),
    "a workbook whose sheet is broken": (zipped(sheet_xml("<row><c r='A1'><v>1</v></row></nonsense>")), "damaged"),
    "an xls that breaks off": (raw(OLE + "Workbook\0".encode("utf-16-le")), "damaged"),
    "a workbook with a password": (encrypted(), "protected with a password. Save it without one and choose it again."),
    "an xls of Excel 95 that breaks off": (raw(OLE + "Book\0".encode("utf-16-le")), "damaged"),
    "a workbook packed with a password": (locked_zip(sheet_xml("")), "protected with a password"),
    "an xls with a password": (xls(["a"], locked=1), "protected with a password"),
    "an xls with a password of old": (xls(["a"], locked=0), "protected with a password"),
    "an ods with a password": (
        ods(row(cell("x")), manifest=PROTECTED_MANIFEST),
        "protected with a password",
    ),
    "one row of letters a million long": (raw(b"x" * 2_500_000), "more than a megabyte"),
    "too many columns": (text("x," * 1500 + "y\n"), "1,501 columns; the limit is 1,000"),
    "a gigabyte of text": (sparse(1_000_000_000), "1,000 MB; the limit is 500 MB"),
    "a large workbook": (sparse(100_000_001, b"PK\x03\x04"), "101 MB; the limit is 100 MB"),
    "a sheet with two cells far apart": (
        zipped(sheet_xml('<row><c r="A1"><v>1</v></c></row><row><c r="XFD1048576"><v>1</v></c></row>')),
        "too large to be read as a workbook",
    ),
    "a sheet that takes more memory than it may": (
        zipped(sheet_xml('<row><c r="A1"><v>1</v></c></row><row><c r="CL1048576"><v>1</v></c></row>')),
        "too large to be read as a workbook",
    ),
    "a million repeats of a row": (
        ods(f'<table:table-row table:number-rows-repeated="1048576">{cell("x") * 2000}</table:table-row>'),
        "too large to be read as a workbook",
    ),
}


def opened(path: Path, **chosen: str) -> Table:
    """Open a file that can be read."""
    table = open_table(path, path.name, **chosen)
    assert isinstance(table, Table), table
    return table


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read(name: str, tmp_path: Path) -> None:
    make, headers, rows = TABLES[name]
    make(path := tmp_path / "people")
    table = opened(path)
    assert table.headers == headers
    assert list(table.rows()) == rows
    for line, _ in rows:
        assert list(table.rows(after_line=line)) == [each for each in rows if each[0] > line]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused(name: str, tmp_path: Path) -> None:
    make, sentence = REFUSED[name]
    make(path := tmp_path / "people.xls")
    refused = open_table(path, path.name)
    assert isinstance(refused, Refused)
    assert sentence in refused.sentence


@pytest.mark.parametrize("make", [bomb(3), lying_bomb(3, 10), lying_bomb(1, 3_000_000)])
def test_a_bomb_is_refused_before_it_is_opened(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "UNPACKED_LIMIT", 2_000_000)
    monkeypatch.setattr(workbooks, "unpack", None)
    make(path := tmp_path / "people.xlsx")
    refused = open_table(path, path.name)
    assert isinstance(refused, Refused)
    assert "far larger than its file shows" in refused.sentence


@pytest.mark.parametrize("name", ["people.xls", "people.ods", "people.csv", "people"])
def test_a_wrong_name_does_not_matter(name: str, tmp_path: Path) -> None:
    xlsx(HEAD, ZOE[1])(path := tmp_path / name)
    assert opened(path).headers == HEAD


def test_an_encoding_and_a_delimiter_can_be_chosen(tmp_path: Path) -> None:
    text("Name;Phone\nŁukasz;415\n", "cp1250")(path := tmp_path / "people.csv")
    assert opened(path).encodings == ENCODINGS
    table = opened(path, encoding="cp1250")
    assert (table.encoding, list(table.rows())) == ("cp1250", [(2, ("Łukasz", "415"))])
    assert opened(path, delimiter="|").headers == ("Name;Phone",)


def test_every_encoding_is_one_of_pythons() -> None:
    assert all(codecs.lookup(name) for name in NAMES)


@pytest.mark.parametrize("chosen", [{"encoding": "klingon"}, {"delimiter": "x"}, {"delimiter": "\n"}])
def test_what_cannot_be_chosen_is_refused(chosen: dict[str, str], tmp_path: Path) -> None:
    text("Name,Phone\n")(path := tmp_path / "people.csv")
    refused = open_table(path, path.name, **chosen)
    assert isinstance(refused, Refused)
    assert refused.field in chosen


def test_a_byte_that_the_encoding_lacks_stops_nothing(tmp_path: Path) -> None:
    raw(b"Name,Phone\nZo\x81\x8d,415\n")(path := tmp_path / "people.csv")
    for encoding in NAMES:
        assert len(list(opened(path, encoding=encoding, delimiter=",").rows())) < 2


def test_an_accent_far_down_is_not_missed(tmp_path: Path) -> None:
    many = "Name,Phone\n" + "Jo,415\n" * 600_000
    text(many + "José,416\n" + "Jo,415\n" * 300_000, "cp1252")(path := tmp_path / "people.csv")
    table = opened(path)
    assert table.encoding == "cp1252"
    assert next(islice(table.rows(after_line=600_001), 1)) == (600_002, ("José", "416"))


def test_sheets_can_be_chosen(tmp_path: Path) -> None:
    xlsx(HEAD, ZOE[1], hidden="Secret", title="People", empty=2)(path := tmp_path / "people.xlsx")
    table = opened(path)
    assert (table.sheets, table.sheet, table.encoding, table.encodings) == (("People", "Empty"), "People", "", ())
    refused = [open_table(path, path.name, sheet=sheet) for sheet in ("Empty", "Secret", "Missing")]
    assert [each.sentence for each in refused if isinstance(each, Refused)] == [
        "This file has no rows.",
        *["This workbook has no such sheet. Choose one of its sheets."] * 2,
    ]


def test_a_name_that_ends_in_tsv_says_tabs(tmp_path: Path) -> None:
    text("Last, First\nLopez, Ada\n")(path := tmp_path / "people.TSV")
    assert opened(path).headers == ("Last, First",)


def test_the_sheet_that_was_unpacked_is_gone_with_its_table(tmp_path: Path) -> None:
    xlsx(HEAD, ZOE[1])(path := tmp_path / "people.xlsx")
    table = opened(path)
    file = table._source.path
    assert file.exists()
    del table
    assert not file.exists()


def test_memory_stays_flat(tmp_path: Path) -> None:
    text("Name,Phone\n" + 'Zoë,"415"\n' * 50_000)(path := tmp_path / "people.csv")
    tracemalloc.start()
    try:
        assert sum(1 for _ in opened(path).rows()) == 50_000
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


def test_limits_are_what_the_sentences_say() -> None:
    assert kinds.TEXT_LIMIT > kinds.WORKBOOK_LIMIT
    assert unpack.OUTPUT >= archives.UNPACKED_LIMIT


def _has(encoding: str, sign: str) -> bool:
    """Tell whether an encoding can write a sign that is to be seen."""
    return (
        category(sign)[0] not in "CZ" and sign not in "'=" and sign.encode(encoding, "ignore").decode(encoding) == sign
    )


SOME = [chr(code) for begin, end in ((0x21, 0x600), (0x3041, 0x3060), (0x4E00, 0x4E40)) for code in range(begin, end)]
SIGNS = {name: [sign for sign in SOME if _has(name, sign)] for name in sorted(NAMES)}


@st.composite
def written(draw: st.DrawFn) -> tuple[list[list[str]], str, str]:
    """Rows of cells of an encoding's characters, with a delimiter and that encoding."""
    encoding, delimiter = draw(st.sampled_from(sorted(NAMES))), draw(st.sampled_from(DELIMITERS))
    texts = st.text(st.sampled_from(SIGNS[encoding]) | st.sampled_from(' \n\t",;|'), max_size=8).filter(
        lambda cell: not SHORTENED.fullmatch(cell)
    )
    return draw(st.lists(st.lists(texts, min_size=2, max_size=5), max_size=8)), delimiter, encoding


@given(written())
def test_what_python_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[list[list[str]], str, str]
) -> None:
    rows, delimiter, encoding = made
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([["Name", "Phone", "C", "D", "E"], *rows])
    path = tmp_path_factory.mktemp("written") / "people"
    text(out.getvalue(), encoding)(path)
    table = opened(path, encoding=encoding, delimiter=delimiter)
    read = [list(cells) for _, cells in table.rows()]
    plain = [[cell.strip() for cell in row] for row in rows]
    assert read == [[*row, *[""] * (5 - len(row))] for row in plain if any(row)]


@given(content=st.binary(max_size=400))
def test_no_bytes_break_it(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    raw(content)(path := tmp_path_factory.mktemp("noise") / "people")
    table = open_table(path, "people.csv")
    if isinstance(table, Table):
        assert all(len(cells) >= len(table.headers) for _, cells in table.rows())


def test_rows_cost_a_few_times_what_csv_alone_does(tmp_path: Path) -> None:
    """Measured as CPU time in the same run: 4 to 5 times on the machine where this was written."""
    line = 'Zoë,Groß,"+14155550100",zoe@example.org,Some company,A note,2026-05-03\n'
    text("First,Last,Phone,Email,Company,Note,Date\n" + line * 60_000)(path := tmp_path / "people.csv")
    table = opened(path)
    begin = process_time()
    with path.open(encoding="utf-8", newline="") as file:
        alone = sum(1 for _ in csv.reader(file)) and process_time() - begin
    begin = process_time()
    assert sum(1 for _ in table.rows()) == 60_000
    assert process_time() - begin < 12 * alone
    begin = process_time()
    assert sum(1 for _ in table.rows(after_line=59_000)) == 1_001
    assert process_time() - begin < 5 * alone
