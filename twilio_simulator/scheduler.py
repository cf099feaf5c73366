"""What happens automatically: status changes, callbacks and webhooks, each when it is due."""

import atexit
import logging
import os
import threading
import time
from datetime import datetime
from typing import cast

from flask import Flask

from optin import clock
from twilio_simulator import callbacks, messages, network, webhooks
from twilio_simulator.account import EXTENSION, Account
from twilio_simulator.network import Event

log = logging.getLogger(__name__)

THREADS = 4
PAUSE = 0.1

# Requests of one message are never under way together: that is what keeps its callbacks in order.
_NEXT = """SELECT id, kind, sid, due_at, status, error_code FROM events
WHERE due_at <= ? AND NOT claimed AND sid NOT IN (SELECT sid FROM events WHERE claimed) ORDER BY due_at, id LIMIT 1"""


def run_due(app: Flask, until: datetime | None = None) -> int:
    """Run every event that is due by `until` (timezone-aware; now when None) and return how many ran.

    With `until` in the future the events run ahead and bear the times at which they would have happened.
    """
    account = cast(Account, app.extensions[EXTENSION])
    moment = (until or clock.now()).timestamp()
    count = 0
    while True:
        if step(account, moment):
            count += 1
        elif _under_way(account):
            time.sleep(0.005)  # the pump has one in hand, and others of the same message may follow it
        else:
            return count


def step(account: Account, moment: float) -> bool:
    """Run the earliest event that is due by `moment` (seconds since 1970 UTC); tell whether there was one."""
    with account.store.read() as connection:
        if connection.execute(_NEXT, [moment]).fetchone() is None:
            return False
    event = _take(account, moment)
    if event is not None and event.kind != "status":
        try:
            _request(account, event)
        finally:
            with account.store.write() as connection:
                connection.execute("DELETE FROM events WHERE id = ?", [event.id])
    return event is not None


def _take(account: Account, moment: float) -> Event | None:
    with account.store.write() as connection:
        row = connection.execute(_NEXT, [moment]).fetchone()
        if row is None:
            return None
        event = Event(*row)
        if event.kind == "status":
            network.move(connection, account, event, at=max(event.due_at, clock.now().timestamp()))
            connection.execute("DELETE FROM events WHERE id = ?", [event.id])
        else:
            connection.execute("UPDATE events SET claimed = 1 WHERE id = ?", [event.id])
        return event


def _request(account: Account, event: Event) -> None:
    with account.store.read() as connection:
        message = messages.find(connection, event.sid)
    if message is None:
        return
    if event.kind == "webhook":
        webhooks.deliver(account, message)
    else:
        callbacks.post(account, message, event.status, event.error_code, event.due_at)


def _under_way(account: Account) -> bool:
    with account.store.read() as connection:
        return connection.execute("SELECT 1 FROM events WHERE claimed LIMIT 1").fetchone() is not None


class Scheduler:
    """A few daemon threads that run what is due; started by the first request, in the process that serves it."""

    def __init__(self, account: Account) -> None:
        """Make a pump for `account`; no thread runs before `ensure_started`."""
        self._account = account
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._process: int | None = None

    def ensure_started(self) -> None:
        """Start the threads unless this process has them."""
        if self._process == os.getpid():
            return
        with self._starting:
            if self._process == os.getpid() or self._stopping.is_set():
                return
            self._threads = [
                threading.Thread(target=self._run, name=f"simulator-{number}", daemon=True) for number in range(THREADS)
            ]
            self._process = os.getpid()
            # Threads that touch SQLite while the interpreter is taken apart may crash it.
            atexit.register(self.stop)
            for thread in self._threads:
                thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Let the threads end, and wait for each up to `timeout` seconds; a stopped pump stays stopped."""
        self._stopping.set()
        atexit.unregister(self.stop)
        if self._process == os.getpid():
            for thread in self._threads:
                thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = step(self._account, clock.now().timestamp())
            except Exception:
                log.exception("an event of the simulator failed")
                busy = False
            if not busy:
                self._stopping.wait(PAUSE)
