"""The nightly check: every message that ever started, against the log of consent as it is known now.

A night looks at what was sent since the last one, at what had not come to an end then, and at the older messages of
numbers of which something was learned since that had happened earlier. So it comes to all messages, and each night
is short.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import events
from optin.consent.hindsight import Breach, StartedMessage, breach
from optin.consent.rules import Case
from optin.database.statements import insert
from optin.enums import Direction, FindingCause, Purpose, ReplyKind, Role
from optin.jobs import background
from optin.models import BackgroundTask, Broadcast, ConsentEvent, ConsentPayload, Message, SendingFinding, User
from optin.models.index_conditions import has_started, is_on_its_way
from optin.phone import spellings

NAME = KEY = "nightly check"
HOUR = 3
"""The local hour from which on the night's check begins."""
AT_ONCE = 500
AGAIN = timedelta(hours=20)


@dataclass(frozen=True)
class CheckState:
    """What the last check came to: messages checked in all, and how many should not have gone.

    `crossed` are those besides that crossed a goodbye on its way to us.
    """

    finished_at: datetime
    checked: int
    found: int
    crossed: int

    @property
    def sentence(self) -> str:
        """Say it in one sentence."""
        gone = "message" if self.checked == 1 else "messages"
        return f"{self.found:,} of {self.checked:,} {gone} should not have gone."


def begin_at_night(session: Session, now: datetime) -> None:
    """Begin the check of this night once, at its hour or when Optin runs again after it; the caller commits."""
    tried, last = _last(session), _last_whole(session)
    if tried is None or (now - tried.created_at > AGAIN and now.astimezone(_zone(session)).hour >= HOUR):
        begin(session, last.state if last else {})


def begin(session: Session, last: dict[str, Any]) -> int:
    """Begin a check that goes on from where the `last` one ended; the caller commits."""
    unfinished = session.scalar(select(func.min(Message.id)).where(is_on_its_way(Message), Message.id > 0))
    newest = session.scalar(select(func.max(Message.id))) or 0
    arguments = {
        "from": last.get("until", 0),
        "until": min(unfinished or newest + 1, newest + 1),
        "newest": newest,
        "newest_event": session.scalar(select(func.max(ConsentEvent.id))) or 0,
    }
    total = max(0, newest - arguments["from"])
    task_id = background.begin(session, NAME, KEY, arguments, total=total, user_id=None)
    task = session.get_one(BackgroundTask, task_id)
    task.state = task.state or {"event": last.get("event", 0), "settled": last.get("settled", 0), "open": 0}
    return task_id


def state(session: Session) -> CheckState | None:
    """Return what the last check came to."""
    last = _last_whole(session)
    if last is None or last.finished_at is None:
        return None
    causes = select(SendingFinding.cause, func.count()).group_by(SendingFinding.cause)
    found = dict[str, int](session.execute(causes).all())
    crossed = found.pop(FindingCause.CROSSED, 0)
    return CheckState(last.finished_at, last.state["settled"] + last.state["open"], sum(found.values()), crossed)


@background.task(NAME)
def step(session: Session, task: BackgroundTask) -> None:
    """Look at some more events, then at some more messages."""
    if task.stop_asked_at:
        background.finish(task, "Stopped by a user.")
        return
    at, given = dict(task.state), task.arguments
    if at["event"] < given["newest_event"]:
        at["event"] = _learned_later(session, at["event"], given)
    else:
        after = max(at.get("message", 0), given["from"] - 1)
        rows = session.execute(_started(Message.id > after, Message.id <= given["newest"]).limit(AT_ONCE)).all()
        _check(session, rows)
        at["settled"] += sum(row.id < given["until"] for row in rows)
        at["open"] += sum(row.id >= given["until"] for row in rows)
        if len(rows) < AT_ONCE:
            task.state = {**at, "until": given["until"]}
            background.finish(task)
            return
        at["message"] = rows[-1].id
        task.done = max(0, at["message"] - given["from"])
    task.state = at


def _learned_later(session: Session, after: int, given: dict[str, Any]) -> int:
    """Check again the older messages of numbers of which events tell something that was earlier than we heard of it."""
    some = (
        select(ConsentEvent.id, ConsentEvent.at, ConsentEvent.provider_at, ConsentPayload.number)
        .outerjoin(ConsentPayload, ConsentPayload.event_id == ConsentEvent.id)
        .where(ConsentEvent.id > after, ConsentEvent.id <= given["newest_event"])
        .order_by(ConsentEvent.id)
        .limit(AT_ONCE)
    )
    rows = session.execute(some).all()
    late = {row.number for row in rows if row.number and row.provider_at and row.provider_at < row.at}
    for number in sorted(late):
        last = 0
        while True:
            own = (Message.number == number, Message.id > last, Message.id < given["from"])
            older = session.execute(_started(*own).limit(AT_ONCE)).all()
            _check(session, older)
            if len(older) < AT_ONCE:
                break
            last = older[-1].id
    return int(rows[-1].id) if rows else int(given["newest_event"])


def _started(*given: Any) -> Select[Any]:
    columns: list[Any] = [Message.id, Message.number, Message.purpose, Message.reply_kind, Message.started_at]
    return (
        select(*columns, Broadcast.keyword_id)
        .outerjoin(Broadcast, Broadcast.id == Message.broadcast_id)
        .where(Message.direction == Direction.OUTBOUND, has_started(Message), *given)
        .order_by(Message.id)
    )


def _check(session: Session, rows: Sequence[Any]) -> None:
    """Note which of the messages should not have gone, instead of what was noted of them before."""
    if not rows:
        return
    by_number = _events_of(session, {row.number for row in rows})
    found = [(row, against) for row in rows if (against := breach(by_number[row.number], _message(row)))]
    session.execute(delete(SendingFinding).where(SendingFinding.message_id.in_([row.id for row in rows])))
    if found:
        session.execute(insert(SendingFinding), [_finding(row, against) for row, against in found])


def _message(row: Any) -> StartedMessage:
    reply = ReplyKind(row.reply_kind) if row.reply_kind else None
    case = Case(Purpose(row.purpose), has_keyword=row.keyword_id is not None, reply_kind=reply)
    return StartedMessage(case, row.keyword_id, row.started_at)


def _finding(row: Any, against: Breach) -> dict[str, Any]:
    return {
        "message_id": row.id,
        "reason": against.reason,
        "event_id": getattr(against.event, "id", None),
        "since": against.since,
        "cause": against.cause(row.started_at),
        "found_at": clock.now(),
    }


def _events_of(session: Session, numbers: Iterable[str]) -> dict[str, list[Any]]:
    """Return the events of each number, also those under its other spellings, in the order of their ids."""
    refs: dict[str, list[str]] = defaultdict(list)
    for number in numbers:
        for spelling in {number, *spellings.same(number)}:
            refs[events.number_ref(session, spelling)].append(number)
    found: dict[str, list[Any]] = defaultdict(list)
    wanted = select(ConsentEvent).where(ConsentEvent.number_ref.in_(refs)).order_by(ConsentEvent.id)
    for event in session.scalars(wanted):
        for number in refs[event.number_ref]:
            found[number].append(event)
    return found


def _zone(session: Session) -> ZoneInfo:
    """Return the time zone of the admin who has been here longest."""
    admins = select(User.time_zone).where(User.role == Role.ADMIN, User.disabled_at.is_(None))
    return ZoneInfo(session.scalar(admins.order_by(User.id).limit(1)) or "UTC")


def _last_whole(session: Session) -> BackgroundTask | None:
    """Return the last check that came to its end: what another one had counted so far says nothing."""
    return _last(session, BackgroundTask.ended_because == "")


def _last(session: Session, *given: ColumnElement[bool]) -> BackgroundTask | None:
    ended = select(BackgroundTask).where(BackgroundTask.name == NAME, BackgroundTask.finished_at.is_not(None), *given)
    return session.scalars(ended.order_by(BackgroundTask.id.desc()).limit(1)).first()
