"""What may take long, or never end, and must hold up nothing: each in a thread of its own, and none twice at once."""

import threading
import time
from collections.abc import Callable, Hashable

from optin.jobs.errors import log_error


class Beside:
    """The threads of a process that do such things. What they were at when the process ends is lost, and harmless."""

    def __init__(self) -> None:
        self._threads: dict[Hashable, threading.Thread] = {}

    def do(self, key: Hashable, act: Callable[[], object], what: str) -> None:
        """Do it, unless what was begun under the same key is not done yet. What it raises is logged."""

        def run() -> None:
            try:
                act()
            except Exception as error:
                log_error(f"{what} failed and will be tried again", error)

        before = self._threads.get(key)
        if before is None or not before.is_alive():
            self._threads[key] = threading.Thread(target=run, name="optin-beside", daemon=True)
            self._threads[key].start()

    def stop(self, seconds: float) -> None:
        """Wait for what is under way, for so long at most."""
        until = time.monotonic() + seconds
        for thread in self._threads.values():
            thread.join(max(0.0, until - time.monotonic()))
