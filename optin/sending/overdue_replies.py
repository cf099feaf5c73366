"""How long an automatic reply may still be sent: whoever waited longer for it does not want it any more."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, update
from sqlalchemy.orm import aliased

from optin import clock
from optin.database.transactions import writing
from optin.enums import MessageStatus, Reason, ReplyKind
from optin.models import Message
from optin.models.index_conditions import is_queued
from optin.sending import conversations

ANSWERED_WITHIN = timedelta(hours=24)
CONFIRMED_WITHIN = timedelta(minutes=5)
"""For so long an opt-out may still be confirmed (47 CFR 64.1200(a)(12)): later it would be an unwanted message."""
REPLIES_AT_ONCE = 500

log = logging.getLogger(__name__)


def lasts_for(kind: str | None) -> timedelta | None:
    """Return for how long a reply of the kind may be sent after the text that it answers; None for no reply."""
    if kind is None:
        return None
    return CONFIRMED_WITHIN if kind == ReplyKind.OPT_OUT else ANSWERED_WITHIN


def ends(kind: str | None, asked_at: datetime) -> datetime | None:
    """Return until when a reply of the kind answers a text of that moment; None for what is no reply."""
    lasts = lasts_for(kind)
    return asked_at + lasts if lasts else None


def end_overdue(engine: Engine) -> int:
    """Skip the replies that waited too long, whatever they waited for; return how many. The thread says so."""
    with writing(engine) as session:
        now = clock.now()
        asked = aliased(Message)
        moment = func.coalesce(asked.created_at, Message.created_at)
        overdue = session.execute(
            select(Message.id, Message.conversation_id)
            .outerjoin(asked, asked.id == Message.in_reply_to_id)
            .where(
                is_queued(Message),
                Message.broadcast_id.is_(None),
                or_(*(_late(kind, moment, now) for kind in ReplyKind)),
            )
            .limit(REPLIES_AT_ONCE)
            .with_for_update(skip_locked=True, of=Message)
        ).all()
        if overdue:
            skipped = {
                "status": MessageStatus.SKIPPED,
                "reason": Reason.REPLY_TOO_LATE,
                "error_code": None,
                "error_text": "",
            }
            session.execute(
                update(Message)
                .where(Message.id.in_([row.id for row in overdue]))
                .values(**skipped, decided_at=now, updated_at=now)
                .execution_options(synchronize_session=False)
            )
            conversations.touch(session, *(row.conversation_id for row in overdue))
    return len(overdue)


def _late(kind: ReplyKind, moment: ColumnElement[datetime], now: datetime) -> ColumnElement[bool]:
    lasts = lasts_for(kind)
    assert lasts
    return and_(Message.reply_kind == kind, moment <= now - lasts)
