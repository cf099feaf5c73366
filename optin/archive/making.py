"""Everything out: the copy, and the ZIP that is made of it."""

from pathlib import Path
from typing import IO

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from optin.archive import copying, tables, writing
from optin.archive.manifest import Manifest
from optin.archive.writing import Progress
from optin.database.transactions import reading

SPARE = 200 * 2**20
"""Bytes that stay free on the disk beside the copy: texts must be received meanwhile."""


def make(engine: Engine, out: IO[bytes], made_by: str, folder: Path, progress: Progress = lambda _: None) -> Manifest:
    """Write everything into the stream. `folder` is where the copy stands while it is needed. Raises copying.NoRoom."""
    with copying.taken(engine, folder, tables.in_order(), SPARE) as copy:
        return writing.write(out, copy, made_by, version(engine), progress)


def version(engine: Engine) -> str:
    """Return the version of the database's tables."""
    with reading(engine) as session:
        return MigrationContext.configure(session.connection()).get_current_revision() or ""
