"""What a broadcast cost: segments as Twilio counted them, else as we did, by country and day of their start."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin import phone
from optin.database.days import utc_day
from optin.enums import MessageStatus
from optin.models import Broadcast, Message, Sender
from optin.models.index_conditions import has_started
from optin.queries import countries
from optin.sending import prices
from optin.sending.prices import Cost

BILLED = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED)
"""Twilio bills what it handed to a carrier, whatever became of it."""


def segments(session: Session, broadcast_id: int) -> list[list[Any]]:
    """Count the segments of the billed messages: country, day (ISO 8601, by UTC), segments."""
    start, day = countries.prefix(Message.number), utc_day(session, Message.started_at)
    count = func.sum(func.coalesce(Message.segments_told, Message.segments))
    where = (Message.broadcast_id == broadcast_id, Message.status.in_(BILLED), has_started(Message))
    found: dict[tuple[str, str], int] = {}
    for one, on, of_them in session.execute(
        select(func.min(Message.number), day, count).where(*where).group_by(start, day)
    ):
        key = (phone.country(one), on)
        found[key] = found.get(key, 0) + int(of_them)
    return [[*key, found[key]] for key in sorted(found)]


def of_broadcast(session: Session, broadcast: Broadcast, counted: Sequence[Sequence[Any]]) -> Cost:
    """Sum up what was counted with the prices of each day."""
    kind = session.get_one(Sender, broadcast.sender_id).kind
    by_day: dict[str, dict[str, int]] = {}
    for country, day, count in counted:
        by_day.setdefault(day, {})[country] = count
    found = Cost({})
    for day, of_day in by_day.items():
        found += prices.cost(of_day, prices.in_force(session, kind, date.fromisoformat(day)))
    return found
