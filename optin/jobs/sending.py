"""One job: send what waits, a few messages at a time, until nothing is left or the job's time is over.

As many messages are started as threads are free or will be in a moment: what is started is requested at once, and a
slow answer holds up no other message. Some more are claimed, since that asks nobody for consent: what is not started
goes back. All database work is done here, in batches, where the answers to one batch and the start of the next share a
commit; the threads only make requests.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

from optin import clock
from optin.database.statements import is_away
from optin.enums import MessageStatus
from optin.jobs.errors import log_error
from optin.jobs.sender_pool import SenderPool
from optin.sending import delivery, pace
from optin.sending.delivery import ClaimedMessage, SendResult
from optin.sending.pace import Room

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


@dataclass(frozen=True, eq=False)
class _Held:
    """A claimed message that may start at a moment of the monotonic clock."""

    claimed: ClaimedMessage
    at: float = 0.0


class _Sending:
    """The state of one job: what is under way, what could not start yet, when to try again."""

    def __init__(self, pool: SenderPool, broadcast_id: int | None, threads: Callable[[], int]) -> None:
        self._pool, self._broadcast_id, self._threads = pool, broadcast_id, threads
        self._outcomes: SimpleQueue[SendResult] = SimpleQueue()
        self._under_way = 0
        self._came_in = 0
        self._quick_from = 0.0
        self._held: list[_Held] = []
        self._claims_at = 0.0
        self._rest = 0.0
        self._resume_at = 0.0

    def run(self, until: float) -> None:
        """Send until nothing waits, `until` (of the monotonic clock) has passed or the process stops.

        What is under way is recorded even when nothing more can be started.
        """
        try:
            self._send(until)
            self._insist(lambda: delivery.release(self._pool.engine, [each.claimed for each in self._held]))
        finally:
            while self._under_way:
                outcomes = self._gather()
                self._under_way -= len(outcomes)
                self._record(outcomes)

    def _send(self, until: float) -> None:
        while self._goes_on(until):
            goes_at_once = (self._claim_some() or self._is_due()) and self._free() > 0
            found = self._take_turn([] if goes_at_once else self._gather())
            if not self._under_way:
                if self._held or self._rests() or self._is_paced():
                    self._pool.stopping.wait(min(max(TOGETHER, self._next_at() - time.monotonic()), LOOK_AGAIN))
                elif not found:
                    break

    def _goes_on(self, until: float) -> bool:
        return not self._pool.stopping.is_set() and time.monotonic() < until

    def _rests(self) -> bool:
        return time.monotonic() < self._resume_at

    def _most(self) -> int:
        """Return how many messages may be started and not answered: one while Twilio takes nothing, to see whether it
        does again, else one for each free thread.

        As many more as answers came in last time, unless answers are slow: so many threads will be free before the
        next look.
        """
        if self._rest:
            return 1
        threads = self._threads()
        ahead = min(self._came_in, soon_free(threads)) if time.monotonic() >= self._quick_from else 0
        return threads + ahead

    def _free(self) -> int:
        """Return how many more may be started now."""
        return 0 if self._rests() else max(0, self._most() - self._under_way)

    def _claim_some(self) -> bool:
        """Claim for several turns when fewer messages are left than the next one may start; tell whether there were.

        That comes before answers are taken, which must be recorded whatever else the database can't do.
        """
        most = self._most()
        if self._rests() or self._is_paced() or len(self._held) >= most:
            return False
        room = self._insist(self._room)
        self._claims_at = time.monotonic() + (room.wait if room.wait <= pace.PATIENCE else 0.0)
        if room.wait:
            return False
        limit = (most if self._rest else self._threads() * AHEAD) - len(self._held)
        claimed_messages = self._insist(
            lambda: delivery.claim(
                self._pool.engine, broadcast_id=self._broadcast_id, limit=min(limit, room.at_once or limit)
            )
        )
        self._held += [_Held(claimed, time.monotonic() + claimed.wait) for claimed in claimed_messages]
        return bool(claimed_messages)

    def _room(self) -> Room:
        """Ask what the next claim has to mind."""
        return Room() if self._broadcast_id is None else pace.room(self._pool.engine, self._broadcast_id, clock.now())

    def _is_paced(self) -> bool:
        """Tell whether the next claim has to wait for the pace of the sender."""
        return time.monotonic() < self._claims_at

    def _is_due(self) -> bool:
        """Tell whether a held message has waited for the pace long enough."""
        return any(0 < each.at <= time.monotonic() for each in self._held)

    def _next_at(self) -> float:
        """Return when the next held message may start, else when the next may be claimed."""
        return min((each.at for each in self._held), default=self._claims_at)

    def _take_turn(self, outcomes: list[SendResult]) -> bool:
        """Record outcomes and start the next messages, by one commit in the usual case; tell whether any were there."""
        self._under_way -= len(outcomes)
        claimed_messages = self._next() if delivery.all_sent(outcomes) and not self._rest else []
        found = None
        if outcomes and claimed_messages:
            found = delivery.record_and_start(self._pool.engine, outcomes, claimed_messages)
        if found is None:
            self._held = [*map(_Held, claimed_messages), *self._held]
            self._record(outcomes)
            claimed_messages = [] if self._pool.stopping.is_set() else self._next()
            found = (
                self._insist(lambda: delivery.start(self._pool.engine, claimed_messages)) if claimed_messages else None
            )
        if found is not None:
            self._request(*found)
        return bool(claimed_messages)

    def _next(self) -> list[ClaimedMessage]:
        """Take the claimed messages that are to be started now."""
        now = time.monotonic()
        due = [each for each in self._held if each.at <= now][: self._free()]
        self._held = [each for each in self._held if each not in due]
        return [each.claimed for each in due]

    def _request(self, started: list[ClaimedMessage], held: list[ClaimedMessage]) -> None:
        """Have the started messages requested; those on which somebody acts come last."""
        self._held += map(_Held, held)
        for claimed in started:
            self._pool.send(claimed, self._outcomes)
            self._under_way += 1

    def _record(self, outcomes: list[SendResult]) -> None:
        """Record outcomes by themselves; rest when the provider takes nothing."""
        if outcomes:
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
        if not self._under_way:
            return []
        outcomes: list[SendResult] = []
        now = time.monotonic()
        look_again = now + LOOK_AGAIN
        until = min([look_again, *(each.at for each in self._held if each.at > now)])
        while len(outcomes) < self._under_way and (left := until - time.monotonic()) > 0:
            try:
                outcomes.append(self._outcomes.get(timeout=left))
            except Empty:
                break
            if len(outcomes) == 1:
                until = time.monotonic() + TOGETHER
        self._came_in = len(outcomes)
        if not outcomes and until == look_again:
            self._quick_from = time.monotonic() + SLOW
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
