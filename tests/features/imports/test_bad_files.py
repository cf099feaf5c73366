"""Files that are none, are too large or say nothing: a sentence each, and nothing is kept."""

import io
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.enums import Role
from optin.features.imports import blueprint
from optin.models import ImportPart, ImportRun, Person
from optin.queries import import_files
from tests.spreadsheets.files import xlsx
from tests.support import importing
from tests.support.clients import Browser


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "This file is empty."),
        (b"\n\n", "no rows"),
        (b"%PDF-1.7 nothing of use", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture"),
        (b"<html><table><tr><td>Phone</table>", "web page"),
        (b"x" * 2_000_000, "not a table"),
    ],
)
def test_what_is_no_table_is_refused(app: Flask, agent: Browser, session: Session, data: bytes, said: str) -> None:
    answer = agent.post("/imports/new/contact", data={"file": (io.BytesIO(data), "people.csv")})
    assert answer.status_code == 422
    assert said in answer.text
    assert session.scalars(select(ImportRun)).all() == []
    assert session.scalars(select(ImportPart)).all() == []


def test_without_a_file_one_is_asked_for(agent: Browser) -> None:
    answer = agent.post("/imports/new/contact")
    assert answer.status_code == 422
    assert "Choose a file." in answer.text


def test_a_file_may_be_larger_than_other_requests(agent: Browser, session: Session) -> None:
    """It is stored in pieces, and read like any other."""
    row = f"Maya;4155550134;{'x' * 1000}\n"
    data = b"Name;Mobile;Long\n" + row.encode() * 35_000
    assert len(data) > 32 * 2**20
    run_id = importing.upload(agent, data)
    run = session.get_one(ImportRun, run_id)
    assert run.size == len(data)
    assert len(session.scalars(select(ImportPart.place).where(ImportPart.run_id == run_id)).all()) == 34


def test_what_is_too_large_is_refused_with_the_limit(agent: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_files, "LARGEST", 1000)
    data = {"file": (io.BytesIO(b"Phone\n" * 400_000), "people.csv")}
    answer = agent.post("/imports/new/contact", data=data)
    assert answer.status_code == 413
    assert blueprint.TOO_LARGE in answer.text


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("- - -", "Choose the column with the mobile phone, or the one with the email address."),
        ("first_name mobile mobile", "Choose one column alone for Mobile phone."),
        ("name mobile last_name", "Choose either Name"),
        ("nonsense company notes", "Choose the column with the mobile phone"),
    ],
)
def test_columns_that_make_nobody_are_refused(agent: Browser, session: Session, columns: str, said: str) -> None:
    """What was chosen stays chosen."""
    run_id = importing.upload(agent, importing.table("Maya;4155550134;x", headers="A;B;C"))
    page = agent.get(f"/imports/{run_id}/columns").text
    chosen = {f"column-{index}": name for index, name in enumerate(columns.split())}
    answer = agent.post(f"/imports/{run_id}/columns", data={**importing.selected(page), **chosen})
    assert answer.status_code == 422
    assert said in answer.text
    again = importing.selected(answer.text)
    assert all(again[name] in (field, "") for name, field in chosen.items())
    assert session.get_one(ImportRun, run_id).state == "columns"


@pytest.mark.parametrize("reading", [{"encoding": "klingon"}, {"delimiter": "x"}, {"sheet": "none"}])
def test_a_way_to_read_that_is_none_is_refused(agent: Browser, session: Session, reading: dict[str, str]) -> None:
    run_id = importing.upload(agent, importing.table("Maya;4155550134;x", headers="A;B;C"))
    page = agent.get(f"/imports/{run_id}/columns").text
    answer = agent.post(f"/imports/{run_id}/columns", data={**importing.selected(page), **reading})
    assert answer.status_code in (303, 422)
    assert agent.get(f"/imports/{run_id}/columns").status_code == 200


def test_three_hundred_columns_and_odd_cells_do_no_harm(app: Flask, agent: Browser, session: Session) -> None:
    headers = ";".join(f"Column {index}" for index in range(298))
    cells = ";".join(["<script>alert(1)</script>", "=HYPERLINK(1)", "a\0b", "\ud7ff", *["x"] * 294])
    data = importing.table(f"{cells};<b>Maya</b>;4155550134", headers=f"{headers};Name;Mobile")
    run_id = importing.upload(agent, data, name="<i>../../etc/passwd\0.csv")
    page = importing.choose(agent, run_id)
    assert "<script>alert" not in page
    assert "<i>" not in page
    importing.start(agent, run_id)
    assert session.scalars(select(Person.last_name)).all() == [""]
    assert session.scalars(select(Person.first_name)).all() == ["<b>Maya</b>"]


def test_a_workbook_is_read_like_a_file_of_text(app: Flask, agent: Browser, session: Session, tmp_path: Path) -> None:
    """A number that is a number there, a formula, a date, and a second sheet."""
    path = tmp_path / "people.xlsx"
    xlsx(("Name", "Mobile", "Notes"), ("Maya Ortiz", 4155550134, "x"), ("Tom Weber", 6465550177.0, None))(path)
    run_id = importing.upload(agent, path.read_bytes(), name="people.xlsx")
    page = agent.get(f"/imports/{run_id}/columns").text
    assert "Sheet" in importing.selected(page)["sheet"]
    importing.choose(agent, run_id)
    importing.start(agent, run_id)
    assert set(session.scalars(select(Person.mobile))) == {"+14155550134", "+16465550177"}


def test_viewers_import_nothing(viewer: Browser) -> None:
    assert viewer.user is not None
    assert viewer.user.role == Role.VIEWER
    assert "/imports/new" not in viewer.get("/contacts").text
    assert viewer.get("/imports/new/contact").status_code == 403
    assert viewer.post("/imports/new/contact").status_code == 403


def test_what_is_no_kind_and_no_run_is_not_found(agent: Browser) -> None:
    assert agent.get("/imports/new/nonsense").status_code == 404
    assert agent.post("/imports/new/nonsense").status_code == 404
    assert agent.get("/imports/999").status_code == 404
