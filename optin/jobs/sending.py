"""One job: send what waits, a few messages at a time, until nothing is left or the job's time is over.

As many messages are started as threads are free or will be in a moment: what is started is requested at once, and a
slow answer holds up no other message. Some more are claimed, since that asks nobody for consent: what is not started
goes back. All database work is done here, in batches; the threads only make requests.
"""

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

from optin.database.statements import is_away
from optin.enums import MessageStatus
from optin.jobs.errors import log_error
from optin.jobs.sender_pool import SenderPool
from optin.sending import delivery
from optin.sending.delivery import ClaimedMessage, SendResult

T = TypeVar("T")

TOGETHER = 0.01
"""Seconds that an outcome waits for others to be recorded with it."""
AHEAD = 8
"""Messages are claimed for so many times the threads: a claim costs two commits, however many it is for."""
SOON_FREE = 1 / 3
"""So many more than there are threads may be started, in parts of the threads: they wait for less than one request."""
LOOK_AGAIN = 0.2
"""Seconds after which a job with requests under way looks for new messages."""
SLOW = 2.0
"""Seconds for which answers count as slow after a look that found none."""
LONGEST_REST = 10.0
"""Seconds of rest, at most, between two tries of a provider that takes nothing."""
PATIENCE = 30.0
"""Seconds for which a database that does not work is asked again; for outcomes it is asked as long as we run."""


def send_waiting(pool: SenderPool, broadcast_id: int | None, seconds: float) -> None:
    """Send the waiting messages of a broadcast, or the urgent ones (None), for about so many seconds."""
    with pool.share() as threads:
        _Sending(pool, broadcast_id, threads).run(time.monotonic() + seconds)


def soon_free(threads: int) -> int:
    """Return how many messages may be started besides those that so many threads request."""
    return int(threads * SOON_FREE)


class _Sending:
    """The state of one job: what is under way, what could not start yet, when to try again."""

    def __init__(self, pool: SenderPool, broadcast_id: int | None, threads: Callable[[], int]) -> None:
        self._pool, self._broadcast_id, self._threads = pool, broadcast_id, threads
        self._outcomes: SimpleQueue[SendResult] = SimpleQueue()
        self._under_way = 0
        self._came_in = 0
        self._quick_from = 0.0
        self._held: list[ClaimedMessage] = []
        self._rest = 0.0
        self._resume_at = 0.0

    def run(self, until: float) -> None:
        """Send until nothing waits, `until` (of the monotonic clock) has passed or the process stops.

        What is under way is recorded even when nothing more can be started.
        """
        try:
            self._send(until)
            self._insist(lambda: delivery.release(self._pool.engine, self._held))
        finally:
            while self._under_way:
                self._record_some()

    def _send(self, until: float) -> None:
        while self._goes_on(until):
            found = self._start_some() if time.monotonic() >= self._resume_at else False
            if self._under_way:
                self._record_some()
            elif self._held or time.monotonic() < self._resume_at:
                self._pool.stopping.wait(TOGETHER)
            elif not found:
                break

    def _goes_on(self, until: float) -> bool:
        return not self._pool.stopping.is_set() and time.monotonic() < until

    def _start_some(self) -> bool:
        """Start as many messages as there are free threads, and claim more when these run out; tell whether there were.

        As many more are started as answers came in last time, unless answers are slow: so many threads will be free
        before the next look.
        While the provider takes nothing one message at a time finds out whether it does again.
        """
        threads = 1 if self._rest else self._threads()
        ahead = min(self._came_in, soon_free(threads)) if time.monotonic() >= self._quick_from else 0
        free = threads + ahead - self._under_way
        if free > len(self._held):
            room = (threads if self._rest else threads * AHEAD) - len(self._held)
            self._held += self._insist(
                lambda: delivery.claim(self._pool.engine, broadcast_id=self._broadcast_id, limit=room)
            )
        claimed_messages, kept = self._held[: max(0, free)], self._held[max(0, free) :]
        if claimed_messages:
            started, held = self._insist(lambda: delivery.start(self._pool.engine, claimed_messages))
            self._held = kept + held
            for claimed in started:
                self._pool.send(claimed, self._outcomes)
                self._under_way += 1
        return bool(claimed_messages)

    def _record_some(self) -> None:
        """Wait a little for outcomes and record those that are there; rest when the provider takes nothing."""
        outcomes = self._gather()
        self._came_in = len(outcomes)
        if not outcomes:
            self._quick_from = time.monotonic() + SLOW
            return
        self._under_way -= len(outcomes)
        states = self._insist(lambda: delivery.record(self._pool.engine, outcomes), lasting=True)
        self._rest_after(set(states.values()))

    def _rest_after(self, states: set[MessageStatus]) -> None:
        """Rest, longer each time, while the provider takes nothing; outcomes that come during a rest are of before."""
        if states - {MessageStatus.QUEUED, MessageStatus.UNKNOWN}:
            self._rest = 0.0
        elif time.monotonic() >= self._resume_at:
            self._rest = min(max(1.0, self._rest * 2), LONGEST_REST)
            self._resume_at = time.monotonic() + self._rest

    def _gather(self) -> list[SendResult]:
        """Return what came in: the first within `LOOK_AGAIN`, then all that come within `TOGETHER`."""
        outcomes: list[SendResult] = []
        until = time.monotonic() + LOOK_AGAIN
        while len(outcomes) < self._under_way and (left := until - time.monotonic()) > 0:
            try:
                outcomes.append(self._outcomes.get(timeout=left))
            except Empty:
                break
            if len(outcomes) == 1:
                until = time.monotonic() + TOGETHER
        return outcomes

    def _insist(self, work: Callable[[], T], *, lasting: bool = False) -> T:
        """Do `work`, again and again while the database does not work; `lasting` as long as the process runs.

        That is for what the provider said, which nobody else knows.
        """
        until = time.monotonic() + PATIENCE
        told = False
        while True:
            try:
                return work()
            except Exception as error:
                patient = lasting and not self._pool.stopping.is_set()
                if not is_away(error) or (time.monotonic() > until and not patient):
                    raise
                if not told:
                    log_error("the database does not work; retrying until it does", error)
                told = True
                time.sleep(0.5)
