"""Commands where nothing can be stored: a sentence on standard error and the exit code 1, never a traceback."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from optin import ROOT
from tests.support.databases import sqlite_copy
from tests.support.faults.disks import Disk, small_disk
from tests.support.faults.processes import free_port

pytestmark = pytest.mark.slow

PROGRAM = """
import os, sys
from pathlib import Path
import optin
optin.INSTANCE = Path(os.environ["FOLDER"])
from flask.cli import main
sys.argv = ["flask", "--app", "app", *sys.argv[1:]]
main()
"""
COMMANDS = (("start",), ("worker",), ("db", "upgrade"), ("sign-in-link", "ada@example.org"))
NOWHERE = "postgresql+psycopg://optin:secret@127.0.0.1:9/optin?connect_timeout=2"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", 24) as disk:
        yield disk


@pytest.fixture
def made(disk: Disk, shared_folder: Path, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database on the disk."""
    with ExitStack() as copies:
        yield copies.enter_context(sqlite_copy(shared_folder, disk.folder))


def run(command: tuple[str, ...], folder: Path, limit: Callable[[], None] | None = None, **environ: str) -> str:
    """Run a command, its files in `folder`; return what it said, after seeing that it failed with words alone."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "FOLDER": str(folder), "PORT": str(free_port()), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=limit,
    )
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stdout + done.stderr
    assert "crash loop" not in done.stdout + done.stderr
    assert "secret" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_disk_of_the_database_is_full(command: tuple[str, ...], disk: Disk, made: str, tmp_path: Path) -> None:
    if command == ("db", "upgrade"):
        made = made.replace("optin%20test", "new").replace("optin test", "new")
    disk.fill()
    said = run(command, tmp_path / "instance", disk.limit, OPTIN_DATABASE_URL=made)
    assert disk.says_so(said)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_disk_of_everything_is_full(command: tuple[str, ...], disk: Disk) -> None:
    disk.fill()
    assert disk.says_so(run(command, disk.folder / "instance", disk.limit))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_database_may_only_be_read(command: tuple[str, ...], disk: Disk, made: str, tmp_path: Path) -> None:
    if command == ("db", "upgrade"):
        made = made.replace("optin%20test", "new").replace("optin test", "new")
    with disk.read_only():
        said = run(command, tmp_path / "instance", OPTIN_DATABASE_URL=made)
    assert "can only be read" in said or "can’t be opened" in said


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_folder_may_only_be_read(command: tuple[str, ...], disk: Disk) -> None:
    with disk.read_only():
        said = run(command, disk.folder / "instance")
    assert "can’t be used" in said
    assert str(disk.folder) in said


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_folder_is_none(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "can’t be used" in run(command, tmp_path / "file" / "instance")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_databases_folder_is_missing(command: tuple[str, ...], tmp_path: Path) -> None:
    said = run(command, tmp_path, OPTIN_DATABASE_URL=f"sqlite:///{tmp_path}/nowhere/optin.db")
    assert "can’t be opened" in said
    assert "nowhere/optin.db" in said


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_database_is_away(command: tuple[str, ...], tmp_path: Path) -> None:
    said = run(command, tmp_path, OPTIN_DATABASE_URL=NOWHERE)
    assert "does not answer" in said
    assert "127.0.0.1" in said
