"""What the page of a broadcast asks of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database import steering
from optin.database.statements import has_at_most
from optin.enums import BroadcastState, Direction, Meaning, MessageStatus, Reason
from optin.features.broadcasts import reactions, text_tests
from optin.features.broadcasts import stopped as stopped_by_itself
from optin.features.broadcasts.stopped import CanaryReport
from optin.features.broadcasts.text_tests import TextTestReport
from optin.models import Broadcast, Conversation, LeftOut, Message, Person
from optin.models.index_conditions import NOT_SENT
from optin.policy.policy import Policy
from optin.provider import statuses
from optin.provider.statuses import ErrorMeaning
from optin.queries import cached_counts
from optin.queries.cached_counts import CachedCount
from optin.queries.look import Wanted
from optin.sending import canary, gate, limits, opt_outs_after_broadcast, pauses, results
from optin.sending.limits import Limit

SOON = timedelta(minutes=1)
WATCHED_AFTER = timedelta(minutes=10)
OPEN = (MessageStatus.SENT, MessageStatus.UNKNOWN, MessageStatus.SENDING, MessageStatus.NOT_FOUND)
EXPLAINED = (
    MessageStatus.QUEUED,
    MessageStatus.SKIPPED,
    MessageStatus.CANCELLED,
    MessageStatus.FAILED,
    MessageStatus.UNDELIVERED,
    MessageStatus.UNKNOWN,
    MessageStatus.NOT_FOUND,
)
SHOWN = {
    "waiting": (MessageStatus.QUEUED, MessageStatus.CLAIMED),
    **{str(status): (status,) for status in MessageStatus if status not in ("received", "queued", "claimed")},
}
"""The statuses as people tell them apart, by their value in addresses: what is claimed still waits."""
SENT_TO = {key: group for key, group in SHOWN.items() if not set(group) & set(NOT_SENT)}
"""Those of messages that went or may go; the others stand under *Not sent to*."""


@dataclass(frozen=True)
class StatusLine:
    """A line of the progress: how many messages stand at a status of SHOWN."""

    key: str
    status: MessageStatus
    count: int


@dataclass(frozen=True)
class FailureCause:
    """Why messages did not arrive (yet): the status, its reason by our rule or what Twilio's error code means."""

    status: MessageStatus
    count: int
    reason: Reason | None
    code: int | None
    error: ErrorMeaning | None


@dataclass(frozen=True)
class BroadcastProgress:
    """How far a broadcast has come; `version` changes with anything that the page shows of it.

    `stopped` says why nothing of it goes for now: the gate is closed, or Twilio refuses it; "" for nothing. `limit` is
    the one of the installation that it waits for, and until when.
    `canary`: what became of the first few while the others wait. `text_test`: how far the test of two texts is.
    `taken_back`: it was cancelled, and what waits is still being marked.
    """

    lines: list[StatusLine]
    causes: list[FailureCause]
    total: CachedCount
    waiting: CachedCount
    live: bool
    version: str
    stopped: str = ""
    limit: tuple[Limit, datetime] | None = None
    canary: CanaryReport | None = None
    text_test: TextTestReport | None = None
    taken_back: bool = False

    @property
    def handed_over(self) -> int:
        """Count the messages that are neither waiting nor taken back: Twilio has them, or refused them."""
        idle = ("waiting", str(MessageStatus.SKIPPED), str(MessageStatus.CANCELLED))
        return sum(line.count for line in self.lines if line.key not in idle)


@dataclass(frozen=True)
class AnswerCounts:
    """What came back within 24 hours: people who wrote a text of their own, and numbers that opted out.

    A keyword, START, STOP, HELP and the answer to a double opt-in question ask for something: they answer no broadcast.
    """

    replies: int
    opt_outs: int


def progress(session: Session, broadcast: Broadcast, given: Policy | None = None) -> BroadcastProgress:
    """Count the messages of a broadcast by status, and why some did not arrive; of a large one as counted last.

    One that is being queued has no numbers yet. `given` is the policy, for the limits that it may wait for.
    """
    if broadcast.state == BroadcastState.QUEUEING:
        none = CachedCount(0)
        return BroadcastProgress([], [], total=none, waiting=none, live=True, version=broadcast.state)
    counts, causes = _counted(session, broadcast.id)
    if counts is None:
        unknown = CachedCount(cached_counts.FEW, more=True)
        return BroadcastProgress([], [], total=unknown, waiting=unknown, live=True, version="uncounted")
    sums = {key: sum(counts.get(status, 0) for status in group) for key, group in SHOWN.items()}
    lines = [StatusLine(key, SHOWN[key][0], count) for key, count in sums.items() if count]
    open_still = any(counts.get(status) for status in OPEN)
    stopped = _stopped(session, broadcast)
    taken_back = broadcast.state == BroadcastState.CANCELLED and sums["waiting"] > 0
    numbers = [f"{line.key}{line.count}" for line in lines] + [f"{cause.code}{cause.count}" for cause in causes]
    limit = _limit(session, broadcast, given) if given and not stopped else None
    marks = ["stopped"] if stopped else [f"{limit[1]:%d%H%M}"] if limit else []
    if starts_in(broadcast) is not None:
        marks.append("soon")
    tested = text_tests.report(session, broadcast)
    if tested:
        marks.append(tested.mark)
    report = stopped_by_itself.canary_report(session, broadcast)
    if report:
        marks.append(
            f"canary{report.figures.opt_outs}-{report.ready_at is not None and report.ready_at <= clock.now()}"
        )
    if broadcast.canary in canary.FIRST:
        marks.append(str(broadcast.canary))
    if broadcast.paused_because:
        marks.append("limit")
    return BroadcastProgress(
        lines=lines,
        causes=causes,
        total=CachedCount(sum(counts.values())),
        waiting=CachedCount(sums["waiting"]),
        live=taken_back or _is_live(broadcast, open_still),
        version="-".join([broadcast.state, str(broadcast.version), *marks, *numbers]),
        stopped=stopped,
        limit=limit,
        canary=report,
        text_test=tested,
        taken_back=taken_back,
    )


def starts_in(broadcast: Broadcast) -> int | None:
    """Return the seconds until a scheduled broadcast starts where they are few, None for any other."""
    if broadcast.state != BroadcastState.SCHEDULED or broadcast.starts_at is None:
        return None
    left = (broadcast.starts_at - clock.now()).total_seconds()
    return max(0, ceil(left)) if left <= SOON.total_seconds() else None


def _stopped(session: Session, broadcast: Broadcast) -> str:
    is_due = broadcast.starts_at is not None and broadcast.starts_at <= clock.now()
    waits_for_start = broadcast.state == BroadcastState.SCHEDULED and is_due
    if broadcast.state != BroadcastState.SENDING and not waits_for_start:
        return ""
    if shut := gate.why_closed(session):
        return f"Its time has come, but it waits. {shut}" if waits_for_start else shut
    if waits_for_start:
        return ""
    pause = pauses.stopping(session, broadcast.sender_id, clock.now())
    return pauses.sentence(pause) if pause else ""


def _limit(session: Session, broadcast: Broadcast, given: Policy) -> tuple[Limit, datetime] | None:
    if broadcast.state != BroadcastState.SENDING:
        return None
    return limits.reached(session, given, clock.now())


def recipients(broadcast_id: int, status: str) -> Select[Message]:
    """Select the messages of a broadcast, those of one status of SENT_TO, or all that were or may be sent for ""."""
    return select(Message).where(Message.broadcast_id == broadcast_id, Message.status.in_(_sent_to(status)))


def sent_to(broadcast_id: int) -> Wanted[Message]:
    """Return the same without a status for a page by number, which no index has: of a broadcast that was cancelled
    nearly all may not have been sent."""

    def few(session: Session, most: int) -> ColumnElement[bool] | None:
        ids = recipients(broadcast_id, "").with_only_columns(Message.id)
        return steering.is_one_of_few(session, Message.id, ids) if has_at_most(session, ids, most) else None

    mine = [Message.broadcast_id == broadcast_id]
    return Wanted(Message, mine, lambda of: [of.status.in_(_sent_to(""))], few=few)


def _sent_to(status: str) -> Sequence[MessageStatus]:
    return SENT_TO[status] if status else [each for group in SENT_TO.values() for each in group]


def people(session: Session, records: Sequence[Message | LeftOut]) -> dict[int, Person]:
    """Return the people whom records are about, by id; who was deleted is left out."""
    ids = {record.person_id for record in records if record.person_id}
    return {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}


def answers(session: Session, broadcast: Broadcast) -> AnswerCounts | None:
    """Count what the recipients answered within 24 hours of the start; None while nothing was started or counted."""
    if broadcast.started_at is None or broadcast.state == BroadcastState.QUEUEING:
        return None
    if not results.is_large(session, broadcast.id):
        return _answers(session, broadcast, broadcast.started_at)
    seen = _ANSWERS.seen(session, broadcast.id)
    return AnswerCounts(*seen.value) if seen else None


def _answers(session: Session, broadcast: Broadcast, start: datetime) -> AnswerCounts:
    end = start + opt_outs_after_broadcast.LASTS
    wrote = exists().where(
        Message.conversation_id == Conversation.id,
        Message.direction == Direction.INBOUND,
        Message.meaning == Meaning.ORDINARY,
        Message.created_at >= start,
        Message.created_at < end,
    )
    replied = (
        select(func.count())
        .select_from(Conversation)
        .where(Conversation.last_message_at >= start, reactions.was_reached(broadcast.id, Conversation.number), wrote)
    )
    return AnswerCounts(session.scalar(replied) or 0, opt_outs_after_broadcast.opt_outs(session, broadcast))


def _counted(session: Session, broadcast_id: int) -> tuple[dict[str, int] | None, list[FailureCause]]:
    """Return how many messages stand at each status (None: never counted) and why some did not arrive."""
    sizes = results.sizes_of(session, [broadcast_id])
    if not sizes[broadcast_id].is_exact:
        seen, causes = results.STATUSES.seen(session, broadcast_id), _CAUSES.seen(session, broadcast_id)
        return (seen.value, _read(causes.value)) if seen and causes else (None, [])
    return results.by_status(session, sizes)[broadcast_id], _read(_causes(session, broadcast_id))


def _read(rows: Sequence[tuple[str, str | None, int | None, int]]) -> list[FailureCause]:
    """Return the rows of `_causes` as terms; what simply waits its turn has no cause."""
    found = []
    for status, reason, code, count in rows:
        if status == MessageStatus.QUEUED and not reason and not code:
            continue
        error = statuses.meaning(code) if code else None
        found.append(FailureCause(MessageStatus(status), count, Reason(reason) if reason else None, code, error))
    return found


def _causes(session: Session, broadcast_id: int) -> list[tuple[str, str | None, int | None, int]]:
    """Count what did not arrive by status, reason and error."""
    rows = session.execute(
        select(Message.status, Message.reason, Message.error_code, func.count())
        .where(Message.broadcast_id == broadcast_id, Message.status.in_(EXPLAINED))
        .group_by(Message.status, Message.reason, Message.error_code)
        .order_by(func.count().desc(), Message.status, Message.reason, Message.error_code)
    )
    return [(status, reason, code, count) for status, reason, code, count in rows]


def _is_live(broadcast: Broadcast, open_still: bool) -> bool:
    """Tell whether the numbers may still change soon, so that the page goes on asking."""
    if broadcast.state in (BroadcastState.SENDING, BroadcastState.PAUSED, BroadcastState.SCHEDULED):
        return True
    recent = broadcast.finished_at is not None and clock.now() - broadcast.finished_at < WATCHED_AFTER
    return recent and open_still


def _counted_answers(session: Session, broadcast_id: int) -> list[int]:
    broadcast = session.get_one(Broadcast, broadcast_id)
    found = _answers(session, broadcast, broadcast.started_at or clock.now())
    return [found.replies, found.opt_outs]


_CAUSES = cached_counts.CountKind("causes", _causes)
_ANSWERS = cached_counts.CountKind("answers", _counted_answers)
