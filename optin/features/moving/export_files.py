"""The files of a move, unpacked and open in this process, so that no step reads what came before once more."""

import shutil
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy.orm import Session

from optin.features.moving import headers
from optin.features.moving.terms import ExportObject
from optin.models import ImportRun, Move
from optin.queries import import_files
from optin.refused import Refused
from optin.spreadsheets import archives, read
from optin.spreadsheets.taking import OpenTable

GONE = "The files are no longer here: they are deleted after a day. Choose them again."
MOST_OPEN = 2
_guard = threading.Lock()


@dataclass(frozen=True)
class OpenExport:
    """The files of an export: a table for each object, and why each of the other files is none."""

    folder: TemporaryDirectory[str]
    tables: dict[ExportObject, OpenTable] = field(default_factory=dict)
    names: dict[ExportObject, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)

    @property
    def described(self) -> dict[str, Any]:
        """Return what is kept of it: by object the file's name and where its columns stand."""
        return {
            which.value: {"name": self.names[which], "columns": headers.columns(which, opened.table.headers)}
            for which, opened in self.tables.items()
        }


_open: OrderedDict[tuple[int, str], OpenExport] = OrderedDict()


def open_export(session: Session, run: ImportRun) -> OpenExport | Refused:
    """Return the open export of a run; unpacked first where this process has not done so yet."""
    key = (run.id, run.digest)
    with _guard:
        if key in _open:
            _open.move_to_end(key)
            return _open[key]
    with NamedTemporaryFile(prefix="optin-move-", suffix=".zip") as file:
        for part in import_files.parts(session, run.id):
            file.write(part)
        file.flush()
        found = unpack(Path(file.name)) if file.tell() else Refused(GONE)
    if not isinstance(found, Refused):
        with _guard:
            _open[key] = found
            while len(_open) > MOST_OPEN:
                _open.popitem(last=False)
    return found


def unpack(path: Path) -> OpenExport | Refused:
    """Unpack a ZIP file and find out which of its files has what."""
    export = OpenExport(TemporaryDirectory(prefix="optin-move-"))  # it is gone with the last who has it
    files = archives.extract(path, Path(export.folder.name))
    if isinstance(files, Refused):
        return files
    for name, file in files.items():
        if refused := _add(export, name, file):
            return refused
    if not export.tables:
        others = " ".join(f"{name}: {sentence}" for name, sentence in list(export.others.items())[:3])
        return Refused(f"None of these files is an export that Optin can move. {others}".strip())
    return export


def _add(export: OpenExport, name: str, file: Path) -> Refused | None:
    """Open a file of the export; what is none is noted, and two of one object are refused."""
    table = read.open_table(file, name)
    if isinstance(table, Refused):
        export.others[name] = table.sentence
        return None
    which = headers.object_of(table.headers, name)
    if which is None:
        export.others[name] = "Its columns are of none of the objects that are moved."
        return None
    lacks = headers.missing(which, headers.columns(which, table.headers))
    if lacks:
        export.others[name] = f"It has {which.label.lower()}, but not the column {lacks}."
        return None
    if which in export.tables:
        return Refused(f"{export.names[which]} and {name} both have {which.label.lower()}. Choose one of them.")
    export.tables[which], export.names[which] = OpenTable(None, table), name
    return None


def pack(files: Sequence[tuple[str, BinaryIO]]) -> BinaryIO:
    """Return a ZIP file of what was chosen: the one ZIP file itself, or several files packed."""
    target = NamedTemporaryFile(prefix="optin-move-")  # noqa: SIM115  (the caller closes it)
    if len(files) == 1:
        shutil.copyfileobj(files[0][1], target)
        target.flush()
        if archives.is_archive(Path(target.name)):
            target.seek(0)
            return cast("BinaryIO", target)
        files[0][1].seek(0)
        target.truncate(0)
        target.seek(0)
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for index, (name, file) in enumerate(files):
            with archive.open(
                f"{name}" if index == 0 or name not in archive.namelist() else f"{index} {name}", "w"
            ) as entry:
                shutil.copyfileobj(file, entry)
    target.seek(0)
    return cast("BinaryIO", target)


def columns(move: Move, which: ExportObject) -> Mapping[str, int]:
    """Return where the fields of an object stand in its file."""
    found: Mapping[str, int] = move.files[which]["columns"]
    return found
