"""What databases and systems say when they do not work, in one word: real errors where they can be had."""

import errno
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool, QueuePool

from optin.storage.troubles import Trouble, in_words, trouble_of
from tests.support.faults.disks import small_disk


def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        if disk.mounted:
            disk.fill()
            error = raised(lambda: _make(disk.folder / "a.db"))
        else:
            error = raised(lambda: _too_large(disk.folder / "a.db"))
        assert trouble_of(error) is Trouble.FULL


def test_a_database_with_a_largest_size(tmp_path: Path) -> None:
    assert trouble_of(raised(lambda: _too_large(tmp_path / "a.db"))) is Trouble.FULL


def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    _make(tmp_path / "a.db")
    error = raised(lambda: _run(f"sqlite:///file:{tmp_path}/a.db?mode=ro&uri=true", "INSERT INTO a VALUES (1)"))
    assert trouble_of(error) is Trouble.READ_ONLY


def test_a_file_in_no_folder(tmp_path: Path) -> None:
    error = raised(lambda: _make(tmp_path / "nowhere" / "a.db"))
    assert trouble_of(error) is Trouble.DENIED
    assert f"It is “{tmp_path}/nowhere/a.db”." in in_words(error, f"sqlite:///{tmp_path}/nowhere/a.db")


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"x" * 4096)
    assert trouble_of(raised(lambda: _make(tmp_path / "a.db"))) is Trouble.DAMAGED


def test_a_locked_file(tmp_path: Path) -> None:
    _make(tmp_path / "a.db")
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    mine = sqlite3.connect(tmp_path / "a.db", timeout=0)
    error = raised(lambda: mine.execute("INSERT INTO a VALUES (1)"))
    mine.close()
    other.close()
    assert trouble_of(error) is Trouble.LOCKED


def test_a_server_that_is_away_and_a_pool_that_is_empty() -> None:
    nowhere = "postgresql+psycopg://optin:secret@127.0.0.1:9/optin?connect_timeout=2"
    error = raised(lambda: create_engine(nowhere).connect())
    assert trouble_of(error) is Trouble.AWAY
    words = in_words(error, nowhere)
    assert "“optin” on 127.0.0.1" in words
    assert "secret" not in words
    pool = create_engine("sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with pool.connect():
        assert trouble_of(raised(pool.connect)) is Trouble.LOCKED


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("53100", Trouble.FULL),
        ("53200", Trouble.LOCKED),
        ("53300", Trouble.LOCKED),
        ("25006", Trouble.READ_ONLY),
        ("55P03", Trouble.LOCKED),
        ("42501", Trouble.DENIED),
        ("28P01", Trouble.DENIED),
        ("3D000", Trouble.DENIED),
        ("57P01", Trouble.AWAY),
        ("57P03", Trouble.AWAY),
        ("08006", Trouble.AWAY),
        ("58030", Trouble.FAILING),
        ("58P01", Trouble.FAILING),
        ("XX001", Trouble.DAMAGED),
        ("57014", None),
        ("23505", None),
        ("40P01", None),
        ("42P01", None),
    ],
)
def test_postgresqls_codes(code: str, trouble: Trouble | None) -> None:
    error = psycopg.errors.lookup(code)("said by the server")
    assert trouble_of(error) is trouble
    assert trouble_of(DBAPIError("SELECT 1", None, error)) is trouble


@pytest.mark.parametrize(
    ("number", "trouble"),
    [
        (errno.ENOSPC, Trouble.FULL),
        (errno.EDQUOT, Trouble.FULL),
        (errno.EROFS, Trouble.READ_ONLY),
        (errno.EACCES, Trouble.DENIED),
        (errno.EIO, Trouble.FAILING),
        (errno.ECONNRESET, None),
    ],
)
def test_the_systems_numbers(number: int, trouble: Trouble | None) -> None:
    error = OSError(number, "said by the system", "/srv/optin/instance")
    assert trouble_of(error) is trouble
    assert ("/srv/optin/instance" in in_words(error)) is (trouble is not None)


def test_other_errors_are_no_trouble() -> None:
    assert trouble_of(None) is None
    assert trouble_of(ValueError("disk full")) is None
    assert trouble_of(PoolTimeout("busy")) is Trouble.LOCKED
    assert trouble_of(IntegrityError("INSERT", None, sqlite3.IntegrityError("UNIQUE"))) is None
    assert trouble_of(OperationalError("SELECT", None, sqlite3.OperationalError("no such table: a"))) is None
    assert in_words(ValueError("disk full")) == ""


def _make(file: Path) -> None:
    _run(f"sqlite:///{file}", "CREATE TABLE a (b)")


def _too_large(file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE a (b)")
        connection.exec_driver_sql("PRAGMA max_page_count = 3")
        connection.exec_driver_sql("INSERT INTO a VALUES (zeroblob(100000))")


def _run(url: str, statement: str) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text(statement))


def raised(act: Callable[[], object]) -> Exception:
    """Return what `act` raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        act()
    return caught.value
