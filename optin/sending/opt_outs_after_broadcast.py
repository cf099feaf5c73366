"""What a broadcast brought about: for a day after its start, what the people it reached do counts as its doing."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.consent import phrase_opt_outs
from optin.enums import EventKind
from optin.models import Broadcast, ConsentEvent, ConsentPayload, Message
from optin.models.index_conditions import has_started
from optin.queries import cached_counts
from optin.queries.cached_counts import CachedCount

LASTS = timedelta(hours=24)


def known_opt_outs(session: Session, broadcast: Broadcast, size: CachedCount) -> int:
    """Return `opt_outs`, of a large broadcast as they were counted last; `size` is how many messages it has."""
    if size.is_exact:
        return opt_outs(session, broadcast)
    seen = _OPT_OUTS.seen(session, broadcast.id)
    return int(seen.value) if seen else 0


def opt_outs(session: Session, broadcast: Broadcast) -> int:
    """Count the numbers that a broadcast reached and that opted out of everything within 24 hours of its start.

    What a user corrected was no opt-out.
    """
    if broadcast.started_at is None:
        return 0
    reached = select(Message.number).where(
        Message.broadcast_id == broadcast.id,
        Message.number == ConsentPayload.number,
        has_started(Message),
    )
    left = (
        select(func.count(ConsentPayload.number.distinct()))
        .join(ConsentEvent, ConsentEvent.id == ConsentPayload.event_id)
        .where(
            ConsentEvent.kind == EventKind.OPTED_OUT,
            ConsentEvent.at >= broadcast.started_at,
            ConsentEvent.at < broadcast.started_at + LASTS,
            reached.exists(),
            ~phrase_opt_outs.was_corrected(),
        )
    )
    return session.scalar(left) or 0


_OPT_OUTS = cached_counts.CountKind(
    "opt-outs", lambda session, broadcast_id: opt_outs(session, session.get_one(Broadcast, broadcast_id))
)
