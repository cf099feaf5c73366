"""What became of the messages of broadcasts, by status: counted at once for some thousands, else as counted last."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from optin.enums import BroadcastState
from optin.models import Broadcast, Message
from optin.queries import cached_counts
from optin.queries.cached_counts import CachedCount


def counted(broadcasts: Iterable[Broadcast]) -> list[int]:
    """Return the ids of those of the broadcasts whose messages are all there, so that they can be counted."""
    return [broadcast.id for broadcast in broadcasts if broadcast.state != BroadcastState.QUEUEING]


def sizes_of(session: Session, broadcast_ids: Collection[int]) -> dict[int, CachedCount]:
    """Count the messages of some broadcasts; a size that is not exact is that of a large one, counted behind."""
    return MESSAGES.of_each(session, Broadcast.id, broadcast_ids)


def by_status(session: Session, sizes: Mapping[int, CachedCount]) -> dict[int, dict[str, int]]:
    """Count the messages of the broadcasts by status; a large one that was never counted has none yet."""
    small = [broadcast_id for broadcast_id, size in sizes.items() if size.is_exact]
    found: dict[int, dict[str, int]] = {broadcast_id: {} for broadcast_id in sizes}
    for broadcast_id, status, count in session.execute(_statuses(small)):
        found[int(broadcast_id or 0)][status] = count
    for broadcast_id in sizes.keys() - set(small):
        seen = STATUSES.seen(session, broadcast_id)
        if seen:
            found[broadcast_id] = seen.value
    return found


def is_large(session: Session, broadcast_id: int) -> bool:
    """Tell whether a broadcast has so many messages that they are counted behind."""
    return not MESSAGES.of(session, broadcast_id).is_exact


def _statuses(broadcast_ids: Collection[int]) -> Select[int | None, str, int]:
    return (
        select(Message.broadcast_id, Message.status, func.count())
        .where(Message.broadcast_id.in_(broadcast_ids))
        .group_by(Message.broadcast_id, Message.status)
    )


def _rows(broadcast_id: int | SQLColumnExpression[int]) -> Select[Any]:
    return select(Message.id).where(Message.broadcast_id == broadcast_id)


def _counts(session: Session, broadcast_id: int) -> dict[str, int]:
    return {row[1]: row[2] for row in session.execute(_statuses([broadcast_id]))}


MESSAGES = cached_counts.RowCounter("messages", _rows)
STATUSES = cached_counts.CountKind("statuses", _counts)
