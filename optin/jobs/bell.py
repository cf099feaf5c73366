"""Turning any number of calls into a few: callers ring, and a separate thread acts on it."""

import threading
from collections.abc import Callable

from optin.jobs.at_work import tell

PAUSE = 0.05
"""Seconds between two acts, so that they are twenty a second at most."""


class Bell:
    """Calls `act` soon after it is rung. Ringing costs nothing, never waits and never raises."""

    def __init__(self, act: Callable[[], bool]) -> None:
        """`act` returns False when it could not be done now and must be tried again."""
        self._act = act
        self._rung = threading.Event()
        self._stopping = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="optin-bell", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Ask for one more act."""
        self._rung.set()

    def stop(self) -> None:
        """End the thread; what was rung and not acted on is forgotten."""
        self._stopping.set()
        self._rung.set()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            self._rung.wait()
            if self._stopping.is_set():
                return
            self._rung.clear()
            if not self._acted():
                self._rung.set()
                self._stopping.wait(PAUSE)
            self._stopping.wait(PAUSE)

    def _acted(self) -> bool:
        """Act; what raises is not tried again, since the schedule finds all that waits. Only the first one is told."""
        try:
            done = self._act()
        except BaseException as error:
            if not self._failing:
                tell("the job engine could not be woken", error)
            self._failing = True
            return True
        self._failing = False
        return done
