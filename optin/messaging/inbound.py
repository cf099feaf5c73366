"""One inbound text: stored once per MessageSid, its consent effects in the same transaction, its answer queued.

The order of decisions is that of docs/rules.md; what a text asks for is read by consent/words.py, what it does to
consent is written by consent/ledger.py.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from optin import clock, in_force, spellings
from optin.consent import ledger, words
from optin.consent.events import KEY_SETTING, Act, know_key
from optin.consent.ledger import OptInResult, Outcome
from optin.consent.words import Reading
from optin.in_force import InForce, KeywordInForce, SenderInForce
from optin.messaging import arrival, channels, conversations, outbound, senders, templates
from optin.messaging.arrival import InboundText, Stored
from optin.models import Message
from optin.policy import Policy
from optin.statements import Values, in_one_go
from optin.terms import (
    BlockCause,
    Meaning,
    OptInSource,
    ReplyKind,
    SenderKind,
)

__all__ = ["InboundText", "receive", "take_in"]

ANSWERED_WITHIN = timedelta(hours=24)
CONFIRMED_WITHIN = timedelta(minutes=5)
"""For so long an opt-out may still be confirmed (47 CFR 64.1200(a)(12)): later it would be an unwanted message."""


@dataclass(frozen=True)
class _Case:
    """One text being handled: everything that the steps need."""

    session: Session
    stored: Stored
    text: InboundText
    act: Act
    sender: SenderInForce
    standing: InForce
    answers: list[Values] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        """Return the policy in force."""
        return self.standing.policy

    def reply(
        self, kind: ReplyKind, template: str, opt_in_id: int | None = None, keyword: KeywordInForce | None = None
    ) -> None:
        """Queue the automatic answer, merged with brand, keyword and frequency; not to what was found too late, nor
        to where we can't send."""
        if not self.text.origin.joins:
            return
        patience = CONFIRMED_WITHIN if kind == ReplyKind.OPT_OUT else ANSWERED_WITHIN
        if self.act.at - self.act.when > patience:
            return
        fields = {
            "brand": self.policy.brand,
            "keyword": keyword.word if keyword else "",
            "frequency": keyword.frequency if keyword else "",
        }
        body = templates.render(template, fields)
        answer = outbound.reply(
            self.session,
            number=self.text.number,
            conversation_id=self.stored.conversation_id,
            in_reply_to_id=self.stored.message_id,
            kind=kind,
            body=body,
            sender=self.sender,
            opt_in_id=opt_in_id,
        )
        self.answers.append(answer)

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
    """Take in a text and return it as it is stored; None when its MessageSid was handled before. Does not commit."""
    message_id = take_in(session, text)
    return session.get_one(Message, message_id) if message_id is not None else None


def take_in(session: Session, text: InboundText) -> int | None:
    """Store a text and do what it asks for; return its id, None when its MessageSid was handled before."""
    text = arrival.read(text)
    before = arrival.look(session, text)
    if before.repeated:
        return None
    now, standing = clock.now(), in_force.at(session, before.token)
    know_key(session, standing.settings.get(KEY_SETTING))
    sender = _sender(session, text, standing)
    whole = _read(text.body, standing, text.opt_out_type)
    reading = channels.heard(whole, text.origin)
    near = standing.keywords.get(reading.near_keyword or "")
    read = {
        "meaning": reading.meaning,
        "word": words.lone_word(text.body) if reading.meaning == Meaning.ORDINARY and text.origin.joins else None,
        "near_keyword_id": near.id if near else None,
    }
    stored = arrival.store(session, text, sender.id, before.conversation_id, read, now)
    if stored is None:
        return None
    act = Act(
        source=OptInSource.SMS,
        at=now,
        provider_at=text.provider_at,
        text=text.body,
        message_id=stored.message_id,
        message_sid=text.sid,
        sender_id=sender.id,
    )
    handled = _Case(session, stored, text, act, sender, standing)
    effect = "; ".join(filter(None, (_apply(handled, reading), channels.remark(whole, text.origin))))
    acted = reading.meaning != Meaning.ORDINARY and effect
    preview = effect[:1].upper() + effect[1:] if acted else text.body or "Picture or file"
    with in_one_go(session):
        for answer in handled.answers:
            outbound.queue_reply(session, answer)
        arrival.note_effect(session, stored.message_id, effect)
        conversations.received(session, stored.conversation_id, sender.id, preview, now)
    return stored.message_id


def _sender(session: Session, text: InboundText, standing: InForce) -> SenderInForce:
    """Return our address that received the text; one that we see for the first time, or in a new service, is kept."""
    spelt = (text.address, *spellings.others(text.address))
    known = next((standing.senders[each] for each in spelt if each in standing.senders), None)
    if known is not None and text.messaging_service_sid in (None, known.messaging_service_sid):
        return known
    made = senders.ensure(session, known.address if known else text.address, text.messaging_service_sid)
    return SenderInForce(*(getattr(made, name) for name in SenderInForce.__slots__))


def _read(body: str, standing: InForce, opt_out_type: str | None) -> Reading:
    return words.read(
        body,
        keywords=standing.active,
        known_keywords=standing.known,
        opt_out_type=opt_out_type,
        extra_opt_out=standing.policy.extra_opt_out_words,
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
    for spelling in spellings.others(text.number):  # the same phone, as others may have written its number
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
    keyword = handled.standing.keywords[normal]
    was = ledger.opt_out_keyword(handled.session, handled.text.number, keyword.id, handled.act)
    handled.reply(ReplyKind.KEYWORD_ENDED, handled.policy.keyword_ended_reply, keyword=keyword)
    return f"opted out of {keyword.word}" if was else f"asked to end {keyword.word}, was not opted in"


def _start(handled: _Case) -> str:
    """START; when Twilio reported it by OptOutType, the text may be a keyword or an answer besides."""
    effect = _allow_again(handled)
    if not handled.text.opt_out_type:
        return effect
    besides = _read(handled.text.body, handled.standing, None)
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
    keyword = handled.standing.keywords[normal]
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
    keyword = handled.standing.keyword(result.keyword_id)
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
    near = handled.standing.keywords.get(reading.near_keyword or "")
    if near is not None:
        effects.append(f"looks like {near.word.upper()}, opted in to nothing")
    return "; ".join(effects)
