"""The Flask extensions, made once and bound by create_app, and which requests only read."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from optin.database.session import db
from optin.database.transactions import only_read

View = TypeVar("View", bound=Callable[..., Any])

csrf = CSRFProtect()
login_manager = LoginManager()
limiter = Limiter(key_func=get_remote_address, default_limits=[], storage_uri="memory://")
migrate = Migrate()
bootstrap = Bootstrap5()


def only_reads(view: View) -> View:
    """Say that this view changes nothing, though it answers a POST: on SQLite nobody who writes waits for it."""
    view.only_reads = True  # type: ignore[attr-defined]
    return view


def read_or_write() -> None:
    """Begin a request: GET, HEAD and what is marked `only_reads` only read."""
    view = current_app.view_functions.get(request.endpoint or "")
    only_read(db.session(), yes=request.method in ("GET", "HEAD") or getattr(view, "only_reads", False))
