"""By what the rows of an imported file are known, kept while the import is at work: on which line each stands first."""

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database.statements import among, insert, insert_rows, table
from optin.models import ImportKey, ImportRun

_KEY = table(ImportKey)
_NEW_KEY = insert(_KEY).on_conflict_do_nothing().inline()


def note_keys(session: Session, run: ImportRun, keys: Iterable[tuple[str, int]]) -> None:
    """Keep on which line each key of the file stands first; what was kept before stays."""
    shared = {"run_id": run.id, "round": run.round}
    insert_rows(session, _NEW_KEY, [{**shared, "key": key, "line": line} for key, line in keys])


def first_lines(session: Session, run: ImportRun, keys: Collection[str]) -> dict[str, int]:
    """Return the first line of the file for each of the keys that was kept."""
    asked = select(ImportKey.key, ImportKey.line).where(
        ImportKey.run_id == run.id, ImportKey.round == run.round, among(session, ImportKey.key, keys)
    )
    return dict(session.execute(asked).all())
