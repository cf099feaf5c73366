"""The sheet of a workbook as a CSV file that is gone when nobody needs it any more."""

import json
import shutil
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path

from optin.refused import Refused
from optin.spreadsheets.archives import DAMAGED, PROTECTED, Kind

_ROOT = Path(__file__).resolve().parents[2]
_TOO_MUCH = "This sheet is too large to be read as a workbook. Save it as a CSV file and choose that."
_SENTENCES = {
    "too much": _TOO_MUCH,
    "password": PROTECTED,
    "damaged": DAMAGED,
    "sheet": "This workbook has no such sheet. Choose one of its sheets.",
}
_LONGEST = 600
"""Seconds of waiting, for a machine that is busy; the process has its own limit of CPU time."""


class Unpacked:
    """A sheet as text, in a folder that is gone when nothing refers to this any more.

    `file` is the CSV file, `sheets` are the names of the sheets that can be seen, `sheet` is the one that was read.
    """

    def __init__(self) -> None:
        folder = tempfile.mkdtemp(prefix="optin-sheet-")
        self.file = Path(folder) / "sheet.csv"
        self.sheets: tuple[str, ...] = ()
        self.sheet = ""
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)


def unpack(path: Path, kind: Kind, sheet: str) -> Unpacked | Refused:
    """Turn a sheet, "" for the first that has anything, into a CSV file by another process (unpack.py).

    The library goes by the ending of the file's name, which people may have got wrong: it is given a right one.
    What ends that process by a signal is a limit; raises RuntimeError for any other end, such as a full disk.
    """
    unpacked = Unpacked()
    source = unpacked.file.with_name(f"book.{kind.value}")
    source.symlink_to(path.resolve())
    command = [sys.executable, "-m", "optin.spreadsheets.unpack", str(source), sheet, str(unpacked.file)]
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, timeout=_LONGEST)  # noqa: S603
    except subprocess.TimeoutExpired:
        return Refused(_TOO_MUCH)
    if done.returncode < 0:
        return Refused(_TOO_MUCH)
    if done.returncode:
        raise RuntimeError(f"a workbook could not be unpacked: {done.stderr.decode(errors='replace')[-2000:]}")
    said = json.loads(done.stdout)
    if "refused" in said:
        return Refused(_SENTENCES[said["refused"]])
    unpacked.sheets, unpacked.sheet = tuple(said["sheets"]), said["sheet"]
    return unpacked
