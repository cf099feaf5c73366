"""`start` as a process of its own: from an empty folder to a page, twice on one port, killed."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest

from optin import ROOT

pytestmark = pytest.mark.slow

PROGRAM = """
import os, sys
from pathlib import Path
from flask.cli import ScriptInfo
from optin import create_app
from optin.config import Config
app = create_app(Config.from_environ(os.environ, Path(sys.argv[1])))
app.cli.main(["start"], obj=ScriptInfo(create_app=lambda: app))
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the app on a port, its files in a folder that does not exist yet."""
    with ExitStack() as cleanup:

        def start_on(port: int, **environ: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, tmp_path / "an instance"],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "PORT": str(port), "OPTIN_SAMPLE_DATA": "0", **environ},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            cleanup.callback(process.wait, 60)
            cleanup.callback(process.kill)
            return process

        yield start_on


@pytest.fixture
def port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_from_an_empty_folder_to_a_signed_in_page(start: Start, port: int, tmp_path: Path) -> None:
    process = start(port, OPTIN_SAMPLE_DATA="1")
    lines = read_until(process, "Ctrl-C")
    assert "Added 30 days of sample data" in lines
    assert f"Optin is ready at http://127.0.0.1:{port}" in lines
    assert f"http://127.0.0.1:{port}/simulator/phones" in lines
    link = re.search(rf"Sign in as Ada Admin .*: http://127\.0\.0\.1:{port}(/sign-in/\S+)", lines)
    assert link is not None
    assert get(port, link[1])[0] == 200
    assert get(port, "/readyz")[0] == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert (tmp_path / "an instance" / "optin.db").exists()


def test_the_second_start_says_that_the_port_is_in_use(start: Start, port: int) -> None:
    read_until(start(port), "Ctrl-C")
    second = start(port)
    output, _ = second.communicate(timeout=120)
    assert second.returncode == 1
    assert f"Optin is already running at http://127.0.0.1:{port}. Stop it first, or use another port" in output
    assert "Traceback" not in output


def test_what_was_killed_leaves_the_port(start: Start, port: int) -> None:
    first = start(port)
    read_until(first, "Ctrl-C")
    first.kill()
    read_until(start(port), "Ctrl-C")
    assert get(port, "/healthz")[0] == 200


BY_A_WSGI_SERVER = """
import optin, pathlib, sys
optin.INSTANCE = pathlib.Path(sys.argv[1])
import optin.wsgi
"""
BY_FLASK_START = """
import os, pathlib, sys
from optin.cli.start import load_app
from optin.config import Config
load_app(Config.from_environ(os.environ, pathlib.Path(sys.argv[1])), [])
"""
LOOK = """
import gc, os, sys
alive = len(gc.get_objects())
print(gc.get_freeze_count(), alive, sys.getswitchinterval(), flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("served", [BY_A_WSGI_SERVER, BY_FLASK_START], ids=["a WSGI server", "flask start"])
def test_nothing_halts_who_serves(served: str, database: str, tmp_path: Path) -> None:
    """To look through the modules and the app stops every thread for 0.1 s, and who is busy the others for 5 ms."""
    done = subprocess.run(
        [sys.executable, "-c", served + LOOK, tmp_path],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "OPTIN_DATABASE_URL": database, "OPTIN_WORKERS": "external"},
        capture_output=True,
        text=True,
        check=True,
    )
    left_alone, looked_through, turn = map(float, done.stdout.split())
    assert left_alone > 10 * looked_through
    assert turn == 0.001


def read_until(process: "subprocess.Popen[str]", word: str) -> str:
    """Return what the process prints up to a line with `word`."""
    assert process.stdout is not None
    lines = ""
    deadline = time.monotonic() + 180
    for line in process.stdout:
        lines += line
        if word in line:
            return lines
        assert time.monotonic() < deadline, lines
    raise AssertionError(lines)


def get(port: int, path: str) -> tuple[int, str]:
    """Ask for a path and return status and text."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()
