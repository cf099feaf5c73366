"""What the jobs of this process work with, from the start of the engine to its end."""

import threading

from flask import Flask

from optin.config import Config
from optin.consent.proof.keeper import Keeper
from optin.database.session import db
from optin.jobs.beside import Beside
from optin.jobs.sender_pool import SenderPool
from optin.provider.gateway import Gateway

URGENT_THREADS = 16
BROADCAST_THREADS = 48
LAST_SECONDS_BESIDE = 2.0
"""What is done beside may be cut off anywhere."""
STATUS_WEBHOOK = "/webhooks/twilio/status"


class Worker:
    """Two pools of senders, so that no broadcast ever stands in the way of a reply or a 1:1 message."""

    def __init__(self, app: Flask) -> None:
        config: Config = app.config["OPTIN"]
        self.folder = config.instance_path
        self.keeper, self.checkpoint_file = Keeper.of(config), config.checkpoint_file
        self.beside = Beside()
        with app.app_context():
            self.engine = db.engine
        self.looked_for, self.stopping = threading.Event(), threading.Event()
        self.gateway: Gateway = app.extensions["gateway"]
        callback_url = config.public_url + STATUS_WEBHOOK
        self.urgent = SenderPool(self.engine, self.gateway, callback_url, URGENT_THREADS, "optin-urgent")
        self.broadcasts = SenderPool(self.engine, self.gateway, callback_url, BROADCAST_THREADS, "optin-broadcast")

    def start_nothing_more(self) -> None:
        """Let the jobs end after what they have begun."""
        for each in (self, self.urgent, self.broadcasts):
            each.stopping.set()

    def stop(self, seconds: float) -> bool:
        """Let what is under way come to its end, for so long at most; tell whether it did."""
        self.start_nothing_more()
        ended = self.urgent.stop(seconds) & self.broadcasts.stop(seconds)
        self.beside.stop(min(seconds, LAST_SECONDS_BESIDE))
        return ended


_current: Worker | None = None


def current() -> Worker | None:
    """Return the worker of this process, None before the start of the engine and after its end."""
    return _current


def set_current(worker: Worker | None) -> None:
    """Say which worker the jobs of this process belong to."""
    global _current
    _current = worker
