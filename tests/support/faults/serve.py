"""Serves the app with the jobs beside it, as optin/wsgi.py does; run as `python -m tests.support.faults.serve`.

PATIENCE shortens how long a job asks a database again that does not answer, and SELDOM how seldom a chore is done.
"""

import os

from werkzeug.serving import make_server

from optin.jobs import engine, schedule, sending
from tests.support.faults.made import app

sending.PATIENCE = float(os.environ.get("PATIENCE", sending.PATIENCE))
_do = schedule.Schedule._do


def _do_oftener(schedule: schedule.Schedule, chore: schedule.Chore) -> None:
    chore.seconds = min(chore.seconds, float(os.environ.get("SELDOM", "inf")))
    _do(schedule, chore)


schedule.Schedule._do = _do_oftener
engine.launch(app)
make_server("127.0.0.1", app.config["OPTIN"].port, app, threaded=True).serve_forever()
