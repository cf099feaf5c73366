"""The Flask extensions, made once and bound by create_app, and which requests only read."""

from flask import request
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from optin.database.session import begin_reading, end_reading

csrf = CSRFProtect()
login_manager = LoginManager()
limiter = Limiter(key_func=get_remote_address, default_limits=[], storage_uri="memory://")
migrate = Migrate()
bootstrap = Bootstrap5()


def read_or_write() -> None:
    """Begin a request: GET and HEAD only read. Said for each request, since a thread serves one after the other."""
    if request.method in ("GET", "HEAD"):
        begin_reading()
    else:
        end_reading()
