"""The encoding of short lists of names, which is all that many files have beyond ASCII."""

from pathlib import Path

import pytest

from optin.spreadsheets.scan import scan
from optin.spreadsheets.text_encodings import guess

NAMES = [
    *("José", "Müller", "Zoë Groß", "Jürgen", "Øystein, Åse, Bjørn", "Peña", "Émile", "Ålesund", "Citroën"),
    *("it’s fine – “ok”", "O’Brien", "JOSÉ", "MÜLLER", "niña"),
]
OTHERS = [
    ("Ana Simões", "cp1252"),
    ("€ 5", "cp1252"),
    ("Müller", "cp850"),
    ("Jürgen", "cp850"),
    ("Иван Петров, Мария Смирнова", "cp1251"),
    ("山田太郎 電話番号 東京都", "cp932"),
    ("张伟 住在北京市朝阳区，李娜 住在上海市", "gb18030"),
    ("김철수 전화번호", "cp949"),
]
SAVED = [(name, saved) for name in NAMES for saved in ("utf-8", "cp1252", "mac_roman", "utf-16-le", "utf-16-be")]


@pytest.mark.parametrize(("name", "encoding"), [*SAVED, *OTHERS])
@pytest.mark.parametrize("end", ["\n", ""])
def test_an_encoding_is_known_by_its_accents(name: str, encoding: str, end: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(f"Phone,Name\n415,{name}{end}".encode(encoding))
    assert guess(scan(path)) == encoding


@pytest.mark.parametrize(("mark", "encoding"), [("utf-16", "utf-16-le"), ("utf-8-sig", "utf-8")])
def test_a_mark_says_it(mark: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("名,号\n山田,1\n".encode(mark))
    assert guess(scan(path)) == encoding


def test_what_is_cut_off_within_a_sign_is_no_unicode(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("Phone,Name\n415,Zoé".encode("cp1252"))
    assert guess(scan(path)) == "cp1252"
