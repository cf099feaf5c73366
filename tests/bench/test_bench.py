"""The benchmarks run to their end, at sizes that say nothing about speed."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bench import __main__ as bench
from bench import beside_import, data, pages
from optin.database.session import db
from optin.models import OwnValue, Person

ROWS = 240


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the data, few as they are, in a folder of the test's own with a short path: PostgreSQL's socket needs it."""
    monkeypatch.setattr(pages, "FEW", 200)
    monkeypatch.setattr(pages, "ROUNDS", 0)
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(data, "FOLDER", Path(folder))
        yield


@pytest.mark.parametrize(("database", "only", "count"), [("sqlite", "campaign", 10), ("postgresql", "of a", 4)])
def test_pages_are_measured(database: str, only: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["pages", "--rows", str(ROWS), "--database", database, "--only", only])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert len({line.split("|")[1] for line in lines}) > count


@pytest.mark.parametrize("database", data.DATABASES)
def test_audiences_are_measured(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["audiences", "--rows", str(ROWS), "--database", database])
    assert "| queue a broadcast |" in capsys.readouterr().out


@pytest.mark.parametrize("database", data.DATABASES)
def test_an_import_is_measured(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["imports", "--rows", str(ROWS), "--database", database])
    assert "| the import | 100 |" in capsys.readouterr().out


@pytest.mark.parametrize("database", data.DATABASES)
def test_the_log_is_measured(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["log", "--rows", str(ROWS), "--database", database])
    assert "| replaying the log | 240 |" in capsys.readouterr().out


def test_the_inbox_is_measured_beside_an_import(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, small in {"PEOPLE": ROWS, "TURNS": 1, "ASKED": 3}.items():
        monkeypatch.setattr(beside_import, name, small)
    bench.main(["beside", "--rows", "80000", "--database", "sqlite"])
    assert "| beside an import |" in capsys.readouterr().out


def test_sealing_is_measured_beside_the_webhook(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["sealing", "--rows", "20", "--database", "sqlite"])
    assert "| while the log is sealed |" in capsys.readouterr().out


def test_a_section_is_written_between_its_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "results.md"
    document.write_text("by hand\n<!-- pages sqlite -->old<!-- end of pages sqlite -->\nby hand too\n")
    monkeypatch.setattr(bench, "DOCUMENT", document)
    bench.write("pages sqlite", "new")
    assert "old" not in document.read_text()
    assert document.read_text().startswith("by hand\n<!-- pages sqlite -->\n\nnew\n")
    assert document.read_text().endswith("\nby hand too\n")
    with pytest.raises(SystemExit, match="no place"):
        bench.write("pages oracle", "new")


@pytest.mark.parametrize("database", data.DATABASES)
def test_both_databases_have_the_same_companies_and_texts(database: str) -> None:
    """SQLite joins texts before it counts: what is put together from a remainder has it in brackets."""
    with data.databases(database, ROWS) as (url,), data.app_on(url).app_context():
        companies = set(db.session.scalars(select(Person.company)))
        texts = set(db.session.scalars(select(OwnValue.text).where(OwnValue.field_id == 1)))
        db.session.remove()
        db.engine.dispose()
    assert companies == {"", *(f"Company {number}" for number in range(3, ROWS + 1, 3))}
    assert texts == {f"Text {number}" for number in range(3, ROWS + 1, 3)}
