"""The sheet of a workbook as a CSV file that is gone when nobody needs it any more."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

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


@dataclass(frozen=True)
class Unpacked:
    """A sheet as text; `folder` holds the file for as long as it is referred to."""

    file: Path
    folder: "TemporaryDirectory[str]"
    sheets: tuple[str, ...]
    sheet: str


def unpack(path: Path, kind: Kind, sheet: str) -> Unpacked | Refused:
    """Turn a sheet, "" for the first that has anything, into a CSV file by another process (unpack.py).

    The library goes by the ending of the file's name, which people may have got wrong: it is given a right one.
    """
    folder = TemporaryDirectory(prefix="optin-sheet-")
    source, target = Path(folder.name) / f"book.{kind.value}", Path(folder.name) / "sheet.csv"
    source.symlink_to(path.resolve())
    command = [sys.executable, "-m", "optin.spreadsheets.unpack", str(source), sheet, str(target)]
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, timeout=_LONGEST)  # noqa: S603
    except subprocess.TimeoutExpired:
        return Refused(_TOO_MUCH)
    if done.returncode:
        return Refused(_TOO_MUCH)
    said = json.loads(done.stdout)
    if "refused" in said:
        return Refused(_SENTENCES[said["refused"]])
    return Unpacked(target, folder, tuple(said["sheets"]), said["sheet"])
