"""A conversation as it is read: texts as bubbles, keyword, STOP, START and HELP texts as events with their effect."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from optin import clock
from optin.consent import phrase_opt_outs
from optin.database.steering import is_in
from optin.enums import Direction, Meaning, MessageStatus, Purpose, Reason
from optin.models import Message, PhraseOptOut
from optin.provider import statuses
from optin.sending import pauses
from optin.sending.pauses import Pauses

AT_ONCE = 50
QUOTED_AT_MOST = 80
NEVER_SENT = (MessageStatus.SKIPPED, MessageStatus.CANCELLED)
_NEWEST_FIRST = (Message.conversation_id.desc(), Message.id.desc())  # the whole index, for steering.is_in


@dataclass(frozen=True)
class Row:
    """A line of a thread: a text of theirs ("in") or ours ("out"), or an event between them.

    `note` stands small under a bubble, after its time; `mark` says what a person should notice in it. `key` is unique
    in the thread; `conversation_id` is of another thread that an event leads to, `opt_out_id` of an opt-out that was
    read from a phrase and that can or could be corrected, `message_id` of the message that it ends.
    """

    kind: Literal["in", "out", "event"]
    key: str
    text: str
    at: datetime
    note: str = ""
    mark: str = ""
    conversation_id: int | None = None
    opt_out_id: int | None = None
    message_id: int | None = None


@dataclass(frozen=True)
class Thread:
    """Some rows of a conversation, oldest first.

    `older` is the message id to ask for those before, None at the beginning; `last_id` the newest message shown.
    """

    rows: list[Row]
    older: int | None = None
    last_id: int = 0


def load(session: Session, conversation_id: int | None, *, before: int | None = None) -> Thread:
    """Read the newest messages of a conversation, or those before a message id."""
    if conversation_id is None:
        return Thread([])
    given = select(Message).where(is_in(session, Message.conversation_id, conversation_id))
    if before is not None:
        given = given.where(Message.id < before)
    newest_first = given.options(joinedload(Message.author)).order_by(*_NEWEST_FIRST).limit(AT_ONCE + 1)
    found = list(session.scalars(newest_first))
    shown = found[:AT_ONCE][::-1]
    read = phrase_opt_outs.of_messages(session, [each.id for each in shown if each.meaning == Meaning.OPT_OUT])
    waits = any(message.status == MessageStatus.QUEUED for message in shown)
    stopped = pauses.open_pauses(session, clock.now()) if waits else None
    rows = [row for message in shown for row in rows_of(message, stopped, read.get(message.id))]
    return Thread(rows, shown[0].id if len(found) > AT_ONCE else None, shown[-1].id if shown else 0)


def with_events(thread: Thread, events: Sequence[Row]) -> Thread:
    """Put events that are no messages where they belong in time; those before the first row shown stay out."""
    begins = thread.rows[0].at if thread.rows and thread.older is not None else None
    fitting = [event for event in events if begins is None or event.at >= begins]
    return replace(thread, rows=sorted([*thread.rows, *fitting], key=lambda row: row.at))


def news(session: Session, conversation_id: int, after: int) -> str:
    """Return the newest text that came in after a message id, "" for none: to be read out to who can't see it."""
    came = select(Message.body).where(
        Message.conversation_id == conversation_id, Message.id > after, Message.direction == Direction.INBOUND
    )
    return session.scalar(came.order_by(Message.id.desc()).limit(1)) or ""


def rows_of(message: Message, stopped: Pauses | None = None, opt_out: PhraseOptOut | None = None) -> list[Row]:
    """Return how one message reads: a bubble, an event, or both where a long text did something besides.

    `stopped` are the pauses for which a message may wait; `opt_out`: the text was read as one from a phrase.
    """
    *before, last = _rows_of(message, stopped, opt_out)
    return [*before, replace(last, message_id=message.id)]


def _rows_of(message: Message, stopped: Pauses | None, opt_out: PhraseOptOut | None) -> list[Row]:
    if message.direction == Direction.INBOUND:
        *before, last = _inbound(message)
        return [*before, _with_correction(last, opt_out) if opt_out else last]
    if message.purpose == Purpose.REPLY and message.status in NEVER_SENT:
        return [_row("event", message, f"automatic reply not sent: {_why_unanswered(message)}")]
    return [_row("out", message, message.body, note=_sending(message, stopped))]


def _inbound(message: Message) -> list[Row]:
    """A text that asked for something is an event, so that nobody is seen shouting; a long one is shown as well."""
    attached = {0: "", 1: "1 picture or file"}.get(message.media_count, f"{message.media_count} pictures or files")
    body = message.body.strip()
    if message.meaning in (None, Meaning.ORDINARY) or not message.effect:
        return [_row("in", message, body or "(no text)", note=attached, mark=message.effect)]
    if len(body) <= QUOTED_AT_MOST and "\n" not in body and not attached:
        return [_row("event", message, f"texted “{body}” · {message.effect}")]
    return [_row("in", message, body or "(no text)", note=attached), _row("event", message, message.effect, "effect")]


def _with_correction(row: Row, opt_out: PhraseOptOut) -> Row:
    """Say who corrected the opt-out, or lead to where it can be corrected."""
    if opt_out.corrected_at is not None:
        who = opt_out.corrected_by.name if opt_out.corrected_by else "a user"
        return replace(row, text=f"{row.text} · corrected by {who}", opt_out_id=opt_out.id)
    return replace(row, opt_out_id=opt_out.id) if phrase_opt_outs.is_young(opt_out, clock.now()) else row


def _row(
    kind: Literal["in", "out", "event"], message: Message, text: str, part: str = "", *, note: str = "", mark: str = ""
) -> Row:
    key = f"message-{message.id}{'-' + part if part else ''}"
    return Row(kind, key, text, message.created_at, note, mark)


def _why_unanswered(message: Message) -> str:
    if message.reason == Reason.BLOCKED:
        return "Twilio blocks it, they cannot be answered until they text START"
    return Reason(message.reason).label[0].lower() + Reason(message.reason).label[1:] if message.reason else "cancelled"


def _sending(message: Message, stopped: Pauses | None) -> str:
    """Return who sent it and how far it came, with what an error means and what can be done."""
    pause = stopped.of(message.sender_id) if stopped and message.status == MessageStatus.QUEUED else None
    status = MessageStatus(message.status)
    words = status.label
    if message.status in NEVER_SENT and message.reason:
        words = f"Not sent: {_why(message)}"
    elif pause is not None:
        error = pauses.words(pause)
        words = f"{words}: {error.text} {error.remedy}"
    elif message.error_code and status not in (MessageStatus.DELIVERED, MessageStatus.SENT):
        error = statuses.meaning(message.error_code)
        words = f"{words}: {error.text} {error.remedy}"
    return " · ".join(filter(None, (_author(message), words)))


def _why(message: Message) -> str:
    label = Reason(str(message.reason)).label
    return label[0].lower() + label[1:]


def _author(message: Message) -> str:
    if message.purpose == Purpose.REPLY:
        return "Automatic reply"
    if message.purpose == Purpose.CAMPAIGN:
        return "Broadcast"
    if message.purpose == Purpose.VERIFICATION:
        return "Confirmation question"
    if message.purpose in (Purpose.TEST, Purpose.CODE):
        return Purpose(message.purpose).label
    return message.author.name.split()[0] if message.author and message.author.name.split() else ""
