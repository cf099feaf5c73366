"""Doing something when the process ends, while its other threads still run."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class AtExit:
    """Calls `end` when the interpreter begins to end, and has it wait for that.

    The threads of executors are told to end before all exit handlers, also in a process of `multiprocessing`, as each
    of the web server's is, which runs none of `atexit`: so an idle one that ends says that the time has come. Jobs run
    in such threads too, and the interpreter would wait for them until they have sent all that they can.
    """

    def __init__(self, end: Callable[[], None]) -> None:
        """`end` is called in a thread of its own, unless `cancel` is called before."""
        self._end = end
        self._cancelled = self._began = False
        self._deciding = threading.Lock()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="optin-exit")
        self._idle = self._executor.submit(threading.current_thread).result()
        self._thread = threading.Thread(target=self._wait, name="optin-exit", daemon=False)
        self._thread.start()

    def cancel(self) -> None:
        """Let the process end without a call; harmless when it ends already."""
        with self._deciding:
            self._cancelled = not self._began
        self._executor.shutdown()
        if self._cancelled:
            self._thread.join()

    def _wait(self) -> None:
        self._idle.join()
        with self._deciding:
            self._began = not self._cancelled
        if self._began:
            self._end()
