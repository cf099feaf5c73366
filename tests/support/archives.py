"""What tests of exports share: a ZIP of a database, an empty database to fill with it, and what the ZIP holds."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from optin import clock
from optin.archive import filling, making, manifest, opening
from tests.support.databases import postgresql_copy, sqlite_copy

ABOUT = (manifest.NAME, manifest.README_NAME)


@contextmanager
def empty_database(kind: str, shared: Path, folder: Path) -> Iterator[str]:
    """Give the URL of an empty, migrated database of the kind."""
    folder.mkdir(exist_ok=True)
    with postgresql_copy(shared) if kind == "postgresql" else sqlite_copy(shared, folder) as url:
        yield url


def export(url: str, folder: Path) -> bytes:
    """Return everything in the database as a ZIP."""
    engine, out = create_engine(url, poolclass=NullPool), io.BytesIO()
    try:
        made = making.make(engine, out, "a test", folder)
    finally:
        engine.dispose()
    assert made.last_event >= 0
    return out.getvalue()


def fill(url: str, zipped: bytes, folder: Path) -> None:
    """Fill the database with what a ZIP holds."""
    file = folder / "to fill with.zip"
    file.write_bytes(zipped)
    with opening.opened(file) as archive:
        archive.check()
        filling.fill(url, archive, clock.now())


def files(zipped: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP but for those that say when it was made."""
    with ZipFile(io.BytesIO(zipped)) as opened:
        return {name: opened.read(name) for name in opened.namelist() if name not in ABOUT}


def changed(zipped: bytes, changes: dict[str, bytes | None]) -> bytes:
    """Return the ZIP with other contents of some files, or without them (None)."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(zipped)) as opened, ZipFile(out, "w", ZIP_DEFLATED) as made:
        kept = {name: opened.read(name) for name in opened.namelist()} | changes
        for name, content in kept.items():
            if content is not None:
                made.writestr(name, content)
    return out.getvalue()
