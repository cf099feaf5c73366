"""The outages of the tests begin and end when they say so, however busy the machine is."""

import signal
import threading
from pathlib import Path

import psutil
import psycopg

from tests.support.faults.outages import postgresql_that_may_only_be_read


def test_connections_that_may_only_read_are_gone_at_the_end(shared_folder: Path, tmp_path: Path) -> None:
    """One that the server ends a moment later would refuse the first write after the outage."""
    with postgresql_that_may_only_be_read(shared_folder, tmp_path) as place:
        with place.fails(0):
            connection = psycopg.connect(place.url.replace("+psycopg", "", 1))
            server = psutil.Process(connection.info.backend_pid)
            server.send_signal(signal.SIGSTOP)
            threading.Timer(0.5, server.send_signal, [signal.SIGCONT]).start()
        assert not server.is_running()
        connection.close()
