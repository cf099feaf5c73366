"""Rate limits: attempts are counted in the database, so that many processes share one count.

One statement counts and tells the count, so that of tries at the same moment none is overlooked. Keys are kept as
hashes: what people type in place of an email may be their password.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import CursorResult, Engine, case, delete, select
from sqlalchemy.orm import Session

from optin.database.statements import insert
from optin.database.transactions import writing
from optin.database.turns import some_of, take_turns
from optin.models import TryCount

FORGOTTEN_AT_ONCE = 10_000


class Limit(NamedTuple):
    """At most so many within this time, from the first one on."""

    tries: int
    within: timedelta


class Tries(NamedTuple):
    """How many tries there were, and since when they count."""

    number: int
    since: datetime


def allows(session: Session, kind: str, key: str, limits: Sequence[Limit], now: datetime) -> bool:
    """Count a try under `key` and tell whether all limits allow it."""
    counts = [count(session, kind, f"{key} {limit.within}", limit.within, now).number for limit in limits]
    return all(found <= limit.tries for found, limit in zip(counts, limits, strict=True))


def count(session: Session, kind: str, key: str, within: timedelta, now: datetime) -> Tries:
    """Count a try under `key` and return how many there were since the first that is not older than `within`."""
    new = insert(TryCount).values(key_hash=hashed(kind, key), kind=kind, started_at=now, ends_at=now + within, count=1)
    over = TryCount.ends_at <= new.excluded.started_at
    counted = new.on_conflict_do_update(
        index_elements=["key_hash"],
        set_={
            "count": case((over, 1), else_=TryCount.count + 1),
            "started_at": case((over, new.excluded.started_at), else_=TryCount.started_at),
            "ends_at": case((over, new.excluded.ends_at), else_=TryCount.ends_at),
        },
    )
    found = session.execute(counted.returning(TryCount.count, TryCount.started_at)).one()
    return Tries(found[0], found[1])


def take(session: Session, kind: str, key: str, now: datetime) -> Tries | None:
    """Forget the tries under `key` and return how many there were; None for none."""
    gone = delete(TryCount).where(TryCount.key_hash == hashed(kind, key))
    found = session.execute(gone.returning(TryCount.count, TryCount.started_at, TryCount.ends_at)).one_or_none()
    return Tries(found[0], found[1]) if found and found[2] > now else None


def many(session: Session, kind: str, at_least: int, now: datetime) -> dict[str, Tries]:
    """Return the keys of a kind, hashed, under which there were so many tries."""
    held = select(TryCount).where(TryCount.kind == kind, TryCount.ends_at > now, TryCount.count >= at_least)
    return {row.key_hash: Tries(row.count, row.started_at) for row in session.scalars(held.limit(100))}


def forget_old(engine: Engine, now: datetime) -> int:
    """Delete what counts no longer, and return how many keys: whoever tries a password for many names leaves many."""
    return take_turns(engine, lambda: _forget_some(engine, now))


def _forget_some(engine: Engine, now: datetime) -> int:
    some = some_of(select(TryCount.key_hash).where(TryCount.ends_at <= now), FORGOTTEN_AT_ONCE)
    with writing(engine) as session:
        gone = delete(TryCount).where(TryCount.key_hash.in_(some))
        return cast("CursorResult[Any]", session.execute(gone)).rowcount


def hashed(kind: str, key: str) -> str:
    """Return what stands in the database for a key."""
    return hashlib.sha256(f"{kind} {key}".encode()).hexdigest()
