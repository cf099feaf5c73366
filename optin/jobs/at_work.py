"""What is really running here, and what nobody is working on: taken from this process and the outbox, not the engine.

A job may end without the engine being able to write that down (a full disk, a database that is away). Its entry then
says for ever that it runs, and refuses every new job with its key.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from typing import ParamSpec

from optin.storage.troubles import trouble_of

GRACE = 4.0
"""Seconds between two looks after which a job that runs nowhere is given up; it may have been just about to begin."""
IDLE = 15.0
"""Seconds for which nobody was at a broadcast that could go on, after which its job is not believed in any more."""

log = logging.getLogger(__name__)
P = ParamSpec("P")


class Jobs:
    """The jobs that run in this process."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}
        self._suspected: dict[str, float] = {}
        self._changing = threading.Lock()

    def tracked(self, task: Callable[P, None], job_id: Callable[[], str | None]) -> Callable[P, None]:
        """Return `task` such that it counts while it runs, and that what it raises is told and goes no further.

        `job_id` names the job that runs in the calling thread. The rows tell what is left: the schedule finds it.
        """

        @wraps(task)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            job = job_id() or ""
            self._count(job, 1)
            try:
                task(*args, **kwargs)
            except BaseException as error:
                tell(f"the job {task.__name__} ended early; another job continues with what is left", error)
            finally:
                self._count(job, -1)

        return run

    def gone(self, claimed: Iterable[str]) -> list[str]:
        """Return which jobs do not run though the engine says that this process is at them, and did so before."""
        now = time.monotonic()
        with self._changing:
            missing = [job for job in claimed if job not in self._running]
            self._suspected = {job: self._suspected.get(job, now) for job in missing}
            return [job for job, since in self._suspected.items() if now - since >= GRACE]

    def _count(self, job: str, by: int) -> None:
        with self._changing:
            left = self._running.pop(job, 0) + by
            if left > 0:
                self._running[job] = left


class Idle:
    """For how long nobody has been at what waits."""

    def __init__(self) -> None:
        self._since: dict[int, float] = {}

    def too_long(self, waiting: Collection[int], attended: Collection[int]) -> set[int]:
        """Return which of the `waiting` were `attended` by nobody for `IDLE` seconds of looks such as this one."""
        now = time.monotonic()
        self._since = {each: self._since.get(each, now) for each in waiting if each not in attended}
        return {each for each, since in self._since.items() if now - since >= IDLE}


def tell(what: str, error: BaseException) -> None:
    """Log what went wrong: in a line if the database could not be used, else with the way that led there."""
    trouble = trouble_of(error)
    if trouble is None:
        log.error(what, exc_info=error)
    else:
        log.warning("%s: %s", what, trouble.sentence)
