"""Puts out what is due of a series, is killed before the commit: `half_series ID`."""

import sys
import time
from pathlib import Path
from typing import Any

from optin.database.session import db
from optin.sending import series_put_out
from tests.support.faults.made import app

_moved = series_put_out._moved


def _move_and_wait(*given: Any) -> Any:
    made = _moved(*given)
    Path(app.config["OPTIN"].instance_path, "half").write_text("put out")
    time.sleep(600)
    return made


series_put_out._moved = _move_and_wait
with app.app_context():
    series_put_out.put_out_due(db.engine, int(sys.argv[1]))
