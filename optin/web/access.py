"""Who can open which address: everything needs a signed-in user with the right role, unless it is marked public."""

from collections.abc import Callable

from flask import Flask, Response, abort, current_app, flash, g, make_response, redirect, request, url_for
from flask import session as cookie
from flask.sessions import SecureCookieSessionInterface
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from optin import clock
from optin.database.session import db
from optin.enums import Role
from optin.models import User
from optin.web import sessions
from optin.web.extensions import View, login_manager

READING = ("GET", "HEAD", "OPTIONS")
UPDATED = "Optin was updated, so everyone was signed out. Please sign in again."
NO_DOWNLOADS = (
    "You are not allowed to download personal data. An admin can allow it under Settings › Users, on your page there."
)
ENDED = "You were signed out. Please sign in again."


class SessionCookies(SecureCookieSessionInterface):
    """Marks the session cookie as secure where the request came over HTTPS, so that plain loopback works as well."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002
        """Return whether this request came over HTTPS."""
        return request.is_secure


def public(view: View) -> View:
    """Let everybody ask for this view, signed in or not."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def requires(role: Role) -> Callable[[View], View]:
    """Ask for `role` instead of the default (viewers read, agents write)."""

    def mark(view: View) -> View:
        view.needed_role = role  # type: ignore[attr-defined]
        return view

    return mark


def downloads(view: View) -> View:
    """Ask besides for the right to download personal data."""
    view.is_download = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """Check every request before its view runs, and keep who is signed in."""
    app.session_interface = SessionCookies()
    login_manager.user_loader(load_user)
    app.before_request(check)


def load_user(token: str) -> User | None:
    """Return the user of the session that the cookie names, unless it has ended or they were disabled."""
    g.user_session, g.cache_token = sessions.find(db.session(), token, clock.now()) or (None, None)
    return g.user_session.user if g.user_session else None


def is_public(app: Flask, endpoint: str) -> bool:
    """Tell whether `endpoint` needs no signed-in user; static files never do."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return True
    return bool(getattr(app.view_functions[endpoint], "is_public", False))


def needed_role(app: Flask, endpoint: str, method: str) -> Role:
    """Return the least role that may ask for `endpoint` with `method`."""
    default = Role.VIEWER if method in READING else Role.AGENT
    return getattr(app.view_functions[endpoint], "needed_role", default)


def is_download(app: Flask, endpoint: str) -> bool:
    """Tell whether `endpoint` gives personal data as a file."""
    return bool(getattr(app.view_functions[endpoint], "is_download", False))


def may_read(app: Flask, user: User, endpoint: str) -> bool:
    """Tell whether the user may ask for what is at `endpoint`."""
    return user.may(needed_role(app, endpoint, "GET")) and (user.downloads or not is_download(app, endpoint))


def check() -> WSGIResponse | None:
    """Send strangers to the sign-in page and refuse what is not the user's. An unknown address goes on to its 404."""
    if request.endpoint is None or is_public(current_app, request.endpoint):
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    if not current_user.may(needed_role(current_app, request.endpoint, request.method)):
        abort(403)
    if is_download(current_app, request.endpoint) and not current_user.downloads:
        abort(403, NO_DOWNLOADS)
    if request.method == "GET":
        sessions.see(db.engine, g.user_session, clock.now())
    return None


def say_that_it_ended() -> None:
    """Say once why somebody whose cookie names a session is asked to sign in; before an update cookies had a colon."""
    if token := cookie.pop("_user_id", None):
        flash(UPDATED if ":" in str(token) else ENDED)


def _to_sign_in() -> WSGIResponse:
    """Redirect, and come back to the page that was asked for.

    A request from a script gets a refusal that makes the browser load the sign-in page as a page of its own: a
    redirect would put that page inside the fragment.
    """
    say_that_it_ended()
    asked = request.full_path.rstrip("?") if request.method == "GET" else None
    if "HX-Request" not in request.headers:
        return redirect(url_for("auth.sign_in", next=asked if asked != "/" else None), 303)
    refusal: Response = make_response("Please sign in again.", 401)
    refusal.headers["HX-Redirect"] = url_for("auth.sign_in")
    return refusal
