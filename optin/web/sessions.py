"""Sessions as records that end. The cookie carries a token, the database its SHA-256 and whether it still holds."""

import hashlib
import logging
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Engine, and_, bindparam, delete, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, contains_eager

from optin.database.transactions import writing
from optin.models import User, UserSession
from optin.policy import cache

IDLE = timedelta(days=14)
LONGEST = timedelta(days=90)
KEPT = timedelta(days=90)
SEEN_EVERY = timedelta(minutes=15)

_HOLDS = and_(
    UserSession.ended_at.is_(None),
    UserSession.seen_at > bindparam("seen_after"),
    UserSession.created_at > bindparam("begun_after"),
)
_OF_TOKEN = (  # every request runs it: to put it together took longer than to run it
    select(UserSession, cache.token().label("cache_token"))
    .join(UserSession.user)
    .options(contains_eager(UserSession.user))
    .where(UserSession.token_hash == bindparam("token_hash"), _HOLDS, User.disabled_at.is_(None))
)

log = logging.getLogger(__name__)


class CurrentSession(NamedTuple):
    """A session that holds, and the token of the cached settings, for `cache.at`."""

    user_session: UserSession
    cache_token: str | None


def start(
    session: Session, user_id: int, now: datetime, *, browser: str, address: str, linked_at: datetime | None = None
) -> str:
    """Store a session of a user and return its token; what ended long ago is forgotten."""
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            token_hash=_hashed(token),
            user_id=user_id,
            browser=browser,
            address=address,
            created_at=now,
            seen_at=now,
            linked_at=linked_at,
        )
    )
    old = or_(UserSession.ended_at < now - KEPT, UserSession.seen_at < now - KEPT)
    session.execute(delete(UserSession).where(UserSession.user_id == user_id, old))
    session.flush()
    return token


def find(session: Session, token: str, now: datetime) -> CurrentSession | None:
    """Return the session that holds at `now` with its user, in one statement; None also where the user is disabled."""
    if not re.fullmatch(r"[\w-]{43}", token, re.ASCII):
        return None
    found = session.execute(_OF_TOKEN, {"token_hash": _hashed(token), **_ages(now)}).first()
    return CurrentSession(*found) if found else None


def of_user(session: Session, user_id: int, now: datetime) -> Sequence[UserSession]:
    """List the sessions of a user that hold at `now`, the one that was seen last first."""
    held = select(UserSession).where(UserSession.user_id == user_id, _HOLDS)
    return session.scalars(held.order_by(UserSession.seen_at.desc(), UserSession.id.desc()), _ages(now)).all()


def end_token(session: Session, token: str, now: datetime) -> None:
    """End the session with this token, if there is one."""
    _end(session, UserSession.token_hash == _hashed(token), now)


def end_one(session: Session, user_id: int, session_id: int, now: datetime) -> bool:
    """End one session of a user; tell whether it still held."""
    return bool(_end(session, and_(UserSession.user_id == user_id, UserSession.id == session_id), now))


def end_all(session: Session, user_id: int, now: datetime) -> int:
    """End all sessions of a user and return how many."""
    return _end(session, UserSession.user_id == user_id, now)


def see(engine: Engine, found: UserSession, now: datetime) -> None:
    """Note that a session is in use, once in `SEEN_EVERY`, beside a request that only reads. What fails is told."""
    if found.seen_at > now - SEEN_EVERY:
        return
    seen = update(UserSession).where(UserSession.id == found.id, UserSession.seen_at < now).values(seen_at=now)
    try:
        with writing(engine) as aside:
            aside.execute(seen)
    except SQLAlchemyError:
        log.warning("when a session was in use last could not be noted", exc_info=True)


def _end(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    """End sessions and count them. What the caller has changed of their user is written first, behind its lock."""
    ended = update(UserSession).where(which, UserSession.ended_at.is_(None)).values(ended_at=now)
    return len(session.scalars(ended.returning(UserSession.id)).all())


def _ages(now: datetime) -> dict[str, datetime]:
    """Return the times that `_HOLDS` asks for."""
    return {"seen_after": now - IDLE, "begun_after": now - LONGEST}


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
