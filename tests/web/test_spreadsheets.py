"""No cell of a file begins a formula, read with any separator; phone numbers and everything else come back."""

import csv
import io
import re
from unicodedata import category, normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from optin.web import spreadsheets
from tests.support import world
from tests.support.clients import Browser

SIGNS = ("=", "+", "-", "@", "|", "%")
SHOW_NOTHING = "\ufeff\u200b\u200d\u00ad\u2060\u180e\u00a0\u3000\u0301\u3164\u2800\x00\x07\x1b \ufe0f\U000e0020"
ALPHABET = "=+-@＝＋－＠|%﹦⁼₊−;,\t\r\n\v\f\u2028\"'“1aA(+" + SHOW_NOTHING
nasty = st.text(st.sampled_from(ALPHABET), max_size=12) | st.text(max_size=12).map(
    lambda text: "".join(sign for sign in text if category(sign) != "Cs")
)
numbers = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)


def cells(file: str, separator: str) -> list[str]:
    """Return the cells as a program reads them that takes `separator` for the separator."""
    return [cell for row in csv.reader(io.StringIO(file, newline=""), delimiter=separator) for cell in row]


def is_a_formula(cell: str) -> bool:
    """Tell whether a program that skips everything invisible and reads all widths might run this."""
    seen = "".join(each for each in cell if category(each)[0] not in "ZCM" and each not in "\u3164\u2800")
    return normalize("NFKC", seen).replace("−", "-").startswith(SIGNS) and not re.fullmatch(r"\+[0-9]+", cell)


@given(st.lists(st.tuples(nasty, numbers, nasty, nasty), max_size=4))
@example([("STOP;=1+1", "+14155550134", "＝1+1", "\u200b=1")])
@example([('a";"=1', "+14155550134", 'b";"=1', "x\n=1")])
@example([("+14155550134", "+14155550134", "+14155550134;+1", "\t=1\r-2")])
def test_no_reading_of_a_file_begins_a_formula(rows: list[tuple[str, ...]]) -> None:
    file = "".join(map(spreadsheets.line, rows))
    for separator in ",;\t|":
        assert [cell for cell in cells(file, separator) if is_a_formula(cell)] == [], separator
    back = list(csv.reader(io.StringIO(file, newline="")))
    assert [tuple(map(spreadsheets.as_it_was, row)) for row in back] == rows
    assert [row[1] for row in back] == [row[1] for row in rows], "numbers are as they were"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1", "'=1"),
        ("\t=1", "\t'=1"),
        ("STOP;=1+1", "STOP;'=1+1"),
        ("Yes\n-Bob", "Yes\n'-Bob"),
        ("＝1", "'＝1"),
        ("\u200b=1", "\u200b'=1"),
        ("\u00a0 +1 (415)", "\u00a0 '+1 (415)"),
        ("+1,cmd", "'+1,cmd"),
        ("'=1", "''=1"),
        ("%0A", "'%0A"),
        ("1 - 2 = 3; 4 + 5", "1 - 2 = 3; 4 + 5"),
        ("ann@example.org", "ann@example.org"),
        ("it's 5-6 o'clock", "it's 5-6 o'clock"),
        ("'tis", "'tis"),
        ("2026-11-26 10:00:00+00:00", "2026-11-26 10:00:00+00:00"),
    ],
)
def test_only_what_could_run_is_marked(text: str, cell: str) -> None:
    assert spreadsheets.harmless(text) == cell


def test_long_texts_are_read_once() -> None:
    for text in ("=" * 100_000, " " * 100_000 + "=", "'" * 100_000 + "=", ";=" * 50_000):
        assert len(spreadsheets.harmless(text)) <= 2 * len(text)


@pytest.mark.parametrize("said", ["STOP;=1+1", "STOP\n＝1+1", "STOP\n\t@SUM(1)", 'STOP ";"=1', "STOP\n\u200b=1"])
def test_what_a_stranger_texts_runs_nowhere(admin: Browser, session: Session, said: str) -> None:
    volunteer = world.keyword(session)
    for each in ("volunteer", "volunteer\n=1;=2", said):
        world.text(session, each)
    assert "STOP" in admin.get("/settings/opted-out/file").get_data(as_text=True)
    for path in (f"/keywords/{volunteer.id}/opt-ins/file", "/settings/opted-out/file", "/settings/audit/file"):
        file = admin.get(path).get_data().decode("utf-8-sig")
        for separator in ",;\t":
            assert [cell for cell in cells(file, separator) if is_a_formula(cell)] == [], path
