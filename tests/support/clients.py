"""The browser of the tests: it carries the CSRF token, and the page linter reads every HTML answer that it gets."""

from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from optin import clock
from optin.models import User
from tests.support.hypermedia import check
from tests.support.signing_in import token_of

COMES_BACK_AFTER = timedelta(days=7)


class Browser(FlaskClient):
    """A test client. `user` is who is signed in; `test_session`, if any, commits before each request.

    Who comes back after days, since the test has moved the clock, signs in again: sessions end when they are not used.

    The commit lets the request see what the test has arranged and, on SQLite, ends the test's own write lock. After
    the request the session's objects are read anew.
    """

    user: User | None = None
    signed_in_at: datetime | None = None
    test_session: Session | None = None

    def sign_in(self, user: User) -> None:
        """Sign in without the form."""
        self.user, self.signed_in_at = user, clock.now()
        token = token_of(self.application, user)
        with self.session_transaction() as kept:
            kept["_user_id"] = token
            kept["_fresh"] = True

    def open(self, *args: Any, csrf: bool = True, lint: bool = True, **kwargs: Any) -> TestResponse:
        """Send a request; `csrf=False` leaves the token out, `lint=False` keeps the page linter away."""
        if self.user and self.signed_in_at and clock.now() - self.signed_in_at > COMES_BACK_AFTER:
            self.sign_in(self.user)
        if kwargs.get("method", "GET") not in ("GET", "HEAD", "OPTIONS") and csrf:
            kwargs["headers"] = {**dict(kwargs.get("headers") or {}), "X-CSRFToken": self._csrf_token()}
        if self.test_session:
            self.test_session.commit()
        response = super().open(*args, **kwargs)
        if self.test_session:
            self.test_session.expire_all()
        if lint and response.mimetype == "text/html" and response.status_code not in (301, 302, 303, 307, 308):
            faults = check(response.get_data(as_text=True), self.application)
            assert faults == [], f"{response.request.method} {response.request.path}: {faults}"
        return response

    def _csrf_token(self) -> str:
        """Return a token for this client's session, as the page with the form would have given it."""
        with self.session_transaction() as kept:
            raw = kept.setdefault("csrf_token", "0123456789abcdef")
        return str(URLSafeTimedSerializer(str(self.application.secret_key), salt="wtf-csrf-token").dumps(raw))
