"""A process of its own that turns a sheet of a workbook into a CSV file: `python -m optin.spreadsheets.unpack`.

The library holds a whole sheet in memory, and a file made to do harm makes it take all there is. Here that ends this
process alone, within the limits that it sets itself.
"""

import csv
import errno
import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    WorksheetNotFound,
)

from optin.spreadsheets import cells

MEMORY = 2 << 30
SECONDS = 300
OUTPUT = 2_000_000_000
"""What a workbook may take: of memory and of CPU time, and how large its text may be."""


def main(arguments: list[str]) -> None:
    """Read `path sheet target`, the sheet being "" for the first that has anything; say on stdout what there is."""
    path, wanted, target = arguments
    _limit()
    try:
        answer = unpack(Path(path), wanted, Path(target))
    except PasswordError:
        answer = {"refused": "password"}
    except WorksheetNotFound:
        answer = {"refused": "sheet"}
    except (CalamineError, ValueError, OverflowError) as error:
        answer = {"refused": "too much" if "limit exceeded" in str(error) else "damaged"}
    except MemoryError:
        answer = {"refused": "too much"}
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        answer = {"refused": "too much"}
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what the library did not expect of a file
            raise
        answer = {"refused": "damaged"}
    print(json.dumps(answer))


def unpack(path: Path, wanted: str, target: Path) -> dict[str, object]:
    """Write the rows of a sheet to `target` as CSV, the first line being row 1; name all sheets that can be seen."""
    with CalamineWorkbook.from_path(path) as workbook:
        names = [
            each.name
            for each in workbook.sheets_metadata
            if each.visible == SheetVisibleEnum.Visible and each.typ == SheetTypeEnum.WorkSheet
        ]
        if not names or (wanted and wanted not in names):
            return {"refused": "sheet"}
        name, sheet = _chosen(workbook, [wanted] if wanted else names)
        with target.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows(sheet))
    return {"sheets": names, "sheet": name}


def rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    """Return the texts of a sheet's rows from row 1 and column A on, without the empty cells at their ends.

    The library begins with row 1, but with the first column that has anything.
    """
    before = [""] * (sheet.start or (0, 0))[1]
    for row in sheet.iter_rows():
        texts = [*before, *map(cells.value, row)]
        while texts and not texts[-1]:
            texts.pop()
        yield texts


def _chosen(workbook: CalamineWorkbook, names: list[str]) -> tuple[str, CalamineSheet]:
    """Return the first sheet that has more than a row, else the first."""
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.height > 1:
            return name, sheet
    return names[0], workbook.get_sheet_by_name(names[0])


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    main(sys.argv[1:])
