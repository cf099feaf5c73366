"""Serves the app with the jobs beside it, as optin/wsgi.py does; run as `python -m tests.support.faults.serve`.

PATIENCE shortens how long a job asks a database again that does not answer, SELDOM how seldom a chore is done,
DEADLINE after how many seconds a job is over, which lasts two thirds of that as it does in use, and AT_ONCE how many
opt-ins or people are added in a step, how many members of a campaign are looked at in one when a broadcast is queued,
how many of its messages are taken back in one, how many rows of an import or of a move, how many of its numbers are
decided in one, and how many an export writes at once. With small steps goes a pause after each, on PostgreSQL too, so
that a kill finds it at work however quick the machine is.
"""

import os
import time
from datetime import timedelta

from werkzeug.serving import make_server

from optin.archive import writing
from optin.campaign_members import tasks as members
from optin.database import sqlite
from optin.features.campaigns import add_opt_ins_task
from optin.features.imports import work
from optin.features.moving import consent as moving_consent
from optin.features.moving import work as moving
from optin.features.people import acts
from optin.jobs import engine, long_task, schedule, sending, tasks
from optin.queries import export_files
from optin.sending import put_out, taking_back
from tests.support.faults.made import app

_beat, _assure = long_task.Life.beat, long_task.Life.assure
sending.PATIENCE = float(os.environ.get("PATIENCE", sending.PATIENCE))
if "DEADLINE" in os.environ:
    engine.DEADLINE = float(os.environ["DEADLINE"])
    tasks.SECONDS = engine.DEADLINE * 2 / 3
for part in ("LOOKED_AT_ONCE", "ADDED_AT_ONCE"):
    setattr(members, part, int(os.environ.get("AT_ONCE", getattr(members, part))))
acts.AT_ONCE = {act: int(os.environ.get("AT_ONCE", size)) for act, size in acts.AT_ONCE.items()}
add_opt_ins_task.AT_ONCE = int(os.environ.get("AT_ONCE", add_opt_ins_task.AT_ONCE))
for steps in (work, moving, moving_consent):
    steps.AT_ONCE = int(os.environ.get("AT_ONCE", steps.AT_ONCE))
put_out.AT_ONCE = {database: int(os.environ.get("AT_ONCE", size)) for database, size in put_out.AT_ONCE.items()}
taking_back.AT_ONCE = int(os.environ.get("AT_ONCE", taking_back.AT_ONCE))
if "AT_ONCE" in os.environ:
    sqlite.breathe = lambda _engine: time.sleep(0.02)
    writing.ROWS_AT_ONCE, export_files.PART = int(os.environ["AT_ONCE"]), 4096
    long_task.BEAT, long_task.SILENT = 0.05, timedelta(seconds=2)
    long_task.Life.assure = lambda life, session: time.sleep(0.05) or _assure(life, session)
    long_task.Life.beat = lambda life, more=0: time.sleep(0.02) or _beat(life, more)
_do = schedule.Schedule._do


def _do_oftener(schedule: schedule.Schedule, chore: schedule.Chore) -> None:
    chore.seconds = min(chore.seconds, float(os.environ.get("SELDOM", "inf")))
    _do(schedule, chore)


schedule.Schedule._do = _do_oftener
engine.launch(app)
make_server("127.0.0.1", app.config["OPTIN"].port, app, threaded=True).serve_forever()
