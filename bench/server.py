"""A server process for a benchmark, and what it costs: CPU seconds of its processes and of PostgreSQL's."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import urllib3

from optin.cli.start import THREADS


@dataclass(frozen=True)
class Server:
    """A running server: its address and its process."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Return user and system time of the server and its children so far."""
        times = [each.cpu_times() for each in (self.process, *self.process.children(recursive=True))]
        return sum(each.user + each.system for each in times)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(target: str, environ: dict[str, str], port: int) -> Iterator[Server]:
    """Serve a WSGI app with one Granian worker until the block ends."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--log-level", "error"]
    command += ["--blocking-threads", str(THREADS), "--host", "127.0.0.1", "--port", str(port), target]
    process = subprocess.Popen(command, env={**os.environ, **environ, "PORT": str(port)})
    server = Server(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    try:
        _wait(server.url)
        yield server
    finally:
        process.terminate()
        process.wait(20)


def make_queue(queue_url: str) -> None:
    """Make the tables of the job queue, as a worker does when it starts: the server puts jobs there."""
    command = [Path(sys.executable).with_name("dbos"), "migrate", "--sys-db-url", queue_url]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def postgresql_cpu_seconds() -> float:
    """Return user and system time of every PostgreSQL process of this machine so far."""
    seconds = 0.0
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "postgres":
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue
            seconds += times.user + times.system
    return seconds


def own_megabytes() -> float:
    """Return the memory of this process, without the parts of files that it looks at: SQLite maps its database."""
    memory = psutil.Process().memory_info()
    return float(memory.rss - memory.shared) / 1e6


def _wait(url: str) -> None:
    for _ in range(300):
        try:
            urllib3.request("GET", f"{url}/healthz", timeout=1, retries=False)
            return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
    raise TimeoutError(url)
