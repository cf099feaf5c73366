"""One request to a machine of somebody else: within limits of time and size, no redirects, only where it may go."""

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from optin.witnesses import address

CONNECT_SECONDS, SECONDS = 5.0, 10.0
"""For connecting, and for the request with its answer."""
LONGEST = 65536


class NoAnswer(Exception):
    """None came; the text says why, in a sentence."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    kind: str
    text: str


def post(url: str, content: str) -> Answer:
    """Give a witness a checkpoint and return its answer, whatever its status. Raises NoAnswer."""
    return _request(url, "POST", address.ADD, content)


def get(url: str) -> Answer:
    """Ask for an address and return the answer, whatever its status. Raises NoAnswer."""
    return _request(url, "GET")


def _request(url: str, method: str, more: str = "", content: str = "") -> Answer:
    parts = urlsplit(url)
    connection = (
        HTTPSConnection(parts.netloc, timeout=CONNECT_SECONDS, context=ssl.create_default_context())
        if parts.scheme == "https"
        else HTTPConnection(parts.netloc, timeout=CONNECT_SECONDS)
    )
    connection.auto_open = 0
    try:
        _connect(connection)
        if not address.may_be_asked(parts.scheme, connection.sock.getpeername()[0]):
            raise NoAnswer(f"Its address leads where nothing may be sent to. {address.NOT_PRIVATE}")
        return _ask(connection, method, parts.path + more, content)
    finally:
        connection.close()


def _connect(connection: HTTPConnection) -> None:
    try:
        connection.connect()
    except ssl.SSLCertVerificationError:
        raise NoAnswer("Its certificate can’t be trusted.") from None
    except (HTTPException, OSError, ValueError):
        raise NoAnswer("It can’t be reached.") from None


def _ask(connection: HTTPConnection, method: str, path: str, content: str) -> Answer:
    """Ask over an open connection, which is cut when the time is over: an answer may come a byte at a time."""
    ended = threading.Event()

    def cut(sock: socket.socket = connection.sock) -> None:
        ended.set()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        connection.sock.settimeout(SECONDS)
        sent = {"Content-Type": "text/plain; charset=utf-8"} if content else {}
        connection.request(method, path, content.encode() or None, sent)
        response = connection.getresponse()
        raw = response.read(LONGEST + 1)
        answer = Answer(response.status, response.headers.get_content_type(), raw.decode("utf-8", "replace"))
    except (HTTPException, OSError):
        late = ended.is_set()
        raise NoAnswer(f"It did not answer within {SECONDS:.0f} seconds." if late else "It broke off.") from None
    finally:
        timer.cancel()
    if len(raw) > LONGEST or ended.is_set():
        raise NoAnswer("Its answer was too long, or too slow.")
    return answer
