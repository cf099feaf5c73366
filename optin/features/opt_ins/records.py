"""What the pages of one opt-in read: its status in words, its ledger events, who has its number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select, union_all
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import EndReason, EventKind, OptInSource
from optin.models import (
    ConsentEvent,
    ConsentPayload,
    Conversation,
    Keyword,
    Message,
    OptIn,
    PhraseOptOut,
    ProviderBlock,
    Sender,
    Suppression,
    User,
)
from optin.models.index_conditions import has_not_ended


@dataclass(frozen=True)
class TimelineEntry:
    """An event of the ledger as the timeline shows it; `text` is gone where it was erased."""

    event: ConsentEvent
    text: str
    actor: str

    @property
    def kind(self) -> EventKind:
        """Return what happened."""
        return EventKind(self.event.kind)

    @property
    def source(self) -> OptInSource:
        """Return where it came from."""
        return OptInSource(self.event.source)


def timeline(session: Session, opt_in: OptIn) -> list[TimelineEntry]:
    """List the events of the opt-in, oldest first, with those that befell its whole number while it lived."""
    about_number = and_(
        ConsentPayload.number == opt_in.number,
        ConsentEvent.opt_in_id.is_(None),
        ConsentEvent.kind != EventKind.OPTED_OUT,  # the opt-in has an event of its own for that
        or_(ConsentEvent.keyword_id.is_(None), ConsentEvent.keyword_id == opt_in.keyword_id),
        ConsentEvent.at >= opt_in.requested_at,
        ConsentEvent.at <= (opt_in.ended_at or clock.now()),
    )
    own = session.execute(_events(ConsentEvent.opt_in_id == opt_in.id)).all()
    besides = session.execute(_events(about_number)).all()
    entries = [TimelineEntry(event, text or "", actor or "") for event, text, actor in [*own, *besides]]
    return sorted(entries, key=lambda entry: entry.event.id)


def blocked_scopes(session: Session, number: str) -> Sequence[str]:
    """List the senders (addresses or Messaging Service SIDs) from which Twilio refuses to send to the number."""
    scopes = union_all(select(Sender.address), select(Sender.messaging_service_sid)).subquery()
    is_blocked = (ProviderBlock.number == number, has_not_ended(ProviderBlock))
    return session.scalars(
        select(ProviderBlock.scope)
        .where(ProviderBlock.scope.in_(select(scopes.c[0])), *is_blocked)
        .order_by(ProviderBlock.id)
    ).all()


def conversation_id(session: Session, opt_in: OptIn) -> int | None:
    """Return the conversation with the opt-in's number by its channel, if there is one."""
    ours = (Conversation.channel == opt_in.channel, Conversation.number == opt_in.number)
    return session.scalar(select(Conversation.id).where(*ours))


def phrase_opt_out(session: Session, opt_in: OptIn) -> PhraseOptOut | None:
    """Return the opt-out that ended the opt-in, where it was read from a phrase."""
    if not opt_in.end_message_sid:
        return None
    ended = select(PhraseOptOut).join(Message, Message.id == PhraseOptOut.message_id)
    return session.scalars(ended.where(Message.sid == opt_in.end_message_sid)).first()


def sender(session: Session, opt_in: OptIn) -> Sender | None:
    """Return the sender that received the opt-in, None where it did not come by text."""
    return session.get(Sender, opt_in.sender_id) if opt_in.sender_id else None


def active_keywords(session: Session) -> Sequence[Keyword]:
    """List the keywords that one can opt in with."""
    return session.scalars(select(Keyword).where(Keyword.archived_at.is_(None)).order_by(Keyword.word)).all()


def left(session: Session, number: str, keyword_id: int) -> tuple[EndReason, datetime | None]:
    """Return how and when the number's owner left: everything, or this keyword, which they may have answered no to."""
    stop = session.scalar(
        select(Suppression.started_at).where(Suppression.number == number, has_not_ended(Suppression))
    )
    if stop is not None:
        return EndReason.OPTED_OUT, stop
    row = session.execute(
        select(OptIn.end_reason, OptIn.ended_at)
        .where(OptIn.number == number, OptIn.keyword_id == keyword_id, OptIn.ended_at.is_not(None))
        .order_by(OptIn.id.desc())
        .limit(1)
    ).first()
    return (EndReason(row.end_reason or EndReason.OPTED_OUT), row.ended_at) if row else (EndReason.OPTED_OUT, None)


def _events(which: ColumnElement[bool]) -> Select[ConsentEvent, str | None, str | None]:
    return (
        select(ConsentEvent, ConsentPayload.text, User.name)
        .outerjoin(ConsentPayload, ConsentPayload.event_id == ConsentEvent.id)
        .outerjoin(User, User.id == ConsentEvent.actor_id)
        .where(which)
    )
