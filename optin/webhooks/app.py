"""The short way for what Twilio sends: a small Flask app of its own beside that of the pages.

A request that Twilio signs needs no session, form token, rate limit or page headers, so none of them are here.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from optin import metrics
from optin.database.session import db
from optin.database.together import Together
from optin.hosts import routed_path
from optin.jobs import engine
from optin.receiving import inbound
from optin.sending import status_callbacks
from optin.web import errors
from optin.webhooks.routes import PREFIX, blueprint

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def init_app(app: Flask) -> None:
    """Send requests under /webhooks/ to a small app of their own, which shares the settings and extensions of `app`."""
    with app.app_context():
        database = db.engine
    app.extensions["texts"] = Together(database, inbound.take_in, inbound.take_in_several, engine.nudge)
    app.extensions["callbacks"] = Together(database, status_callbacks.receive, status_callbacks.receive_several)
    app.extensions["webhooks"] = doors = Flask(__name__, static_folder=None)
    doors.config, doors.extensions = app.config, app.extensions
    metrics.time_requests(doors)
    errors.answer_errors(doors)
    doors.register_blueprint(blueprint)
    pages = app.wsgi_app

    def way(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        short = routed_path(environ).startswith(PREFIX)
        return doors.wsgi_app(environ, start_response) if short else pages(environ, start_response)

    app.wsgi_app = way  # type: ignore[method-assign]
