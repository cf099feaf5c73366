"""A client that costs little: requests are made beforehand and sent from kept connections, answers hardly read."""

import socket
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.server import Server, postgresql_cpu_seconds

CONNECTIONS = 16
ROUNDS = 3
Request = tuple[str, bytes, dict[str, str]]
"""Path, form and headers of a POST."""


@dataclass(frozen=True)
class Row:
    """One line of a table: requests a second (median, least, most), CPU ms a request of ours and of PostgreSQL.

    `statements` are those of one request, `p99_ms` its latency at half of this load, where they were measured.
    """

    case: str
    rate: float
    least: float
    most: float
    cpu_ms: float
    postgresql_ms: float
    statements: int | None = None
    p99_ms: float | None = None


def measure(case: str, server: Server, requests: Callable[[int], Sequence[Request]], **more: int | None) -> Row:
    """Send `ROUNDS` counted rounds after one to warm up; `requests` makes those of a round."""
    rounds = [measure_round(case, server, requests(turn)) for turn in range(ROUNDS + 1)][1:]
    rates = [each.rate for each in rounds]
    cost = {
        "cpu_ms": statistics.mean(each.cpu_ms for each in rounds),
        "postgresql_ms": statistics.mean(each.postgresql_ms for each in rounds),
    }
    return Row(case, statistics.median(rates), min(rates), max(rates), **cost, **more)


def measure_round(case: str, server: Server, requests: Sequence[Request]) -> Row:
    """Send the requests once, as fast as it goes."""
    prepared = [_bytes(each) for each in requests]
    cpu, database, start = server.cpu_seconds(), postgresql_cpu_seconds(), time.perf_counter()
    send(server.url, prepared)
    rate = len(prepared) / (time.perf_counter() - start)
    cpu, database = server.cpu_seconds() - cpu, postgresql_cpu_seconds() - database
    return Row(case, rate, rate, rate, cpu / len(prepared) * 1000, database / len(prepared) * 1000)


def p99_ms(server: Server, requests: Sequence[Request], rate: float) -> float:
    """Send so many requests a second, however long the answers take, and return what 99 of 100 answers take at most."""
    return statistics.quantiles(send(server.url, [_bytes(each) for each in requests], rate), n=100)[98] * 1000


def send(url: str, prepared: Sequence[bytes], rate: float | None = None) -> list[float]:
    """Send from `CONNECTIONS` kept connections, at `rate` or as fast as it goes; return the seconds that each took.

    At a rate they are counted from when the request was due. An answer that is no 2xx ends the run.
    """
    place = urlsplit(url)
    took: list[float] = []
    refused: list[bytes] = []
    start = time.perf_counter() + 0.05

    def work(first: int) -> None:
        with socket.create_connection((str(place.hostname), place.port or 80)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for index in range(first, len(prepared), CONNECTIONS):
                due = start + index / rate if rate else time.perf_counter()
                time.sleep(max(0.0, due - time.perf_counter()))
                connection.sendall(prepared[index])
                status = _answer(connection)
                took.append(time.perf_counter() - due)
                if not status.startswith(b"2"):
                    refused.append(status)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused or len(took) != len(prepared):
        raise SystemExit(f"{len(prepared) - len(took) + len(refused)} requests failed: {sorted(set(refused))}")
    return took


def _bytes(request: Request) -> bytes:
    path, body, headers = request
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _answer(connection: socket.socket) -> bytes:
    """Read one answer and return its status."""
    read = connection.recv(4096)
    while b"\r\n\r\n" not in read:
        read += connection.recv(4096)
    head, _, body = read.partition(b"\r\n\r\n")
    left = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < left:
        body += connection.recv(4096)
    return head[9:12]
