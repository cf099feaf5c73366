"""One inbound text: stored once per MessageSid, its consent effects in the same transaction, its answer queued.

The order of decisions is that of docs/rules.md; what a text asks for is read by consent/words.py, what it does to
consent is written by consent/ledger.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from optin import clock, phone, policy
from optin.consent import ledger, words
from optin.consent.events import Act
from optin.consent.ledger import OptInResult, Outcome
from optin.consent.words import Reading
from optin.extensions import insert
from optin.messaging import conversations, outbound, segments, senders, templates
from optin.models import Keyword, KeywordWord, Message, Person, Sender
from optin.policy import Policy
from optin.terms import (
    BlockCause,
    Direction,
    Meaning,
    MessageStatus,
    OptInSource,
    PersonKind,
    ReplyKind,
    SenderKind,
)

ANSWERED_WITHIN = timedelta(hours=24)
CONFIRMED_WITHIN = timedelta(minutes=5)
"""For so long an opt-out may still be confirmed (47 CFR 64.1200(a)(12)): later it would be an unwanted message."""


@dataclass(frozen=True)
class InboundText:
    """A text as Twilio reports it: numbers as received, `opt_out_type` only with Advanced Opt-Out.

    `provider_at` is Twilio's own date; only a text fetched from Twilio's list has one.
    """

    sid: str
    number: str
    address: str
    body: str
    media_count: int = 0
    opt_out_type: str | None = None
    messaging_service_sid: str | None = None
    provider_at: datetime | None = None


@dataclass(frozen=True)
class _Case:
    """One text being handled: everything that the steps need."""

    session: Session
    message: Message
    text: InboundText
    act: Act
    sender: Sender
    policy: Policy
    keywords: Mapping[str, Keyword]

    def reply(
        self, kind: ReplyKind, template: str, opt_in_id: int | None = None, keyword: Keyword | None = None
    ) -> None:
        """Queue the automatic answer, merged with brand, keyword and frequency; not to what was found too late."""
        patience = CONFIRMED_WITHIN if kind == ReplyKind.OPT_OUT else ANSWERED_WITHIN
        if self.act.at - self.act.when > patience:
            return
        fields = {
            "brand": self.policy.brand,
            "keyword": keyword.word if keyword else "",
            "frequency": keyword.frequency if keyword else "",
        }
        body = templates.render(template, fields)
        outbound.queue_reply(
            self.session, to=self.message, kind=kind, body=body, sender=self.sender, opt_in_id=opt_in_id
        )

    @property
    def provider_answers(self) -> bool:
        """Tell whether Twilio or the network has answered this text itself."""
        return words.twilio_answers(
            self.text.body,
            SenderKind(self.sender.kind),
            opt_out_type=self.text.opt_out_type,
            advanced_opt_out=self.sender.advanced_opt_out,
        )


def receive(session: Session, text: InboundText) -> Message | None:
    """Store a text and do what it asks for; None when its MessageSid was handled before. Does not commit."""
    ledger.lock_number(session, text.number)
    now = clock.now()
    sender = senders.ensure(session, text.address, text.messaging_service_sid)
    message = _store(session, text, sender, now)
    if message is None:
        return None
    act = Act(
        source=OptInSource.SMS,
        at=now,
        provider_at=text.provider_at,
        text=text.body,
        message_id=message.id,
        message_sid=text.sid,
        sender_id=sender.id,
    )
    in_force = policy.load(session)
    known = {
        word.normal: word.keyword
        for word in session.scalars(select(KeywordWord).join(Keyword).order_by(KeywordWord.id))
    }
    handled = _Case(session, message, text, act, sender, in_force, known)
    reading = _read(handled, text.opt_out_type)
    message.meaning = reading.meaning
    message.word = words.lone_word(text.body) if reading.meaning == Meaning.ORDINARY else None
    message.effect = _apply(handled, reading)[:255]
    near = known.get(reading.near_keyword or "")
    message.near_keyword_id = near.id if near else None
    acted = reading.meaning != Meaning.ORDINARY and message.effect
    preview = message.effect[:1].upper() + message.effect[1:] if acted else text.body or "Picture or file"
    conversations.received(session, message.conversation_id or 0, sender.id, preview, now)
    return message


def _store(session: Session, text: InboundText, sender: Sender, now: datetime) -> Message | None:
    """Insert the message unless its SID is known; the unique key decides, not a look before."""
    conversation_id = conversations.ensure(session, [text.number], now)[text.number]
    contact_first = case((Person.kind == PersonKind.CONTACT, 0), else_=1)
    person = select(Person.id).where(Person.mobile == text.number).order_by(contact_first, Person.id).limit(1)
    message_id = session.scalar(
        insert(session, Message)
        .values(
            channel=sender.channel,
            direction=Direction.INBOUND,
            sid=text.sid,
            conversation_id=conversation_id,
            number=text.number,
            sender_id=sender.id,
            body=text.body,
            segments=segments.count(text.body).segments,
            media_count=text.media_count,
            status=MessageStatus.RECEIVED,
            created_at=text.provider_at or now,
            updated_at=now,
            effect="",
            person_id=person.scalar_subquery(),
            attempts=0,
            error_text="",
        )
        .on_conflict_do_nothing(index_elements=["sid"])
        .returning(Message.id)
    )
    return session.get_one(Message, message_id) if message_id is not None else None


def _read(handled: _Case, opt_out_type: str | None) -> Reading:
    active = [normal for normal, keyword in handled.keywords.items() if keyword.archived_at is None]
    return words.read(
        handled.text.body,
        keywords=active,
        known_keywords=list(handled.keywords),
        opt_out_type=opt_out_type,
        extra_opt_out=handled.policy.extra_opt_out_words,
    )


def _apply(handled: _Case, reading: Reading) -> str:
    """Do what the text asks for; return the effect in words, for the thread."""
    match reading.meaning:
        case Meaning.OPT_OUT:
            return _opt_out(handled)
        case Meaning.OPT_OUT_KEYWORD:
            return _opt_out_keyword(handled, reading.keyword or "")
        case Meaning.HELP:
            if not handled.provider_answers:
                handled.reply(ReplyKind.HELP, handled.policy.help_reply)
            return "asked for help"
        case Meaning.START:
            return _start(handled)
        case Meaning.YES:
            confirmed = ledger.confirm(handled.session, handled.text.number, handled.act)
            return _joined(handled, confirmed) if confirmed else _yes_without_question(handled)
        case Meaning.KEYWORD:
            return _keyword(handled, reading.keyword or "")
    return _ordinary(handled, reading)


def _opt_out(handled: _Case) -> str:
    session, text, sender = handled.session, handled.text, handled.sender
    result = ledger.opt_out(session, text.number, handled.act)
    for spelling in phone.other_spellings(text.number):  # the same phone, as others may have written its number
        ledger.opt_out(session, spelling, handled.act)
    kind = SenderKind(sender.kind)
    if words.twilio_blocks(text.body, kind, opt_out_type=text.opt_out_type, advanced_opt_out=sender.advanced_opt_out):
        cause = BlockCause.OPT_OUT_TYPE if text.opt_out_type else BlockCause.WORD
        ledger.block(session, sender.scope, text.number, cause, handled.act)
    if result.late:
        return "a STOP from before the last keyword: on hold for review"
    if not handled.provider_answers:
        handled.reply(ReplyKind.OPT_OUT, handled.policy.opt_out_reply)
    count = len(result.ended)
    if result.already and not count:
        return "opted out, as before"
    return f"opted out of everything, {count} opt-in{'' if count == 1 else 's'} ended"


def _opt_out_keyword(handled: _Case, normal: str) -> str:
    keyword = handled.keywords[normal]
    was = ledger.opt_out_keyword(handled.session, handled.text.number, keyword.id, handled.act)
    handled.reply(ReplyKind.KEYWORD_ENDED, handled.policy.keyword_ended_reply, keyword=keyword)
    return f"opted out of {keyword.word}" if was else f"asked to end {keyword.word}, was not opted in"


def _start(handled: _Case) -> str:
    """START; when Twilio reported it by OptOutType, the text may be a keyword or an answer besides."""
    effect = _allow_again(handled)
    if not handled.text.opt_out_type:
        return effect
    besides = _read(handled, None)
    if besides.meaning == Meaning.KEYWORD:
        return f"{effect}; {_keyword(handled, besides.keyword or '')}"
    if besides.meaning == Meaning.YES:
        confirmed = ledger.confirm(handled.session, handled.text.number, handled.act)
        return f"{effect}; {_joined(handled, confirmed)}" if confirmed else effect
    return effect


def _yes_without_question(handled: _Case) -> str:
    """YES counts as START where Twilio takes it as such; toll-free numbers do not."""
    if handled.sender.kind == SenderKind.TOLL_FREE:
        return ""
    return _allow_again(handled)


def _allow_again(handled: _Case) -> str:
    session, text, sender = handled.session, handled.text, handled.sender
    ended = ledger.start(session, text.number, handled.act, restore=handled.policy.start_restores_opt_ins)
    kind = SenderKind(sender.kind)
    lifted = False
    if words.twilio_unblocks(text.body, kind, opt_out_type=text.opt_out_type, advanced_opt_out=sender.advanced_opt_out):
        lifted = ledger.unblock(session, sender.scope, text.number, handled.act)
    if not ended and not lifted:
        return "texted START"
    if handled.policy.start_restores_opt_ins and ended:
        return "texts allowed again, earlier opt-ins restored"
    return "texts allowed again; a keyword is needed for each campaign"


def _keyword(handled: _Case, normal: str) -> str:
    keyword = handled.keywords[normal]
    result = ledger.opt_in(
        handled.session,
        handled.text.number,
        keyword,
        handled.act,
        question_hours=handled.policy.question_hours,
    )
    return _joined(handled, result)


def _joined(handled: _Case, result: OptInResult) -> str:
    """Queue the answer to an opt-in and say what came of it."""
    if result.outcome in (Outcome.TOO_OLD, Outcome.NOT_REVIVED):
        return "older than their opt-out: nothing changed"
    keyword = handled.session.get_one(Keyword, result.keyword_id)
    if result.reply is not None:
        template = keyword.question if result.reply == ReplyKind.QUESTION else keyword.confirmation
        handled.reply(result.reply, template, result.opt_in_id, keyword)
    return {
        Outcome.ACTIVATED: f"opted in with {keyword.word}",
        Outcome.PENDING: f"asked to confirm {keyword.word}",
        Outcome.CONFIRMED: f"confirmed, opted in with {keyword.word}",
        Outcome.REAFFIRMED: f"already opted in with {keyword.word}",
    }[result.outcome]


def _ordinary(handled: _Case, reading: Reading) -> str:
    """An ordinary message; it may hold a word that asks to stop, and it may look like a keyword."""
    effects = []
    if reading.hold is not None:
        ledger.hold(handled.session, handled.text.number, handled.act, reading.hold, reading.trigger or "")
        effects.append("on hold for review")
    near = handled.keywords.get(reading.near_keyword or "")
    if near is not None:
        effects.append(f"looks like {near.word.upper()}, opted in to nothing")
    return "; ".join(effects)
