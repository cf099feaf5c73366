"""Decides which of two texts the others get, is killed before the commit: `half_decision ID`."""

import sys
import time
from pathlib import Path
from typing import Any

from optin.database.session import db
from optin.sending import variants
from tests.support.faults.made import app

_tell = variants._tell


def _tell_and_wait(*given: Any) -> None:
    _tell(*given)
    Path(app.config["OPTIN"].instance_path, "half").write_text(str(given[2]))
    time.sleep(600)


variants._tell = _tell_and_wait
with app.app_context():
    variants.decide(db.engine, int(sys.argv[1]))
