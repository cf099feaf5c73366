"""The transport: connections are kept, none that was closed is used, and it tells what never arrived."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from optin.provider import connections
from optin.provider.connections import LOST, Connections, NotReachedError

WHOLE = b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\nX-A: b\r\n\r\n\xe2\x82\xacz"
PIECES = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\xe2\x82\xacz\r\n0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\n\xe2\x82\xacz"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nhalf"


class Server:
    """Answers each request with the same bytes, on connections that it keeps unless told otherwise."""

    def __init__(self) -> None:
        self.answer, self.closes = WHOLE, False
        self.requests: list[bytes] = []
        self.accepted: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.hang_up()

    def hang_up(self) -> None:
        for each in self.accepted:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                accepted, _ = self._listening.accept()
                self.accepted.append(accepted)
                threading.Thread(target=self._serve, args=[accepted], daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        with suppress(OSError), accepted:
            while asked := self._request(accepted):
                self.requests.append(asked)
                accepted.sendall(self.answer)
                if self.closes:
                    return

    def _request(self, accepted: socket.socket) -> bytes:
        asked = b""
        while not asked.endswith(b"a=b" if asked.startswith(b"POST") else b"\r\n\r\n"):
            if not (more := accepted.recv(4096)):
                return b""
            asked += more
        return asked


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def _ask(kept: Connections, server: Server) -> connections.Answer:
    return kept.request("POST", f"{server.url}/a?b=c", "a=b", {"X-Of-Ours": "yes"})


def test_one_connection_serves_one_request_after_the_other(server: Server) -> None:
    kept = Connections()
    for _ in range(3):
        answer = _ask(kept, server)
        assert (answer.status_code, answer.text, answer.headers["X-A"]) == (201, "€z", "b")
    server.answer = PIECES
    assert kept.request("GET", server.url, None, {}).text == "€z"
    assert len(server.accepted) == 1
    assert server.requests[0].startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert b"X-Of-Ours: yes\r\n" in server.requests[0]
    assert server.requests[3].startswith(b"GET / HTTP/1.1\r\n")


def test_threads_share_as_many_as_they_need_at_once(server: Server) -> None:
    kept = Connections()
    with ThreadPoolExecutor(8) as threads:
        for answer in threads.map(lambda _: _ask(kept, server), range(200)):
            assert answer.status_code == 201
    assert len(server.requests) == 200
    assert len(server.accepted) <= 8


def test_a_connection_that_was_closed_meanwhile_is_not_used_again(server: Server) -> None:
    kept = Connections()
    _ask(kept, server)
    server.hang_up()
    [idle] = next(iter(kept._idle.values()))
    assert idle.sock.recv(1, socket.MSG_PEEK) == b""
    assert _ask(kept, server).status_code == 201
    assert len(server.accepted) == 2


def test_a_server_that_closes_after_its_answer_is_asked_on_a_new_one(server: Server) -> None:
    kept = Connections()
    server.answer, server.closes = LAST, True
    assert [_ask(kept, server).text for _ in range(3)] == ["€z"] * 3
    assert len(server.accepted) == 3


@pytest.mark.parametrize("answer", [b"", HALF, b"no HTTP at all\r\n\r\n"])
def test_an_answer_that_is_cut_off_is_lost_and_so_is_its_connection(server: Server, answer: bytes) -> None:
    kept = Connections()
    server.answer, server.closes = answer, True
    with pytest.raises(LOST):
        _ask(kept, server)
    server.answer, server.closes = WHOLE, False
    assert _ask(kept, server).status_code == 201


def test_an_answer_that_takes_too_long_is_lost(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "READ_SECONDS", 0.05)
    server.answer = b""
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        _ask(Connections(), server)
    assert time.monotonic() - began < connections.CONNECT_SECONDS / 2


def test_where_nobody_listens_nothing_was_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotReachedError):
        Connections().request("GET", f"http://127.0.0.1:{port}/", None, {})
    with pytest.raises(NotReachedError):
        Connections().request("GET", "http://no-such-host.invalid/", None, {})


def test_without_a_certificate_nothing_was_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 0.3)
    server.answer = b"this is no TLS"
    with pytest.raises(NotReachedError):
        Connections().request("POST", server.url.replace("http:", "https:"), "a=b", {})
    assert not server.requests
