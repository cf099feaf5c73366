"""What came back from the people whom a broadcast reached, for a day after its start: their texts, and who left."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, exists, select
from sqlalchemy.orm import aliased

from optin.consent import phrase_opt_outs
from optin.enums import EventKind, Meaning
from optin.models import Broadcast, ConsentEvent, ConsentPayload, Message
from optin.models.index_conditions import has_started, is_inbound
from optin.sending.opt_outs_after_broadcast import LASTS

HOURS = int(LASTS / timedelta(hours=1))


def replies(broadcast: Broadcast, start: datetime) -> Select[Message]:
    """Select the texts of their own; a keyword, START, STOP, HELP and the answer to a question of ours are none."""
    return select(Message).where(
        is_inbound(Message),
        Message.meaning == Meaning.ORDINARY,
        Message.created_at >= start,
        Message.created_at < start + LASTS,
        was_reached(broadcast.id, Message.number),
    )


def opt_outs(broadcast: Broadcast, start: datetime) -> Select[ConsentEvent]:
    """Select the event with which each opted out of everything first; what a user corrected is none.

    One opt-out leaves an event for each opt-in that it ended.
    """
    return (
        select(ConsentEvent)
        .join(ConsentPayload, ConsentPayload.event_id == ConsentEvent.id)
        .where(
            ConsentEvent.kind == EventKind.OPTED_OUT,
            ConsentEvent.at >= start,
            ConsentEvent.at < start + LASTS,
            was_reached(broadcast.id, ConsentPayload.number),
            ~phrase_opt_outs.was_corrected(),
            ~_said_before(start),
        )
    )


def was_reached(broadcast_id: int, number: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """The broadcast started a message to the number."""
    ours = aliased(Message)
    return exists().where(ours.broadcast_id == broadcast_id, ours.number == number, has_started(ours))


def _said_before(start: datetime) -> ColumnElement[bool]:
    """An event before this one tells since then that the same number opted out."""
    event, payload = aliased(ConsentEvent), aliased(ConsentPayload)
    return exists().where(
        payload.number == ConsentPayload.number,
        payload.event_id < ConsentEvent.id,
        event.id == payload.event_id,
        event.kind == EventKind.OPTED_OUT,
        event.at >= start,
    )
