"""All that the database has of one phone: its events under every spelling of the number, and its messages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from optin import phone
from optin.consent import events
from optin.enums import Direction, MessageStatus, Purpose, Reason, ReplyKind
from optin.models import (
    Broadcast,
    ConsentEvent,
    ConsentPayload,
    Keyword,
    LogLeaf,
    Message,
    OptIn,
    Sender,
    Setting,
    User,
)
from optin.models.consent import opt_in_name
from optin.phone import spellings
from optin.proof import starts
from optin.proof.material import ProofEvent, ProofMessage
from optin.proof.starts import Outbound, Starts

AT_ONCE = 500


@dataclass(frozen=True)
class NumberRecord:
    """The events of a phone in the order of their ids, our addresses by their ids, and who answers for its messages."""

    number: str
    forms: Sequence[str]
    region: str
    events: Sequence[ProofEvent]
    keywords: dict[int, str]
    senders: dict[int, str]
    starts: Starts

    @classmethod
    def read(cls, session: Session, number: str, region: str) -> "NumberRecord":
        """Read it; `region` is whose numbers are written in the national way."""
        forms = sorted({number, *spellings.same(number)})
        found = _events(session, forms)
        keywords = {each.keyword_id: each.keyword for each in found if each.keyword_id}
        senders = dict[int, str](session.execute(select(Sender.id, Sender.address)).all())
        return cls(number, forms, region, found, keywords, senders, Starts(found))

    def address(self, sender_id: int | None) -> str:
        """Return an address of ours as people write it, "" for none."""
        return phone.display(self.senders.get(sender_id or 0, ""), self.region)

    def message_count(self, session: Session) -> int:
        """Return how many messages there are both ways."""
        return session.scalar(select(func.count()).where(Message.number.in_(self.forms))) or 0

    def newest_messages(self, session: Session, limit: int) -> list[ProofMessage]:
        """Return the last messages, the newest first."""
        rows = [row for form in self.forms for row in session.execute(_newest(form, limit))]
        rows.sort(key=lambda row: row.id, reverse=True)
        return [self._message(row) for row in rows[:limit]]

    def all_messages(self, session: Session) -> Iterator[ProofMessage]:
        """Yield every message, the oldest first, reading some at a time."""
        rows = merge(*(_rows(session, form) for form in self.forms), key=lambda row: row.id)
        return map(self._message, rows)

    def _message(self, row: Any) -> ProofMessage:
        status, ours = MessageStatus(row.status).label, self.address(row.sender_id)
        if row.direction == Direction.INBOUND:
            return ProofMessage(row.id, False, row.created_at, ours, row.body, status, row.sid)
        if row.id < 0:  # it was moved here
            at = row.started_at or row.created_at
            return ProofMessage(row.id, True, at, ours, row.body, status, row.sid, consent=starts.BEFORE_THE_MOVE)
        asked = Outbound(
            Purpose(row.purpose),
            ReplyKind(row.reply_kind) if row.reply_kind else None,
            row.keyword_id,
            row.started_at,
            status,
            Reason(row.reason) if row.reason else None,
            opt_in_name(row.opt_in_id) if row.opt_in_id and row.purpose in starts.BY_OPT_IN else "",
            row.word or "",
        )
        goodbye = self.starts.goodbye(row.started_at) if row.started_at else None
        return ProofMessage(
            row.id,
            True,
            row.started_at or row.created_at,
            ours,
            row.body,
            status,
            row.sid,
            purpose=asked.purpose.label,
            consent=starts.consent(asked),
            goodbye=goodbye,
            seconds=(row.started_at - goodbye).total_seconds() if goodbye else None,
            against=self.starts.against(asked),
        )


def _newest(form: str, limit: int) -> Select[Any]:
    return _query(form).order_by(Message.number.desc(), Message.id.desc()).limit(limit)


def _rows(session: Session, form: str) -> Iterator[Any]:
    along = _query(form).order_by(Message.number, Message.id).limit(AT_ONCE)
    rows = session.execute(along).all()
    while rows:
        yield from rows
        rows = session.execute(along.where(Message.id > rows[-1].id)).all()


def _query(form: str) -> Select[Any]:
    """Select messages by one spelling of the number, so that they come along its index."""
    columns: list[Any] = [
        Message.id, Message.direction, Message.created_at, Message.started_at, Message.sender_id, Message.body,
        Message.status, Message.sid, Message.purpose, Message.reply_kind, Message.reason, Message.opt_in_id,
    ]  # fmt: skip
    return (
        select(*columns, Broadcast.keyword_id, Keyword.word)
        .outerjoin(Broadcast, Broadcast.id == Message.broadcast_id)
        .outerjoin(OptIn, OptIn.id == Message.opt_in_id)
        .outerjoin(Keyword, Keyword.id == OptIn.keyword_id)
        .where(Message.number == form)
    )


def _events(session: Session, forms: Sequence[str]) -> list[ProofEvent]:
    """Return the events of the number; an installation that has no key for numbers yet has none."""
    key = session.scalar(select(Setting.value).where(Setting.name == events.KEY_SETTING))
    if key is None:
        return []
    events.know_key(session, key)
    refs = [events.number_ref(session, form) for form in forms]
    of = ConsentEvent
    columns: list[Any] = [
        of.id, of.kind, of.channel, of.at, of.provider_at, of.keyword_id, of.opt_in_id, of.detail, of.source,
        of.message_sid, func.coalesce(User.name, ""), ConsentPayload.text, LogLeaf.leaf_index,
        func.coalesce(Keyword.word, ""),
    ]  # fmt: skip
    wanted = (
        select(*columns)
        .outerjoin(User, User.id == of.actor_id)
        .outerjoin(Keyword, Keyword.id == of.keyword_id)
        .outerjoin(ConsentPayload, ConsentPayload.event_id == of.id)
        .outerjoin(LogLeaf, LogLeaf.event_id == of.id)
        .where(of.number_ref.in_(refs))
        .order_by(of.id)
    )
    return [ProofEvent(*row) for row in session.execute(wanted)]
