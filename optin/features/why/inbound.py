"""Why a text that came in did what it did: which step of docs/rules.md read it, what it changed, what answered it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.consent import number_log, phrase_opt_outs
from optin.enums import BlockCause, Direction, EventKind, HoldCause, Meaning, ReplyKind
from optin.models import ConsentEvent, Keyword, Message

WHICH = "Twilio may have marked it instead (step 3): which of the two was not recorded."
OF_A_HOLD = {
    HoldCause.SHORT_REFUSAL.label: (13, "It is a short refusal in answer to a broadcast"),
    HoldCause.REFUSAL.label: (10, "It has a keyword and a refusal"),
    HoldCause.LATE_STOP.label: (4, "It asks to stop, and was found after a later keyword"),
    HoldCause.NEW_OWNER.label: (14, "It came from a number that was not in use"),
}
OF_A_MEANING = {
    Meaning.OPT_OUT_KEYWORD: (5, "It asks to stop one keyword", ""),
    Meaning.HELP: (7, "It asks for help", WHICH),
    Meaning.START: (8, "It asks to be texted again", WHICH),
    Meaning.YES: (9, "It is a yes to a question that was open, or a yes for which none was", ""),
    Meaning.NO: (9, "It is a no to a question that was open", ""),
    Meaning.KEYWORD: (10, "Its words, or its first line, are a keyword or one of its aliases", ""),
}


@dataclass(frozen=True)
class WrittenEvent:
    """An event that the text wrote into the log."""

    event: ConsentEvent
    keyword: str

    @property
    def kind(self) -> EventKind:
        """Return what happened."""
        return EventKind(self.event.kind)


@dataclass(frozen=True)
class AutomaticAnswer:
    """An automatic reply to the text."""

    message: Message

    @property
    def kind(self) -> ReplyKind:
        """Return what it says."""
        return ReplyKind(self.message.reply_kind or "")


@dataclass(frozen=True)
class ReadBy:
    """The step that read a text, in which words, and what is not known of that."""

    row: int
    why: str
    beside: str = ""


@dataclass(frozen=True)
class InboundWhy:
    """What read a text (None: not recorded), what it wrote into the log, and what answered it."""

    read_by: ReadBy | None
    events: Sequence[WrittenEvent]
    answers: Sequence[AutomaticAnswer]


def explain(session: Session, message: Message) -> InboundWhy:
    """Explain a text that came in."""
    log = number_log.load(session, message.number)
    mine = [each.event for each in log.entries if message.sid and each.event.message_sid == message.sid]
    ids = {event.keyword_id for event in mine} | {message.near_keyword_id}
    words = dict[int | None, str](session.execute(select(Keyword.id, Keyword.word).where(Keyword.id.in_(ids))).all())
    replies = select(Message).where(
        Message.number == message.number,
        Message.id > message.id,
        Message.direction == Direction.OUTBOUND,
        Message.in_reply_to_id == message.id,
    )
    return InboundWhy(
        _read_by(session, message, mine, words.get(message.near_keyword_id, "")),
        [WrittenEvent(event, words.get(event.keyword_id, "")) for event in mine],
        [AutomaticAnswer(each) for each in session.scalars(replies.order_by(Message.id))],
    )


def _read_by(session: Session, message: Message, mine: Sequence[ConsentEvent], near: str) -> ReadBy | None:
    if message.meaning is None:
        return None
    meaning = Meaning(message.meaning)
    if meaning is Meaning.OPT_OUT:
        return _opt_out(session, message, mine)
    if meaning in OF_A_MEANING:
        return ReadBy(*OF_A_MEANING[meaning])
    held = next((event.detail for event in mine if event.kind == EventKind.HELD), None)
    if held is not None:
        row, why = OF_A_HOLD.get(held, (11, f"It may ask to stop: {held}"))
        return ReadBy(row, why)
    if near:
        return ReadBy(12, f"It is nearly the keyword “{near}”, or has it among other words")
    return ReadBy(14, "It asks for nothing that Optin acts on by itself")


def _opt_out(session: Session, message: Message, mine: Sequence[ConsentEvent]) -> ReadBy:
    read = phrase_opt_outs.of_messages(session, [message.id]).get(message.id)
    if read is not None:
        return ReadBy(6, f"“{read.phrase}” was read as a request to stop")
    blocked = next((event.detail for event in mine if event.kind == EventKind.BLOCKED), "")
    if BlockCause.OPT_OUT_TYPE.label in blocked:
        return ReadBy(3, "Twilio marked it as an opt-out and answered it by itself")
    if blocked:
        return ReadBy(4, "The whole text, its first line or its first sentence is an opt-out word")
    return ReadBy(4, "The whole text, its first line or its first sentence is an opt-out word", WHICH)
