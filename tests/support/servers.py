"""The app on a port of its own: simulator mounted, jobs running."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.serving import BaseWSGIServer, make_server

from optin import create_app, run_jobs_beside
from optin.config import Config
from optin.database.session import db
from optin.first_start import prepare
from tests.support.jobs import end_jobs
from twilio_simulator import close_simulator


@dataclass(frozen=True)
class LiveServer:
    """A running app with its admin and sender made. `url` ends without a slash."""

    url: str
    app: Flask

    def session(self) -> Session:
        """Open a session on the server's database. Commit soon: on SQLite it keeps the server from writing."""
        with self.app.app_context():
            return Session(db.engine, expire_on_commit=False)


@contextmanager
def serve(database: str, folder: Path, **environ: str) -> Iterator[LiveServer]:
    """Run the app on `database` with its files in `folder` until the block ends; jobs run unless they are external."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port = listening.getsockname()[1]
        given = {"OPTIN_DATABASE_URL": database, "PORT": str(port), "OPTIN_SAMPLE_DATA": "0", **environ}
        app = create_app(Config.from_environ(given, folder))
        with app.app_context():
            prepare(db.session(), app.config["OPTIN"])
            db.session.commit()
        server = make_server("127.0.0.1", port, app, threaded=True, fd=listening.fileno())
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            with ThreadPoolExecutor(1) as elsewhere:  # the engine refuses a thread in which Playwright's loop runs
                elsewhere.submit(run_jobs_beside, app).result()
            yield LiveServer(f"http://127.0.0.1:{port}", app)
        finally:
            _stop(app, server, thread)


def _stop(app: Flask, server: BaseWSGIServer, thread: threading.Thread) -> None:
    """End everything that runs, and close every file and connection."""
    try:
        end_jobs()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        close_simulator(app.extensions["simulator"])
        with app.app_context():
            db.engine.dispose()
