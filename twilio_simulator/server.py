"""The simulator as a separate server."""

import logging

from flask import Flask
from werkzeug.serving import make_server


def serve(app: Flask, port: int, host: str = "127.0.0.1") -> None:
    """Serve the simulator until it is interrupted, on loopback unless `host` says otherwise."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(host, port, app, threaded=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
