"""Serves the app with the jobs beside it, as optin/wsgi.py does; run as `python -m tests.faults.serve`."""

from werkzeug.serving import make_server

from optin.jobs import engine
from tests.faults.made import app

engine.launch(app)
make_server("127.0.0.1", app.config["OPTIN"].port, app, threaded=True).serve_forever()
