"""To whom a broadcast was not sent: who was left out from the start, and whose message was skipped or taken back."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from optin.database import steering
from optin.enums import MessageStatus, Reason
from optin.models import LeftOut, Message
from optin.models.index_conditions import is_not_sent
from optin.queries import cached_counts, chained
from optin.queries.chained import Link
from optin.queries.paging import Page
from optin.sending import results

TAKEN_BACK = "taken_back"
"""Stands for no reason: a user took the message back."""
STATUSES = (MessageStatus.CANCELLED, MessageStatus.SKIPPED)
NotSent = LeftOut | Message


def reasons() -> dict[str, str]:
    """Return the label of each reason that there may be, by its value in addresses."""
    return {str(reason): reason.label for reason in Reason} | {TAKEN_BACK: "Taken back by a user"}


def label(reason: str | None) -> str:
    """Say a stored reason in words."""
    return reasons()[reason or TAKEN_BACK]


def counts(session: Session, broadcast_id: int) -> dict[str, int] | None:
    """Count them by reason, the most first; of very many as counted last, None before the first time."""
    if LEFT_OUT.of(session, broadcast_id).is_exact and not results.is_large(session, broadcast_id):
        return _counts(session, broadcast_id)
    seen = _COUNTED.seen(session, broadcast_id)
    return seen.value if seen else None


def page(
    session: Session, broadcast_id: int, reason: str, token: str | None, *, descending: bool = False, size: int
) -> Page[NotSent]:
    """Fetch a page of those with a reason, "" for all: first who was left out, by reason, then whose message did not
    start."""
    chain = _with(session, broadcast_id, reason) if reason else _all(session, broadcast_id)
    return chained.read_page(session, chain, token, descending=descending, size=size)


def _all(session: Session, broadcast_id: int) -> list[Link]:
    left_out = select(LeftOut).where(LeftOut.broadcast_id == broadcast_id)
    return [Link(left_out, _LEFT_OUT_KEYS), *(_of_status(session, broadcast_id, status) for status in STATUSES)]


def _with(session: Session, broadcast_id: int, reason: str) -> list[Link]:
    if reason == TAKEN_BACK:
        link = _of_status(session, broadcast_id, MessageStatus.CANCELLED)
        return [Link(link.query.where(Message.reason.is_(None)), link.keys)]
    left_out = select(LeftOut).where(
        LeftOut.broadcast_id == broadcast_id, steering.is_in(session, LeftOut.reason, reason)
    )
    messages = select(Message).where(
        is_not_sent(Message), Message.broadcast_id == broadcast_id, steering.is_in(session, Message.reason, reason)
    )
    return [Link(left_out, _LEFT_OUT_KEYS), Link(messages, [Message.reason, Message.id])]


def _of_status(session: Session, broadcast_id: int, status: MessageStatus) -> Link:
    mine = (Message.broadcast_id == broadcast_id, steering.is_in(session, Message.status, str(status)))
    return Link(select(Message).where(*mine), [Message.status, Message.id])


def _counts(session: Session, broadcast_id: int) -> dict[str, int]:
    messages = (is_not_sent(Message), Message.broadcast_id == broadcast_id)
    rows = [
        *session.execute(_by(LeftOut.reason).where(LeftOut.broadcast_id == broadcast_id)),
        *session.execute(_by(Message.reason).where(*messages)),
    ]
    found: Counter[str] = Counter()
    for reason, count in rows:
        found[reason or TAKEN_BACK] += count
    return dict(found.most_common())


def _by(reason: SQLColumnExpression[Any]) -> Select[Any]:
    return select(reason, func.count()).group_by(reason).order_by(reason)


def _rows(broadcast_id: int | SQLColumnExpression[int]) -> Select[Any]:
    return select(LeftOut.person_id).where(LeftOut.broadcast_id == broadcast_id)


_LEFT_OUT_KEYS: Sequence[SQLColumnExpression[Any]] = (LeftOut.reason, LeftOut.person_id)
LEFT_OUT = cached_counts.RowCounter("left out", _rows)
_COUNTED = cached_counts.CountKind("not sent", _counts)
