"""The app on a port of its own: simulator mounted, jobs running."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from optin import create_app
from optin.config import Config
from optin.extensions import db


@dataclass(frozen=True)
class LiveServer:
    """A running app. `url` ends without a slash."""

    url: str
    app: Flask

    def session(self) -> Session:
        """Open a session on the server's database. Commit soon: on SQLite it keeps the server from writing."""
        engine = create_engine(self.app.config["OPTIN"].database_url)
        return Session(engine, expire_on_commit=False)


@contextmanager
def serve(database: str, folder: Path) -> Iterator[LiveServer]:
    """Run the app on `database` with its files in `folder` until the block ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        environ = {"OPTIN_DATABASE_URL": database, "PORT": str(port), "OPTIN_SAMPLE_DATA": "0"}
        app = create_app(Config.from_environ(environ, folder))
        listening.listen(128)
        server = make_server("127.0.0.1", port, app, threaded=True, fd=listening.fileno())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield LiveServer(f"http://127.0.0.1:{port}", app)
        finally:
            server.shutdown()
            thread.join()
            with app.app_context():
                db.engine.dispose()
