"""Beginning and ending the session whose token a browser's cookie carries."""

from datetime import datetime, timedelta

from flask import g, request
from flask import session as cookie
from flask_login import login_user, logout_user
from sqlalchemy import select

from optin import clock
from optin.database.session import db
from optin.features.auth import devices
from optin.models import User, UserSession
from optin.web import sessions

LINK_COUNTS_FOR = timedelta(hours=1)


def begin(user: User, *, linked_at: datetime | None = None) -> None:
    """Sign `user` in with a session that takes over nothing from before; a CSRF token known earlier is worth nothing.

    `linked_at`: when a one-time link stood for the password; for a while a new one may then be set without the old.
    Lock the user's row first (`lock`), so that no session begins while all of them end.
    """
    end()
    user.session_token = sessions.start(
        db.session(),
        user.id,
        clock.now(),
        browser=devices.words(request.headers.get("User-Agent", "")),
        address=request.remote_addr or "",
        linked_at=linked_at,
    )
    login_user(user)
    cookie.permanent = True


def lock(user: User) -> User | None:
    """Lock the user's row; None when the password was changed or the user disabled since `user` was read.

    Whoever ends all sessions writes that row first: either they end the one that begins now too, or it does not begin.
    """
    password = user.password_hash
    unchanged = User.password_hash.is_(None) if password is None else User.password_hash == password
    return db.session.scalar(
        select(User)
        .where(User.id == user.id, unchanged, User.disabled_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def end() -> None:
    """Sign out in this browser: the session ends, and a copy of its cookie is worth nothing."""
    if token := cookie.get("_user_id"):
        sessions.end_token(db.session(), str(token), clock.now())
    logout_user()
    cookie.clear()


def current() -> UserSession | None:
    """Return the session of the request's user."""
    found: UserSession | None = g.get("user_session")
    return found


def came_by_link(now: datetime) -> bool:
    """Tell whether this session began with a one-time link not long before `now`."""
    found = current()
    return bool(found and found.linked_at and now - found.linked_at < LINK_COUNTS_FOR)
