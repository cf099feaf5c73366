"""Makes the next date of a recurring broadcast, is killed before the commit: `half_next ID`."""

import sys
import time
from pathlib import Path
from typing import Any

from optin.database.session import db
from optin.sending import recurring
from tests.support.faults.made import app

_make = recurring._make


def _make_and_wait(*given: Any) -> Any:
    made = _make(*given)
    Path(app.config["OPTIN"].instance_path, "half").write_text(str(made.occurrence))
    time.sleep(600)
    return made


recurring._make = _make_and_wait
with app.app_context():
    recurring.make_next(db.engine, int(sys.argv[1]))
