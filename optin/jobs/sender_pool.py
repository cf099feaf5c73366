"""What sends: the database, the provider's door and a fixed number of threads that make the requests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from sqlalchemy import Engine

from optin.provider.gateway import Failure, Gateway, GatewayError, SentMessage
from optin.sending import delivery
from optin.sending.delivery import ClaimedMessage, SendResult

_LOST = GatewayError("The thread that sent it ended.", Failure.UNKNOWN)


class SenderPool:
    """Threads that make requests for started messages; the jobs that use them at the same time share them evenly.

    They are plain threads: an executor of `concurrent.futures` takes nothing more once the interpreter has begun to
    end, and what is started then would be left without its request.
    """

    def __init__(self, engine: Engine, gateway: Gateway, callback_url: str, threads: int, name: str) -> None:
        """`callback_url` is the public address of the status webhook; `name` is that of the threads."""
        self.engine = engine
        self.stopping = threading.Event()
        self._gateway, self._callback_url, self._name = gateway, callback_url, name
        self._threads, self._running, self._jobs = threads, 0, 0
        self._changed = threading.Condition()
        self._idle = threading.Semaphore(0)
        self._requests: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    @contextmanager
    def share(self) -> Iterator[Callable[[], int]]:
        """Count as a job inside the block; gives what tells how many threads the job may use at the moment."""
        with self._changed:
            self._jobs += 1
        try:
            yield lambda: max(1, self._threads // max(1, self._jobs))
        finally:
            with self._changed:
                self._jobs -= 1
                self._changed.notify_all()

    def send(self, claimed: ClaimedMessage, outcomes: "SimpleQueue[SendResult]") -> None:
        """Let a thread make the request of a started message and put the answer into `outcomes`."""

        def request() -> None:
            outcome: SentMessage | GatewayError = _LOST
            try:
                outcome = delivery.attempt(self._gateway, claimed, self._callback_url)
            finally:  # whoever waits for the outcome would wait for ever
                outcomes.put((claimed, outcome))

        self._requests.put(request)
        self._have_a_thread()

    def stop(self, seconds: float) -> bool:
        """Let the jobs end what they have started, for so long at most; tell whether all ended."""
        self.stopping.set()
        with self._changed:
            ended = self._changed.wait_for(lambda: not self._jobs, seconds)
            for _ in range(self._running):
                self._requests.put(None)
        return ended

    def _have_a_thread(self) -> None:
        """Start one more thread if none is idle and there may be more."""
        with self._changed:
            if self._idle.acquire(blocking=False) or self._running == self._threads:
                return
            name = f"{self._name}-{self._running}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
            self._running += 1

    def _work(self) -> None:
        while (request := self._requests.get()) is not None:
            request()
            self._idle.release()
