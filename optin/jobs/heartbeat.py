"""The sign of life of a process, which keeps the sending gate open."""

import threading
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine

from optin.database.session import db
from optin.jobs.schedule import Chore, Schedule
from optin.sending import gate
from optin.sending.gate_mark import Mark

BEAT = 10.0


class Heartbeat:
    """What one process does every few seconds; `receives` tells whether it takes in what people text."""

    def __init__(self, engine: Engine, folder: Path, *, receives: bool) -> None:
        self._engine, self._mark, self._receives = engine, Mark(folder), receives

    def beat(self) -> None:
        """Give a sign of life; close the sending gate where something was missed."""
        gate.beat_and_check(self._engine, self._mark, receives=self._receives)


def start(app: Flask) -> None:
    """Let a web process give signs of life whose jobs are run by others."""
    with app.app_context():
        heartbeat = Heartbeat(db.engine, app.config["OPTIN"].instance_path, receives=True)
    heartbeat.beat()
    Schedule([Chore(BEAT, heartbeat.beat)], threading.Event(), "optin-heartbeat")
