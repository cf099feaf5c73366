"""Counting how often short links are opened, beside the requests: nobody who opens one waits for the count.

Each process adds up what was opened, and writes it down a second later: one upsert for each link and hour, however many
clicks. What the database does not take now is tried again; what a process had not written when it was killed is lost.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, Integer, bindparam, exists, select

from optin import clock
from optin.database.session import UTCDateTime
from optin.database.statements import insert, run, table
from optin.database.transactions import writing
from optin.models import ShortLink, ShortLinkClicks

PAUSE = timedelta(seconds=1)
AGAIN = timedelta(seconds=10)
MOST = 10_000
"""So many counts at most wait to be written: more are not counted."""
_COUNTS, _LINK = table(ShortLinkClicks), table(ShortLink)
_LINK_ID = bindparam("short_link_id", type_=Integer)
_NEW = insert(_COUNTS).from_select(
    ["short_link_id", "hour", "clicks"],
    select(_LINK_ID, bindparam("hour", type_=UTCDateTime()), bindparam("clicks", type_=Integer)).where(
        exists().where(_LINK.c.id == _LINK_ID)  # after a restore it may be gone: the others are written all the same
    ),
)
_ADD = _NEW.on_conflict_do_update(
    index_elements=["short_link_id", "hour"], set_={"clicks": _COUNTS.c.clicks + _NEW.excluded.clicks}
)
log = logging.getLogger(__name__)


class ClickCounter:
    """The clicks that one process has seen and not written down yet. Any thread may add to it."""

    def __init__(self, engine: Callable[[], Engine], at_exit: Callable[[Callable[[], None]], object]) -> None:
        """`at_exit` has what it is given done when the process ends; it is asked when the first click comes."""
        self._engine, self._at_exit = engine, at_exit
        self._waiting: Counter[tuple[int, datetime]] = Counter()
        self._changing, self._writing = threading.Lock(), threading.Lock()
        self._timer: threading.Timer | None = None
        self._exit: object = None

    def add(self, short_link_id: int) -> None:
        """Count a click now; it is written soon."""
        key = (short_link_id, clock.now().replace(minute=0, second=0, microsecond=0))
        with self._changing:
            if key in self._waiting or len(self._waiting) < MOST:
                self._waiting[key] += 1
            if self._exit is None:
                self._exit = self._at_exit(self.write)
            self._write_after(PAUSE)

    def write(self) -> None:
        """Write down what waits. What can't be written now waits for another time."""
        with self._writing:
            with self._changing:
                found, self._waiting, self._timer = self._waiting, Counter(), None
            if not found:
                return
            # In one order, so that two processes never wait for each other's rows.
            rows = [{"short_link_id": id_, "hour": hour, "clicks": found[id_, hour]} for id_, hour in sorted(found)]
            try:
                with writing(self._engine()) as session:
                    run(session, _ADD, rows)
            except Exception as error:  # whatever it is: no click may be lost for it, nor anything else stop
                log.warning("clicks of short links could not be counted yet: %s", type(error).__name__)
                with self._changing:
                    self._waiting.update(found)
                    self._write_after(AGAIN)

    def _write_after(self, pause: timedelta) -> None:
        if self._timer is None:
            self._timer = threading.Timer(pause.total_seconds(), self.write)
            self._timer.name, self._timer.daemon = "optin-clicks", True
            self._timer.start()
