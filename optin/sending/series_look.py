"""One look of the schedule at a series that is on: who has opted in is taken in, then what is due is put out."""

import time
from functools import partial

from sqlalchemy import Engine

from optin.database.turns import take_turns
from optin.sending.series_intake import take_in
from optin.sending.series_put_out import put_out_due

SECONDS = 5.0
"""For about so long a look goes on at most, so that other chores have their turn; the next goes on from there."""


def look(engine: Engine, series_id: int) -> None:
    """Do what there is to do for a series, in parts."""
    end = time.monotonic() + SECONDS
    for part in (take_in, put_out_due):
        take_turns(engine, partial(part, engine, series_id), lambda: time.monotonic() < end)
