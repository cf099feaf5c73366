"""The file of a run as a table, kept open between two steps so that none reads what came before once more."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy.orm import Session

from optin.models import ImportRun
from optin.queries import import_files
from optin.refused import Refused
from optin.spreadsheets import read
from optin.spreadsheets.headers import Row
from optin.spreadsheets.read import Table
from optin.spreadsheets.taking import OpenTable

GONE = "The file is no longer here: files are deleted after a day. Import it again."
MOST_OPEN = 2
_guard = threading.Lock()


_opened: OrderedDict[tuple[object, ...], OpenTable] = OrderedDict()


def table_of(session: Session, run: ImportRun) -> Table | Refused:
    """Return the table in a run's file, read as the run says; refused where it can't be, or is gone."""
    opened = _open(session, run)
    return opened if isinstance(opened, Refused) else opened.table


def take(session: Session, run: ImportRun, most: int) -> list[Row] | Refused:
    """Return the rows that come next in a run, at most so many."""
    opened = _open(session, run)
    return opened if isinstance(opened, Refused) else opened.take(run.line, most)


def give_back(run: ImportRun, rows: Sequence[Row], line: int) -> None:
    """Have the last of the rows that were taken come again, those after a line."""
    if rows and (opened := _opened.get(_key(run))):
        opened.give_back(rows, line)


def _open(session: Session, run: ImportRun) -> OpenTable | Refused:
    key = _key(run)
    with _guard:
        if key in _opened:
            _opened.move_to_end(key)
            return _opened[key]
    file = NamedTemporaryFile(prefix="optin-import-")  # noqa: SIM115  (it is gone with whoever keeps it open)
    for part in import_files.parts(session, run.id):
        file.write(part)
    file.flush()
    if not file.tell():
        return Refused(GONE)
    table = read.open_table(
        Path(file.name), run.file_name, encoding=run.encoding, delimiter=run.delimiter, sheet=run.sheet
    )
    if isinstance(table, Refused):
        return table
    with _guard:
        _opened[key] = made = OpenTable(file, table)
        while len(_opened) > MOST_OPEN:
            _opened.popitem(last=False)
    return made


def _key(run: ImportRun) -> tuple[object, ...]:
    return (run.id, run.digest, run.encoding, run.delimiter, run.sheet)
