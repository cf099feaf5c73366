"""`flask import-all`, which stands still after a table of the environment (`STOP_AFTER`) and says so in a file.

Started as `python -m tests.support.faults.fill_slowly FILE` by what kills it there; without a table it goes through.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from flask.cli import main
from sqlalchemy import Table
from sqlalchemy.orm import Session

from optin.archive import filling
from optin.archive.opening import Archive

_load = filling._load


def load(session: Session, table: Table, archive: Archive, progress: Callable[[int], None]) -> None:
    """Load a table as ever, then perhaps wait to be killed."""
    _load(session, table, archive, progress)
    if table.name == os.environ.get("STOP_AFTER"):
        Path(os.environ["FOLDER"], "stands still").touch()
        time.sleep(600)


filling._load = load
if __name__ == "__main__":
    sys.argv = ["flask", "--app", "app", "import-all", *sys.argv[1:]]
    main()
