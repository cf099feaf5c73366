"""Where a request may go, and what keeps a slow, large or strange answer from holding anything up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from optin.refused import Refused
from optin.witnesses import address, transport
from optin.witnesses.transport import NoAnswer, post


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://witness.example.org", "https://witness.example.org"),
        (" https://witness.example.org/optin/ ", "https://witness.example.org/optin"),
        ("https://witness.example.org/add-checkpoint", "https://witness.example.org"),
        ("https://198.51.100.7:8443", "https://198.51.100.7:8443"),
        ("http://127.0.0.1:8089", "http://127.0.0.1:8089"),
        ("http://[::1]:8089/", "http://[::1]:8089"),
        ("http://192.168.1.20:8089", "http://192.168.1.20:8089"),
        ("http://witness.internal:8089", "http://witness.internal:8089"),
    ],
)
def test_addresses(typed: str, stored: str) -> None:
    assert address.read(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "", "witness.example.org", "ftp://witness.example.org", "https://", "https://user:secret@witness.example.org",
        "https://witness.example.org?x=1", "https://witness.example.org#x", "https://witness.example.org:99999",
        "https://witness .example.org", "http://8.8.8.8", "http://169.254.169.254", "http://[fe80::1]", "http://0.0.0.0",
        "http://[::ffff:8.8.8.8]",
    ],
)  # fmt: skip
def test_what_is_no_address_for_it(typed: str) -> None:
    assert isinstance(address.read(typed), Refused)


@pytest.mark.parametrize(
    ("scheme", "ip", "may"),
    [
        ("https", "8.8.8.8", True), ("http", "8.8.8.8", False), ("http", "10.1.2.3", True), ("http", "::1", True),
        ("http", "100.64.1.1", True), ("http", "fd00::1", True), ("https", "169.254.169.254", False),
        ("https", "fe80::1%eth0", False), ("http", "::ffff:169.254.169.254", False), ("https", "224.0.0.1", False),
    ],
)  # fmt: skip
def test_where_an_address_may_lead(scheme: str, ip: str, may: bool) -> None:
    assert address.may_be_asked(scheme, ip) is may


@contextmanager
def answering(act: Callable[[socket.socket], None]) -> Iterator[str]:
    """Give the address of a server that reads a request and then does something with the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                act(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


def test_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    said = b"HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 2\r\n\r\n7\n"
    with answering(lambda connection: connection.sendall(said)) as url:
        assert post(url, "old 0\n") == transport.Answer(409, "text/x.tlog.size", "7\n")


def test_a_redirect_is_not_followed() -> None:
    said = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with answering(lambda connection: connection.sendall(said)) as url:
        assert post(url, "old 0\n").status == 302


def test_an_answer_a_byte_at_a_time_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "SECONDS", 0.5)

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with suppress(OSError):
            for _ in range(100):
                connection.sendall(b"x")
                time.sleep(0.1)

    with answering(drip) as url, pytest.raises(NoAnswer, match=r"did not answer within|too slow"):
        post(url, "old 0\n")


def test_an_answer_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def pour(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_000)

    with answering(pour) as url, pytest.raises(NoAnswer, match="too long"):
        post(url, "old 0\n")


@pytest.mark.parametrize("said", [b"", b"\x00\x01\x02", b"HTTP/1.1 two hundred\r\n\r\n"])
def test_what_is_no_answer(said: bytes) -> None:
    with answering(lambda connection: connection.sendall(said)) as url, pytest.raises(NoAnswer):
        post(url, "old 0\n")


def test_nobody_is_there() -> None:
    with pytest.raises(NoAnswer, match="can’t be reached"):
        post("http://127.0.0.1:1", "old 0\n")
    with pytest.raises(NoAnswer, match="can’t be reached"):
        post("http://witness.invalid", "old 0\n")


def test_a_name_that_leads_elsewhere_is_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a name whose address changes after it was added does."""
    monkeypatch.setattr(address, "may_be_asked", lambda scheme, ip: False)
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with pytest.raises(NoAnswer, match="nothing may be sent"):
            post(f"http://127.0.0.1:{listening.getsockname()[1]}", "old 0\n")
        connection, _ = listening.accept()
        with connection:
            came.append(connection.recv(10))
    assert came == [b""]
