"""The sending gate: nothing starts while people may have opted out without our knowing.

That is so after a restore from a backup, however it was done, and after a time in which no text could be taken in. The
database keeps a row that every process which serves the web renews (`look`). What was made by our own backup lacks that
row; a copy made by hand has an older one than processes and the instance folder have seen (sending/gate_mark.py),
or one that has not been renewed for a while. The comparison with Twilio's list opens the gate (receiving/reconcile.py).

A user's stop of all sending (sending/stop_all.py) closes it as well, and only its end opens it then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Engine, Integer, String, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert
from optin.database.transactions import writing
from optin.enums import BroadcastState, Closure, MessageStatus, ReplyKind
from optin.models import Broadcast, ConsentEvent, Message, SendingGate, Series, Setting
from optin.models.index_conditions import is_on_its_way
from optin.sending import stop_all
from optin.sending.gate_mark import Mark

GAP = timedelta(minutes=2)
"""For so long Twilio's texts may go unheard before we ask for them; it tries again for seconds only."""
MARGIN = timedelta(minutes=10)
"""How much further back is looked than the last moment that is known to be complete."""
UNTOLD = timedelta(days=7)
BACKUP_SETTING = "last_backup_at"
FROM_BACKUP = "It was waiting when the backup was made, and may have been sent since."
DUE_BEFORE = "It was due before the database was restored from a backup, and may have been sent then."
GOES_ANYWAY = ReplyKind.OPT_OUT
"""Whoever opts out while the gate is closed gets the confirmation: it answers a text that has just come in."""

_seen: tuple[str, int] | None = None
"""Generation and highest beat that this process has seen: an older row means that the database went back."""


@dataclass(frozen=True)
class GateClosure:
    """Why and since when nothing is sent, and from when on texts may be missing."""

    closure: Closure
    at: datetime | None
    unsure_since: datetime | None

    @property
    def sentence(self) -> str:
        """Say to users why nothing is sent, and when that ends."""
        why = {
            Closure.RESTORED: "The database was restored from a backup",
            Closure.AWAY: "Optin could not receive texts for a while",
        }[self.closure]
        return (
            f"Nothing is being sent for now. {why}, and people may have opted out since. "
            "Sending resumes by itself once everything that Twilio has received since then has been fetched."
        )


def is_open() -> ColumnElement[bool]:
    """The gate is open, as this process sees it at this moment."""
    return and_(_has_heard(*seen().values()), ~stop_all.IS_STOPPED)


def seen() -> dict[str, Any]:
    """Return the newest row that this process has seen, as a statement with `IS_OPEN` is given it."""
    generation, beat = _seen or (None, 0)
    return {"seen_generation": generation, "seen_beat": beat}


def _has_heard(generation: Any, beat: Any) -> ColumnElement[bool]:
    newest = or_(SendingGate.generation.is_distinct_from(generation), SendingGate.beat >= beat)
    return exists().where(SendingGate.id == 1, SendingGate.closed_at.is_(None), newest)


_HAS_HEARD = _has_heard(bindparam("seen_generation", type_=String), bindparam("seen_beat", type_=Integer))
IS_OPEN = and_(_HAS_HEARD, ~stop_all.IS_STOPPED)
"""The gate is open: a condition of the statement that starts messages, which is given what was `seen`."""


def may_be_deaf() -> ColumnElement[bool]:
    """Texts may be missing: a column of the statement that reads what every page shows."""
    return ~_has_heard(*seen().values())


def why_closed(session: Session) -> str:
    """Say to users why nothing is sent, "" while the gate is open."""
    if session.scalar(select(is_open())):
        return ""
    return " ".join(filter(None, (stop_all.words(session), warning(session))))


def closure(session: Session) -> GateClosure | None:
    """Return why texts may be missing, None while none are; a stop by a user is no such closure."""
    if not session.scalar(select(may_be_deaf())):
        return None
    row = session.get(SendingGate, 1, populate_existing=True)
    if row is None or row.closed_at is None:
        return GateClosure(Closure.RESTORED, None, None)
    return GateClosure(Closure(row.closure or Closure.RESTORED), row.closed_at, row.unsure_since)


def warning(session: Session) -> str:
    """Return what every page says while texts may be missing, "" while none are."""
    shut = closure(session)
    return shut.sentence if shut else ""


def beat_and_check(engine: Engine, mark: Mark, *, receives: bool) -> None:
    """Give a sign of life, and close the gate if something was missed.

    `receives` tells whether this process takes in webhooks: only then is the sign one. A worker looks whether a web
    process gives it. Called before anything is sent by a process, and every few seconds.
    """
    global _seen
    with writing(engine) as session:
        now = clock.now()
        session.execute(
            insert(SendingGate)
            .values(id=1, beat=0, closed_at=now, closure=Closure.RESTORED)
            .on_conflict_do_nothing(index_elements=["id"])
        )
        row = session.get_one(SendingGate, 1, with_for_update=True, populate_existing=True)
        _judge(session, row, mark, now)
        row.generation = row.generation or uuid4().hex
        if receives:
            row.beat, row.alive_at = row.beat + 1, now
        seen = (row.generation, row.beat)
    mark.keep(*seen)
    _seen = seen


def close(session: Session, row: SendingGate, closure: Closure, since: datetime, now: datetime) -> None:
    """Close the gate; after a restore what waited or was due is set aside: it may have been sent since the backup."""
    row.closed_at, row.closure = now, closure
    row.unsure_since = min(filter(None, (row.unsure_since, since - MARGIN)))
    if closure is Closure.RESTORED:
        row.generation = None  # it goes another way from here than the one that the backup was made of
        session.execute(
            update(Message)
            .where(is_on_its_way(Message))
            .values(status=MessageStatus.UNKNOWN, error_text=FROM_BACKUP, lease_until=None, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            update(Broadcast)
            .where(
                or_(
                    and_(Broadcast.state == BroadcastState.SCHEDULED, Broadcast.starts_at <= now),
                    Broadcast.state == BroadcastState.QUEUEING,
                )
            )
            .values(state=BroadcastState.CANCELLED, finished_at=now, ended_because=DUE_BEFORE)
            .execution_options(synchronize_session=False)
        )
        session.execute(update(Series).values(passed_to=now).execution_options(synchronize_session=False))


def open_again(session: Session, since: GateClosure) -> bool:
    """Open the gate after a complete comparison; not if it was closed anew meanwhile, or nobody takes in texts."""
    now = clock.now()
    opened = session.execute(
        update(SendingGate)
        .where(
            SendingGate.closed_at == since.at,
            SendingGate.unsure_since == since.unsure_since,
            or_(SendingGate.alive_at.is_(None), SendingGate.alive_at > now - GAP),
        )
        .values(closed_at=None, closure=None, unsure_since=None, opened_at=now)
        .returning(SendingGate.id)
        .execution_options(synchronize_session=False)
    ).first()
    return opened is not None


def _judge(session: Session, row: SendingGate, mark: Mark, now: datetime) -> None:
    """Close the gate if the database went back in time, or if nobody took in texts for too long."""
    highest = mark.highest(row.generation)
    without_memory = row.closed_at is not None and row.unsure_since is None
    if without_memory or (highest is not None and row.beat < highest):
        close(session, row, Closure.RESTORED, row.alive_at or _newest(session, now), now)
    elif row.closed_at is None and row.alive_at is not None and now - row.alive_at > GAP:
        unknown_here = highest is None and row.beat > 0
        close(session, row, Closure.RESTORED if unknown_here else Closure.AWAY, row.alive_at, now)


def _newest(session: Session, now: datetime) -> datetime:
    """Return the last moment that the database tells of: until then nothing is missing."""
    message = session.scalar(select(Message.created_at).order_by(Message.id.desc()).limit(1))
    event = session.scalar(select(ConsentEvent.at).order_by(ConsentEvent.id.desc()).limit(1))
    kept = session.scalar(select(Setting.updated_at).where(Setting.name == BACKUP_SETTING))
    return max([moment for moment in (message, event, kept) if moment is not None], default=now - UNTOLD)
