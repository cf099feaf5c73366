"""Starts a scheduled broadcast and is killed before the commit: `python -m tests.support.faults.half_start ID`."""

import sys
import time
from pathlib import Path

from sqlalchemy.orm import Session

from optin.database.session import db
from optin.sending import scheduled
from optin.sending.put_out import Begun
from tests.support.faults.made import app

with app.app_context(), Session(db.engine) as session:
    begun = scheduled.start(session, int(sys.argv[1]), None)
    session.flush()
    Path(app.config["OPTIN"].instance_path, "half").write_text(
        str(begun.people) if isinstance(begun, Begun) else repr(begun)
    )
    time.sleep(600)
