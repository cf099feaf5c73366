"""Failed sign-ins from unknown devices: counted for the owner of the account, and an alarm for admins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from unicodedata import normalize

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.models import User
from optin.policy import audit
from optin.queries import throttle
from optin.queries.throttle import Tries

ALARM_AT = 10
TOLD_FROM = 3
ALARM_LASTS = timedelta(days=1)
KEPT = timedelta(days=90)
LONGEST_KEY = 254


class Alarm(NamedTuple):
    """Somebody as whom many have tried to sign in within a day."""

    name: str
    number: int
    since: datetime


def key(email: str) -> str:
    """Return an email in the form in which it is counted, however it is spelt."""
    return normalize("NFKC", email).strip().casefold()[:LONGEST_KEY]


def note(session: Session, email: str, user_id: int | None, now: datetime) -> None:
    """Count a failed try with an email; `user_id` is its user's, if any. The tenth within a day stands in the trail."""
    throttle.count(session, "failed", key(email), KEPT, now)
    tries = throttle.count(session, "alarm", key(email), ALARM_LASTS, now)
    if user_id and tries.number == ALARM_AT:
        audit.record(session, None, "was asked to sign in as", "user", user_id, {"failed_tries": ("", ALARM_AT)})


def tell(session: Session, user: User, now: datetime) -> Tries | None:
    """Return the failed tries since `user` last signed in, where they are worth a word, and begin to count anew."""
    found = throttle.take(session, "failed", key(user.email), now)
    return found if found and found.number >= TOLD_FROM else None


def alarms(session: Session, now: datetime) -> Sequence[Alarm]:
    """List the users as whom many have tried to sign in, the most first."""
    found = throttle.many(session, "alarm", ALARM_AT, now)
    if not found:
        return []
    tried = [
        Alarm(name, *found[hashed])
        for name, email in session.execute(select(User.name, User.email))
        if (hashed := throttle.hashed("alarm", key(email))) in found
    ]
    return sorted(tried, key=lambda alarm: (-alarm.number, alarm.name))
