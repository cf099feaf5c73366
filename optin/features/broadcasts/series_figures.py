"""What became of the texts of a series, step by step: who waits, who got it, who answered or opted out, who did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, and_, func, select
from sqlalchemy.orm import Session, aliased

from optin.consent import phrase_opt_outs
from optin.enums import Direction, EventKind, Meaning, MessageStatus, OptInStatus
from optin.features.broadcasts import not_sent
from optin.models import ConsentEvent, ConsentPayload, Message, OptIn, SeriesNumber, SeriesStep
from optin.models.index_conditions import has_started, has_turn_to_come
from optin.queries import cached_counts
from optin.queries.cached_counts import CachedCount
from optin.sending import results, series

SOON = timedelta(hours=24)
"""What a person does so soon after their text counts as its doing."""
WAITING = (MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.SENDING)
SENT = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED)


@dataclass(frozen=True)
class StepLine:
    """A step with its figures; `waits` are those whose turn it is next, `put_out` who have it in the outbox.

    `answered` and `opted_out` are None where they were not counted yet. `not_sent` has the reasons with their counts.
    """

    step: SeriesStep
    words: str
    waits: CachedCount
    put_out: int = 0
    sent: int = 0
    delivered: int = 0
    answered: int | None = 0
    opted_out: int | None = 0
    not_sent: Sequence[tuple[str, str, int]] = ()


def lines(session: Session, series_id: int) -> list[StepLine]:
    """Return the steps of a series with their figures."""
    steps = series.steps(session, series_id)
    ids = [step.broadcast_id for step in steps if step.broadcast_id is not None]
    statuses = results.by_status(session, results.sizes_of(session, ids)) if ids else {}
    return [_line(session, step, statuses.get(step.broadcast_id or 0, {})) for step in steps]


def _line(session: Session, step: SeriesStep, statuses: dict[str, int]) -> StepLine:
    words, waits = series.when(step.place, series.wait_of(step)), _WAITS.of(session, step.series_id, step.place)
    if step.broadcast_id is None:
        return StepLine(step, words, waits)
    answered, opted_out = _reactions(session, step.broadcast_id)
    why = (not_sent.counts(session, step.broadcast_id) or {}).items()
    return StepLine(
        step,
        words,
        waits,
        put_out=sum(statuses.get(status, 0) for status in WAITING),
        sent=sum(statuses.get(status, 0) for status in SENT),
        delivered=statuses.get(MessageStatus.DELIVERED, 0),
        answered=answered,
        opted_out=opted_out,
        not_sent=[(reason, not_sent.label(reason), count) for reason, count in why],
    )


def _waiting(series_id: int | SQLColumnExpression[int], step: int | SQLColumnExpression[int]) -> Select[Any]:
    """Select the numbers whose turn a step is next; who has left meanwhile does not wait."""
    mine = (SeriesNumber.series_id == series_id, SeriesNumber.step == step, has_turn_to_come(SeriesNumber))
    live = OptIn.status.in_((OptInStatus.ACTIVE, OptInStatus.PENDING))
    return select(SeriesNumber.number).join(OptIn, OptIn.id == SeriesNumber.opt_in_id).where(*mine, live)


def _reactions(session: Session, broadcast_id: int) -> tuple[int | None, int | None]:
    """Count the people who answered their text, and who opted out after it; of many as counted last."""
    if not results.is_large(session, broadcast_id):
        answered, opted_out = _counts(session, broadcast_id)
        return answered, opted_out
    seen = _REACTIONS.seen(session, broadcast_id)
    return (seen.value[0], seen.value[1]) if seen else (None, None)


def _counts(session: Session, broadcast_id: int) -> list[int]:
    answer = aliased(Message)
    mine = (Message.broadcast_id == broadcast_id, has_started(Message))
    wrote: Select[*tuple[Any, ...]] = (
        select(Message.started_at, func.min(answer.created_at))
        .join(answer, and_(answer.number == Message.number, answer.id > Message.id))
        .where(
            *mine,
            answer.direction == Direction.INBOUND,
            answer.meaning == Meaning.ORDINARY,
            answer.created_at >= Message.started_at,
        )
    )
    left: Select[*tuple[Any, ...]] = (
        select(Message.started_at, func.min(ConsentEvent.at))
        .join(ConsentPayload, ConsentPayload.number == Message.number)
        .join(ConsentEvent, ConsentEvent.id == ConsentPayload.event_id)
        .where(
            *mine,
            ConsentEvent.kind == EventKind.OPTED_OUT,
            ConsentEvent.at >= Message.started_at,
            ~phrase_opt_outs.was_corrected(),
        )
    )
    return [_soon(session, each) for each in (wrote, left)]


def _soon(session: Session, reactions: Select[*tuple[Any, ...]]) -> int:
    """Count those of the reactions, the first of each message, that came soon after it."""
    rows = session.execute(reactions.group_by(Message.id, Message.started_at))
    return sum(at - started_at < SOON for started_at, at in rows)


_WAITS = cached_counts.RowCounter("series waiting", _waiting)
_REACTIONS = cached_counts.CountKind("series reactions", _counts)
