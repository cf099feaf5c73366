"""HTTP requests over connections that are kept: the one transport to the provider, with a time limit and no second try.

It is `http.client` and little more. Of 48 threads that send at once, each waits for the interpreter as often as the
others use it, so that what a request costs decides how many go in a second (docs/performance.md).
"""

import ssl
from collections import defaultdict, deque
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from select import POLLIN, poll
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
LOST = (HTTPException, OSError)
"""What is raised when a request may have arrived and no whole answer came."""


class NotReachedError(Exception):
    """No connection came about, so that nothing was asked."""


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status; the SDK takes it as it is."""

    status_code: int
    text: str
    headers: dict[str, str]


class Connections:
    """Connections to any number of hosts, as many as are needed at once; all threads may use them."""

    def __init__(self) -> None:
        self._idle: defaultdict[tuple[str, str], deque[HTTPConnection]] = defaultdict(deque)

    def request(self, method: str, url: str, body: str | None, headers: dict[str, str]) -> Answer:
        """Make one request and return the answer, redirects too.

        Raises NotReachedError, or one of `LOST` once the request was begun.
        """
        parts = urlsplit(url)
        idle = self._idle[parts.scheme, parts.netloc]
        connection = _still_open(idle) or self._open(parts)
        whole = False
        try:
            connection.request(method, parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.read().decode("utf-8", "replace"), dict(response.headers))
            whole = not response.will_close
        finally:
            if whole:
                idle.append(connection)
            else:
                connection.close()
        return answer

    def _open(self, parts: SplitResult) -> HTTPConnection:
        connection = (
            HTTPSConnection(parts.netloc, timeout=CONNECT_SECONDS, context=self._tls)
            if parts.scheme == "https"
            else HTTPConnection(parts.netloc, timeout=CONNECT_SECONDS)
        )
        connection.auto_open = 0
        try:
            connection.connect()
        except LOST as error:
            connection.close()
            raise NotReachedError(parts.netloc) from error
        connection.sock.settimeout(READ_SECONDS)
        return connection

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _still_open(idle: deque[HTTPConnection]) -> HTTPConnection | None:
    """Take the connection that was used last and that the other side has not closed meanwhile; close those it has."""
    while True:
        try:
            connection = idle.pop()
        except IndexError:
            return None
        came = poll()
        came.register(connection.sock, POLLIN)
        if not came.poll(0):
            return connection
        connection.close()
