"""Posting as Twilio does, over real HTTP to web processes: what was not answered with 2xx comes again."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from threading import Event

import urllib3
from flask import Flask

from tests.support.faults.processes import WEB, free_port, running, until
from tests.support.provider import Provider
from tests.support.twilio_requests import signature

SMS, STATUS = "/webhooks/twilio/sms", "/webhooks/twilio/status"
AT_ONCE = 24
THREADS = 32
"""Threads of a web process, as many as `start` gives it."""
PATIENCE = 120.0
NO_ANSWER = 0
Form = dict[str, str]


class Twilio:
    """Posts signed requests to processes in turn; `statuses` counts the answers, `answered` has what was accepted."""

    def __init__(self, app: Flask, *urls: str) -> None:
        """`app` has the settings of the processes; `urls` may change while it posts."""
        self.app, self.urls = app, list(urls)
        self.statuses: Counter[int] = Counter()
        self.answered: list[tuple[Form, str]] = []
        self.processes: list[Popen[bytes]] = []
        self._over = Event()
        self._turn = itertools.count()
        self._pool = urllib3.PoolManager(maxsize=AT_ONCE, timeout=60)

    def post(self, path: str, form: Form) -> int:
        """Post once; return the status, NO_ANSWER where the connection was lost."""
        url = self.urls[next(self._turn) % len(self.urls)]
        headers = {"X-Twilio-Signature": signature(self.app, path, form)}
        try:
            answer = self._pool.request(
                "POST", url + path, fields=form, encode_multipart=False, headers=headers, retries=False
            )
        except urllib3.exceptions.HTTPError:
            self.statuses[NO_ANSWER] += 1
            return NO_ANSWER
        if answer.status < 300:
            self.answered.append((form, answer.data.decode()))
        self.statuses[answer.status] += 1
        return answer.status

    def deliver(self, path: str, lane: Sequence[Form]) -> None:
        """Post one after the other, each again while there is no answer or a 503."""
        ends = time.monotonic() + PATIENCE
        for form in lane:
            while not self._over.is_set() and self.post(path, form) in (NO_ANSWER, 503):
                assert time.monotonic() < ends, f"not accepted in time: {form}, {self.statuses}"
                time.sleep(0.05)

    @contextmanager
    def delivering_each(self, lanes: Sequence[tuple[str, Sequence[Form]]]) -> Iterator[None]:
        """Deliver lanes, each to a path, side by side while the block runs and until all are accepted."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            self._over.clear()
            asked: list[Future[None]] = [threads.submit(self.deliver, path, lane) for path, lane in lanes]
            try:
                yield
                for each in asked:
                    each.result(PATIENCE)
            finally:  # nothing comes any more after something went wrong
                self._over.set()

    def delivering(self, path: str, lanes: Sequence[Sequence[Form]]) -> AbstractContextManager[None]:
        """Deliver lanes to one path as `delivering_each` does."""
        return self.delivering_each([(path, lane) for lane in lanes])

    def deliver_all(self, path: str, lanes: Sequence[Sequence[Form]]) -> None:
        """Deliver lanes side by side until all are accepted."""
        with self.delivering(path, lanes):
            pass


@contextmanager
def web(app: Flask, folder: Path, provider: Provider, count: int = 1, **further: str) -> Iterator[Twilio]:
    """Run web processes on the app's database, with no jobs in them, and give who posts to them.

    `further` are variables of their environment.
    """
    config = app.config["OPTIN"]
    ports = [free_port() for _ in range(count)]
    with ExitStack() as processes:
        begun = []
        for port in ports:
            given = {**environ(app, port), **further}
            command = running(WEB, config.database_url, folder / str(port), provider, **given)
            begun.append(processes.enter_context(command))
        posting = Twilio(app, *(f"http://127.0.0.1:{port}" for port in ports))
        posting.processes = begun
        for url in posting.urls:
            until(lambda url=url: answers(url))
        yield posting


def environ(app: Flask, port: int) -> dict[str, str]:
    """Return the environment of one web process of several: Twilio knows one address for all."""
    return {
        "PORT": str(port),
        "GRANIAN_PORT": str(port),
        "GRANIAN_BLOCKING_THREADS": str(THREADS),
        "OPTIN_WORKERS": "external",
        "OPTIN_PUBLIC_URL": app.config["OPTIN"].public_url,
    }


def answers(url: str) -> bool:
    """Tell whether a web process answers."""
    try:
        return urllib3.request("GET", f"{url}/healthz", retries=False, timeout=1).status == 200
    except urllib3.exceptions.HTTPError:
        return False
