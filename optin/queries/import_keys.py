"""By what the rows of an imported file are known, kept while the import is at work: on which line each stands first."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database.statements import insert, insert_rows, table
from optin.models import ImportKey, ImportRun

AT_ONCE = 500
"""Values of one IN: SQLite takes some thousands."""
_KEY = table(ImportKey)
_NEW_KEY = insert(_KEY).on_conflict_do_nothing().inline()


def note_keys(session: Session, run: ImportRun, keys: Iterable[tuple[str, int]]) -> None:
    """Keep on which line each key of the file stands first; what was kept before stays."""
    shared = {"run_id": run.id, "round": run.round}
    insert_rows(session, _NEW_KEY, [{**shared, "key": key, "line": line} for key, line in keys])


def first_lines(session: Session, run: ImportRun, keys: Collection[str]) -> dict[str, int]:
    """Return the first line of the file for each of the keys that was kept."""
    lines: dict[str, int] = {}
    mine = (ImportKey.run_id == run.id, ImportKey.round == run.round)
    for some in pieces(sorted(keys)):
        for key, line in session.execute(select(ImportKey.key, ImportKey.line).where(*mine, ImportKey.key.in_(some))):
            lines[key] = line
    return lines


def pieces(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Return values in pieces that one IN takes."""
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
