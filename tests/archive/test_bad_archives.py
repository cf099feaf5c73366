"""What is no export, or a damaged one, or a trap, is refused with a sentence and changes nothing."""

import hashlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.archive import copying, making, opening
from optin.archive.opening import BadArchive
from optin.models import Person, User
from tests.support import archives, world
from tests.support.clients import Browser

Change = Callable[[bytes], bytes]


def with_manifest(change: Callable[[dict], object]) -> Change:  # type: ignore[type-arg]
    def do(zipped: bytes) -> bytes:
        with ZipFile(io.BytesIO(zipped)) as opened:
            found = json.loads(opened.read("manifest.json"))
        change(found)
        return archives.changed(zipped, {"manifest.json": json.dumps(found).encode()})

    return do


def another_byte(zipped: bytes) -> bytes:
    content = archives.files(zipped)["person.csv"].replace(b"Maya", b"Mara")
    return archives.changed(zipped, {"person.csv": content})


def a_torn_byte(zipped: bytes) -> bytes:
    middle = zipped.index(b"person.csv") + 150
    return zipped[:middle] + bytes([zipped[middle] ^ 0xFF]) + zipped[middle + 1 :]


def a_bomb(zipped: bytes) -> bytes:
    """A file of 2 MB in a ZIP of some kB, as the manifest says."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(zipped)) as opened:
        found, kept = json.loads(opened.read("manifest.json")), archives.files(zipped)
    found["files"]["person.csv"]["bytes"] = 2 * 2**20
    kept |= {"manifest.json": json.dumps(found).encode(), "README.txt": b""}
    with ZipFile(out, "w", ZIP_DEFLATED) as made:
        for name, content in kept.items():
            with made.open(name, "w", force_zip64=True) as one:
                for _ in range(2 if name == "person.csv" else 1):
                    one.write(bytes(2**20) if name == "person.csv" else content)
    return out.getvalue()


def fitting(zipped: bytes, name: str, content: bytes, **more: object) -> bytes:
    """Return the ZIP with another content of a file and a manifest that says so."""
    told = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **more}
    changed = archives.changed(zipped, {name: content})
    return with_manifest(lambda found: found["files"][name].update(told))(changed)


def rows_that_contradict(zipped: bytes) -> bytes:
    content = archives.files(zipped)["person.csv"]
    head, row = content.splitlines(keepends=True)[:2]
    return fitting(zipped, "person.csv", head + row + row, rows=2)


def nonsense_in_a_cell(zipped: bytes) -> bytes:
    content = archives.files(zipped)["person.csv"].replace(b"Z,", b",")
    return fitting(zipped, "person.csv", content)


def a_dangling_row(zipped: bytes) -> bytes:
    """The person is left out whom a member refers to."""
    content = archives.files(zipped)["campaign_member.csv"].splitlines(keepends=True)[0]
    row = b"1,999,999,,,,2026-01-01T00:00:00.000000Z,,,,\n"
    return fitting(zipped, "campaign_member.csv", content + row, rows=1)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda zipped: b"", "it is no ZIP file"),
        (lambda zipped: b"PK no zip", "it is no ZIP file"),
        (lambda zipped: zipped[: len(zipped) // 2], "its end is missing"),
        (lambda zipped: zipped[:-30], "its end is missing"),
        (another_byte, "person.csv is not as it was written"),
        (a_torn_byte, "damaged"),
        (lambda zipped: archives.changed(zipped, {"person.csv": None}), "person.csv is missing"),
        (lambda zipped: archives.changed(zipped, {"manifest.json": None}), "no manifest.json"),
        (lambda zipped: archives.changed(zipped, {"manifest.json": b"{"}), "manifest can’t be read"),
        (lambda zipped: archives.changed(zipped, {"manifest.json": b"[]"}), "manifest can’t be read"),
        (lambda zipped: archives.changed(zipped, {"more.csv": b"a"}), "does not know: more.csv"),
        (with_manifest(lambda found: found.update(format=2)), "newer version"),
        (with_manifest(lambda found: found.update(app="Other")), "newer version"),
        (with_manifest(lambda found: found.update(tables_version="9999")), "another version of Optin (tables 9999"),
        (a_bomb, "when unpacked, which is no export"),
        (nonsense_in_a_cell, "person.csv can’t be read"),
    ],
)
def test_it_is_refused_and_nothing_changes(
    app: Flask,
    database: str,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Change,
    says: str,
) -> None:
    monkeypatch.setattr(opening, "HARMLESS", 2**20)
    is_refused(app, database, session, tmp_path, change, says)


@pytest.mark.parametrize("change", [rows_that_contradict, a_dangling_row])
def test_rows_that_do_not_fit_together_are_all_refused(
    app: Flask, database: str, session: Session, tmp_path: Path, change: Change
) -> None:
    is_refused(app, database, session, tmp_path, change, "contradicts itself")


def is_refused(app: Flask, database: str, session: Session, folder: Path, change: Change, says: str) -> None:
    """See that a changed export of one person fills nothing."""
    maya = world.person(session, "Maya Cole", world.MAYA)
    zipped = archives.export(database, folder)
    session.delete(maya)
    session.commit()
    file = folder / "given.zip"
    file.write_bytes(change(zipped))
    result = app.test_cli_runner().invoke(args=["import-all", str(file)])
    assert (result.exit_code, says in result.output) == (1, True), result.output
    assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_a_file_that_is_not_there(app: Flask, tmp_path: Path) -> None:
    result = app.test_cli_runner().invoke(args=["import-all", str(tmp_path / "none.zip")])
    assert (result.exit_code, "There is no file" in result.output) == (1, True)


def test_a_database_that_is_not_empty_stays_as_it_is(
    app: Flask, database: str, admin: Browser, session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "all.zip"
    file.write_bytes(archives.export(database, tmp_path))
    result = app.test_cli_runner().invoke(args=["import-all", str(file)])
    assert (result.exit_code, "not empty: there are rows in user" in result.output) == (1, True), result.output
    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_without_room_for_the_copy_it_says_so(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "SPARE", 2**60)
    result = app.test_cli_runner().invoke(args=["export-all", str(tmp_path / "all.zip")])
    assert (result.exit_code, "MB more on the disk" in result.output) == (1, True), result.output
    assert list(tmp_path.glob("all.zip*")) == []


def test_what_a_killed_process_left_is_deleted(tmp_path: Path) -> None:
    left = tmp_path / f"{copying.PREFIX}x"
    left.mkdir()
    (left / "copy.db").write_text("a")
    copying.clean_up(tmp_path)
    assert left.exists(), "somebody may be at it"
    for each in (left / "copy.db", left):
        os.utime(each, (0, 0))
    copying.clean_up(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_line_without_end_is_not_read_into_memory(
    app: Flask, database: str, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "LONGEST_LINE", 1000)
    zipped = archives.export(database, tmp_path)
    head = archives.files(zipped)["person.csv"]
    with pytest.raises(BadArchive, match=r"person\.csv can’t be read"):
        archives.fill(database, fitting(zipped, "person.csv", head + b"1" * 5000), tmp_path)
