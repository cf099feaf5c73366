"""Links that sign one user in once; the database stores only the SHA-256 of the token."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from optin.models import SignInLink, User


def issue(session: Session, user: User, now: datetime, hours: float) -> str:
    """Store a link for `user` that is good for `hours` from `now`, and return its token: it cannot be read again."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignInLink(user_id=user.id, token_hash=_hashed(token), created_at=now, expires_at=now + timedelta(hours=hours))
    )
    session.flush()
    return token


def peek(session: Session, token: str, now: datetime) -> User | None:
    """Return whom the link would sign in at `now`, without using it up; None as in `redeem`."""
    return session.scalar(
        select(User)
        .join(SignInLink, SignInLink.user_id == User.id)
        .where(_good(token, now), User.disabled_at.is_(None))
    )


def redeem(session: Session, token: str, now: datetime) -> User | None:
    """Use the link up and return its user; None if it is unknown, used or expired, or the user is disabled.

    One statement decides, so that of two requests at the same moment one wins. The user's row is locked first, as it is
    where all links and sessions of a user end.
    """
    whose = select(User.id).join(SignInLink, SignInLink.user_id == User.id).where(_good(token, now))
    session.scalar(whose.with_for_update(of=User))
    used = update(SignInLink).where(_good(token, now)).values(used_at=now).returning(SignInLink.user_id)
    user_id = session.scalar(used)
    active = select(User).where(User.id == user_id, User.disabled_at.is_(None))
    return session.scalar(active.execution_options(populate_existing=True)) if user_id else None


def cancel(session: Session, user: User, now: datetime) -> None:
    """Let all links of `user` that nobody has used yet expire at `now`."""
    session.execute(
        update(SignInLink)
        .where(SignInLink.user_id == user.id, SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(expires_at=now)
    )


def _good(token: str, now: datetime) -> ColumnElement[bool]:
    return and_(SignInLink.token_hash == _hashed(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
