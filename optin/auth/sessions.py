"""Beginning and ending the session that a browser's cookie carries."""

import secrets
from datetime import datetime, timedelta

from flask import session as cookie
from flask_login import login_user, logout_user

from optin.models import User

LINK_COUNTS_FOR = timedelta(hours=1)
_LINKED_AT = "linked_at"


def begin(user: User, *, linked_at: datetime | None = None) -> None:
    """Sign `user` in with a session that takes over nothing from before; a CSRF token known earlier is worth nothing.

    `linked_at`: when a one-time link stood for the password; for a while a new one may then be set without the old.
    """
    cookie.clear()
    login_user(user)
    cookie.permanent = True
    if linked_at:
        cookie[_LINKED_AT] = linked_at.timestamp()


def end() -> None:
    """Sign out in this browser."""
    logout_user()
    cookie.clear()


def end_everywhere(user: User) -> None:
    """Make every session of `user` worthless, this one too."""
    user.session_key = secrets.token_hex(16)


def came_by_link(now: datetime) -> bool:
    """Tell whether this session began with a one-time link not long before `now`."""
    return now.timestamp() - float(cookie.get(_LINKED_AT, 0)) < LINK_COUNTS_FOR.total_seconds()
