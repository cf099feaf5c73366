"""Turning any number of calls into a few acts: callers wake it, and a separate thread acts."""

import threading
from collections.abc import Callable

from optin.jobs.errors import log_error

PAUSE = 0.05
"""Seconds between two acts, so that they are twenty a second at most."""


class Wakeup:
    """Calls `act` soon after `wake`. Waking costs nothing, never waits and never raises."""

    def __init__(self, act: Callable[[], bool]) -> None:
        """`act` returns False when it could not be done now and must be tried again."""
        self._act = act
        self._called = threading.Event()
        self._stopping = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="optin-wakeup", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Ask for one more act."""
        self._called.set()

    def stop(self) -> None:
        """End the thread; what was asked for and not acted on is forgotten."""
        self._stopping.set()
        self._called.set()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            self._called.wait()
            if self._stopping.is_set():
                return
            self._called.clear()
            if not self._acted():
                self._called.set()
                self._stopping.wait(PAUSE)
            self._stopping.wait(PAUSE)

    def _acted(self) -> bool:
        """Act; what raises is not tried again, since the schedule finds all that waits. Only the first one is told."""
        try:
            done = self._act()
        except BaseException as error:
            if not self._failing:
                log_error("the job engine could not be woken", error)
            self._failing = True
            return True
        self._failing = False
        return done
