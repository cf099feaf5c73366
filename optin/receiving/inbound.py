"""One inbound text: stored once per MessageSid, its consent effects in the same transaction, its answer queued.

The order of decisions is that of docs/rules.md; what a text asks for is read by reading/words.py, what it does to
consent is written by consent/ledger/.
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy.orm import Session

from optin import clock
from optin.channels import allowed_reading
from optin.consent import ledger
from optin.consent.events import KEY_SETTING, Act, know_key
from optin.database.postgresql import wait_briefly
from optin.database.statements import in_one_go, side_by_side
from optin.database.together import APART, Apart
from optin.enums import BlockCause, HoldCause, Meaning, OptInSource, ReplyKind
from optin.models import Message
from optin.phone import spellings
from optin.policy import cache
from optin.policy.cache import CachedSender, CachedSettings
from optin.provider import senders
from optin.reading import answers, words
from optin.reading.answers import Answer
from optin.reading.words import Reading
from optin.receiving import opting_in, short_refusals, store
from optin.receiving.case import InboundCase, StepResult, read_text
from optin.receiving.store import InboundText
from optin.sending import conversations, queueing

__all__ = ["InboundText", "receive", "take_in", "take_in_several"]


def receive(session: Session, text: InboundText) -> Message | None:
    """Take in a text and return it as it is stored; None when its MessageSid was handled before. Does not commit."""
    message_id = take_in(session, text)
    return session.get_one(Message, message_id) if message_id is not None else None


def take_in(session: Session, text: InboundText) -> int | None:
    """Store a text and do what it asks for; return its id, None when its MessageSid was handled before."""
    return _take_in(session, store.read_addresses(text))


def take_in_several(session: Session, texts: Sequence[InboundText]) -> list[int | Apart | None]:
    """Take in texts for `Together`: those of different phones side by side, those of one phone one after the other.

    Returns what `take_in` does for each, and APART for a text whose number somebody else is acting on just now.
    """
    wait_briefly(session)
    read = [store.read_addresses(text) for text in texts]
    taken: list[int | Apart | None] = [APART] * len(read)
    free = [index for index, is_free in enumerate(store.lock_free(session, read)) if is_free]
    while free:
        first = store.first_of_each_phone(read, free)
        done = side_by_side(session, [partial(_take_in, session, read[index]) for index in first])
        for index, result in zip(first, done, strict=True):
            taken[index] = result
        session.flush()
        session.expunge_all()  # each begins with what the database says
        free = [index for index in free if index not in first]
    return taken


def _take_in(session: Session, text: InboundText) -> int | None:
    before = store.find_known(session, text)
    if before.repeated:
        return None
    now, cached = clock.now(), cache.current(session, before.token)
    know_key(session, cached.settings.get(KEY_SETTING))
    sender = _sender(session, text, cached)
    whole = read_text(text.body, cached, text.opt_out_type)
    reading = allowed_reading.allowed(whole, text.origin)
    near = cached.keywords.get(reading.near_keyword or "")
    found = {
        "meaning": reading.meaning,
        "word": words.lone_word(text.body) if reading.meaning == Meaning.ORDINARY and text.origin.may_opt_in else None,
        "near_keyword_id": near.id if near else None,
    }
    stored = store.store(session, text, sender.id, before.conversation_id, found, now)
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
        channel=text.origin.consent_channel,
        phrase=words.phrase_read(reading) if not text.opt_out_type else None,
    )
    handled = InboundCase(session, stored, text, act, sender, cached)
    done = _apply(handled, reading)
    remark = allowed_reading.remark(whole, text.origin, text.channel_prefix)
    done = done._replace(effect="; ".join(filter(None, (done.effect, remark))))
    if before.lost and text.origin.may_opt_in:
        done = done._replace(effect="; ".join(filter(None, (done.effect, _found_again(handled, done.meaning)))))
    acted = done.meaning != Meaning.ORDINARY and done.effect
    preview = done.effect[:1].upper() + done.effect[1:] if acted else text.body or "Picture or file"
    with in_one_go(session):
        for answer in handled.answers:
            queueing.queue_reply(session, answer)
        if done != ("", reading.meaning):
            store.note_effect(session, stored.message_id, done.effect, done.meaning)
        conversations.received(session, stored.conversation_id, sender.id, preview, now)
    return stored.message_id


def _sender(session: Session, text: InboundText, cached: CachedSettings) -> CachedSender:
    """Return our address that received the text; one that we see for the first time, or in a new service, is kept."""
    spelt = (text.address, *spellings.others(text.address))
    known = next((cached.senders[each] for each in spelt if each in cached.senders), None)
    if known is not None and text.messaging_service_sid in (None, known.messaging_service_sid):
        return known
    made = senders.ensure(session, known.address if known else text.address, text.messaging_service_sid)
    return CachedSender(*(getattr(made, name) for name in CachedSender.__slots__))


def _apply(handled: InboundCase, reading: Reading) -> StepResult:
    """Do what the text asks for; return the effect in words, for the thread, and what the text meant."""
    match reading.meaning:
        case Meaning.OPT_OUT:
            effect = _opt_out(handled)
        case Meaning.OPT_OUT_KEYWORD:
            effect = _opt_out_keyword(handled, reading.keyword or "")
        case Meaning.HELP:
            if not handled.provider_answers:
                handled.reply(ReplyKind.HELP, handled.policy.help_reply)
            effect = "asked for help"
        case Meaning.START:
            effect = opting_in.start(handled, reading)
        case Meaning.KEYWORD:
            effect = opting_in.keyword(handled, reading.keyword or "")
        case _:
            return _ordinary(handled, reading)
    return StepResult(effect, reading.meaning)


def _found_again(handled: InboundCase, meaning: Meaning) -> str:
    """A text from a number that was not in use: whoever has it now may be somebody else, unless they want nothing."""
    asks = meaning != Meaning.OPT_OUT
    if not ledger.find_number(handled.session, handled.text.number, handled.act, asks=asks):
        return ""
    return "from a number that was not in use: on hold for review" if asks else ""


def _opt_out(handled: InboundCase) -> str:
    session, text, sender = handled.session, handled.text, handled.sender
    result = ledger.opt_out_phone(session, text.number, handled.act)
    if handled.stop_filter.blocks(text.body, sender, text.opt_out_type):
        cause = BlockCause.OPT_OUT_TYPE if text.opt_out_type else BlockCause.WORD
        ledger.block(session, sender.scope, text.number, cause, handled.act)
    if result.late:
        return "a STOP from before the last keyword: on hold for review"
    if not handled.provider_answers:
        handled.reply(ReplyKind.OPT_OUT, handled.policy.opt_out_reply)
    count = len(result.ended)
    if result.already and not count:
        return "already opted out"
    return f"opted out of everything, {count} opt-in{'' if count == 1 else 's'} ended"


def _opt_out_keyword(handled: InboundCase, normal: str) -> str:
    keyword = handled.cached.keywords[normal]
    was = ledger.opt_out_keyword(handled.session, handled.text.number, keyword.id, handled.act)
    handled.reply(ReplyKind.KEYWORD_ENDED, handled.policy.keyword_ended_reply, keyword=keyword)
    return f"opted out of {keyword.word}" if was else f"asked to end {keyword.word}, but was not opted in"


def _ordinary(handled: InboundCase, reading: Reading) -> StepResult:
    """A text that asks for nothing by itself: it may answer us, ask to stop in some words, and look like a keyword."""
    held = reading.hold is not None
    if reading.hold is not None:
        ledger.hold(handled.session, handled.text.number, handled.act, reading.hold, reading.trigger or "")
    answered = _answer(handled, held=held)
    if not held and answered.meaning != Meaning.YES and _refuses_broadcast(handled):
        held = True
        trigger = handled.text.body.strip()
        ledger.hold(handled.session, handled.text.number, handled.act, HoldCause.SHORT_REFUSAL, trigger)
    near = handled.cached.keywords.get(reading.near_keyword or "")
    effects = [
        answered.effect,
        "on hold for review" if held else "",
        f"looks like {near.word.upper()}, not opted in" if near else "",
    ]
    return answered._replace(effect="; ".join(filter(None, effects)))


def _answer(handled: InboundCase, *, held: bool) -> StepResult:
    """Take the text for an answer; one that may ask to stop can only be a no, and only a phone by SMS is asked."""
    if not handled.text.origin.may_opt_in:
        return StepResult("", Meaning.ORDINARY)
    if held and answers.answer(handled.text.body) != Answer.NO:
        return StepResult("", Meaning.ORDINARY)
    return opting_in.yes(handled)


def _refuses_broadcast(handled: InboundCase) -> bool:
    """Tell whether the text is a short refusal in answer to a broadcast, where the settings look for it."""
    wanted = handled.policy.holds_short_refusals and answers.short_refusal(handled.text.body)
    return wanted and short_refusals.answers_broadcast(handled.session, handled.text.number, handled.act.when)
