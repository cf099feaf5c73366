"""Why somebody can't be texted 1:1, in sentences: who, why, since when, and what would change it.

The record page, the inbox and the refusal of a forged send all use these sentences.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, true

from optin import clock, phone
from optin.consent import ledger, phrase_opt_outs, recorded_opt_outs
from optin.consent.refusal_wording import Teller
from optin.consent.rules import Decision
from optin.enums import BlockCause, Channel, EndReason, HoldCause, OptInStatus, Reason
from optin.models import Hold, Keyword, NumberLoss, OptIn, OptInPerson, ProviderBlock, Suppression

KEYWORDS_NAMED = 3
_CAUSES = {
    BlockCause.OPT_OUT_TYPE: "Twilio reported their STOP",
    BlockCause.WORD: "they texted a word that Twilio filters",
    BlockCause.ERROR_21610: "Twilio refused a message with error 21610",
}


_WHY_HELD: dict[str, str] = {
    HoldCause.CARRIER_BLOCK: HoldCause.CARRIER_BLOCK.label,
    HoldCause.NEW_OWNER: HoldCause.NEW_OWNER.label,
}


@dataclass(frozen=True)
class Refusal:
    """A refusal in words: who can't be texted, why and since when, and what would change it.

    `keyword_id` is the keyword to show them, where texting one would change it; `opt_out_id` the opt-out that was read
    from a phrase, where a user may correct it.
    """

    reason: Reason | None
    title: str
    text: str = ""
    remedy: str = ""
    keyword_id: int | None = None
    opt_out_id: int | None = None


def refusal(teller: Teller, decision: Decision) -> Refusal | None:
    """Return the sentences of a refused 1:1 message, None when it is allowed."""
    if decision.allowed:
        return None
    match decision.reason:
        case Reason.NO_NUMBER if teller.to.number:
            return _no_phone(teller, teller.to.number)
        case Reason.NO_NUMBER:
            return Refusal(
                Reason.NO_NUMBER,
                f"You can’t text {teller.name}: there is no mobile number.",
                remedy="To open the composer, enter a mobile phone number.",
            )
        case Reason.OPTED_OUT:
            return _opted_out(teller)
        case Reason.NUMBER_LOST:
            return _lost(teller)
        case Reason.BLOCKED:
            return _blocked(teller)
        case Reason.NO_OPT_IN:
            return _no_opt_in(teller)
    return Refusal(
        decision.reason, f"You can’t text {teller.name}.", f"{decision.reason.label}." if decision.reason else ""
    )


def no_sender(teller: Teller) -> Refusal:
    """Return the sentences for an installation that has nothing to send from."""
    return Refusal(
        None,
        f"You can’t text {teller.name}: there is no number to send from.",
        remedy="To open the composer, ask an admin to add a sender in Settings › Twilio.",
    )


def by_another_channel(teller: Teller, channel: Channel) -> Refusal:
    """Return the sentences for a conversation that does not go by SMS."""
    if channel is Channel.OTHER:
        title, text = "You can’t reply here: these texts came by a channel that Optin does not support.", ""
    else:
        title, text = f"You can’t reply here: these texts came by {channel.label}.", ""
    stop = "A request to stop counts here as it does everywhere, but nobody can opt in or opt back in this way."
    remedy = ""
    if teller.to.number and phone.is_e164(teller.to.number):
        remedy = f"To text {teller.name} by SMS, open their contact, lead or SMS conversation."
    return Refusal(None, title, " ".join(filter(None, (text, stop))), remedy)


def _no_phone(teller: Teller, address: str) -> Refusal:
    if address.isdigit():
        why = "This is a short code, which services send from. Nobody reads replies there, and it can’t opt in."
    else:
        why = "This is the name of a sender, not a phone number. You can’t reply to it, and it can’t opt in."
    return Refusal(Reason.NO_NUMBER, f"You can’t text {teller.show(address)}.", why)


def sending_closed(teller: Teller, why: str) -> Refusal:
    """Return the sentences for a time in which nothing is sent to anybody; `why` says so."""
    return Refusal(None, f"You can’t text {teller.name} right now.", why)


def notice(teller: Teller, decision: Decision) -> str:
    """Return what is said beside an open composer, "" for nothing."""
    if decision.notice != Reason.ON_HOLD:
        return ""
    held = teller.open(Hold)
    quoted = f" (“{held.trigger}”)" if held and held.trigger else ""
    since = f" since {teller.day(held.started_at)}" if held else ""
    why = _WHY_HELD.get(held.cause if held else "", f"the last text may ask to stop{quoted}")
    return (
        f"On hold for review{since}: {why}. "
        f"You can reply to {teller.name} here; broadcasts skip this number until someone decides."
    )


def _opted_out(teller: Teller) -> Refusal:
    stopped = teller.open(Suppression)
    since = f" on {teller.day(stopped.started_at)}" if stopped else ""
    opt_out_id, correctable = _correctable(teller, stopped)
    return Refusal(
        Reason.OPTED_OUT,
        f"You can’t text {teller.name}.",
        f"They opted out{since}. Only they can undo that, by texting a keyword or START.",
        " ".join(filter(None, (_recorded(teller, stopped), correctable, _also_blocked(teller)))),
        opt_out_id=opt_out_id,
    )


def _recorded(teller: Teller, stopped: Suppression | None) -> str:
    """Say what a user wrote down of an opt-out that did not come by text, "" of one that did."""
    for written in recorded_opt_outs.of_suppressions(teller.session, [stopped] if stopped else []).values():
        return f"Recorded by {written.by or 'Optin'}: “{written.text}”."
    return ""


def _correctable(teller: Teller, stopped: Suppression | None) -> tuple[int | None, str]:
    """Return the opt-out that was read from a phrase and that a user may correct, with what is said of it."""
    read = phrase_opt_outs.of_messages(teller.session, [stopped.message_id] if stopped else [])
    for opt_out in read.values():
        if ledger.correction(teller.session, opt_out, clock.now()).refused is None:
            until = teller.day(opt_out.at + ledger.CORRECT_WITHIN)
            read_from = f"This was read from “{opt_out.phrase}”."
            return opt_out.id, f"{read_from} If it was not a request to stop, you can correct it until {until}."
    return None, ""


def _lost(teller: Teller) -> Refusal:
    gone = teller.open(NumberLoss)
    day = teller.day(gone.started_at) if gone else ""
    why, said = (
        "somebody else has this number now",
        f"This was recorded in Review on {day}. The number’s opt-ins have ended.",
    )
    if gone is None or gone.error_code:
        why, code = "this number is not in use", f" (Twilio’s error {gone.error_code})" if gone else ""
        said = f"Carriers have reported this since {day}{code}. The number’s opt-ins have ended." if gone else ""
    return Refusal(
        Reason.NUMBER_LOST,
        f"You can’t text {teller.name}: {why}.",
        said,
        "Ask them for their new number and enter it on the record. A text from this number opens the composer again.",
    )


def _blocked(teller: Teller) -> Refusal:
    found = _block(teller)
    return Refusal(
        Reason.BLOCKED,
        f"You can’t text {teller.name}: Twilio blocks texts from {teller.address} to this number.",
        f"Blocked since {teller.day(found.started_at)}: {_CAUSES[BlockCause(found.cause)]}." if found else "",
        f"To open the composer, {teller.does('text')} START to {teller.address}.",
    )


def _no_opt_in(teller: Teller) -> Refusal:
    required = "SMS Settings require an opt-in for 1:1 messages."
    words = [_asked(teller), _elsewhere(teller), _ended(teller), required]
    keywords, has_question = _ways_in(teller)
    return Refusal(
        Reason.NO_OPT_IN,
        f"You can’t text {teller.name}: this number has not opted in.",
        " ".join(filter(None, words)),
        " ".join(filter(None, (_way_in(teller, keywords, has_question), _also_blocked(teller)))),
        keywords[-1].id if keywords else None,
    )


def _asked(teller: Teller) -> str:
    """Say that a question is open."""
    asked = _last(teller, OptIn.number == teller.to.number, OptIn.status == OptInStatus.PENDING)
    if asked is None:
        return ""
    day = teller.day(asked.requested_at)
    return f"They were asked to confirm {asked.keyword.word} on {day} and have not answered yet."


def _elsewhere(teller: Teller) -> str:
    """Say that the person's opt-ins ended with the number that they had before."""
    if teller.to.person is None:
        return ""
    links = select(OptInPerson.opt_in_id).where(OptInPerson.person_id == teller.to.person.id)
    changed = OptIn.end_reason == EndReason.NUMBER_CHANGED
    gone = _last(teller, OptIn.id.in_(links), changed, OptIn.number != (teller.to.number or ""))
    return f"{teller.whose} opt-ins belong to the old number, {teller.show(gone.number)}." if gone else ""


def _ended(teller: Teller) -> str:
    """Say when and why the number's own last opt-in ended."""
    last = _last(teller, OptIn.number == teller.to.number, OptIn.end_reason.is_not(None))
    if last is None or last.ended_at is None:
        return ""
    why = last.state.label
    return f"The opt-in with {last.keyword.word} ended on {teller.day(last.ended_at)}: {why[0].lower()}{why[1:]}."


def _ways_in(teller: Teller) -> tuple[list[Keyword], bool]:
    """Return the keywords that they were asked about, else those that they know, else the newest; and if asked."""
    pending = _keywords(teller, OptIn.status == OptInStatus.PENDING)
    known = pending or _keywords(teller, OptIn.end_reason.is_not(None)) or _found(teller, true())
    return known, bool(pending)


def _way_in(teller: Teller, keywords: list[Keyword], has_question: bool) -> str:
    """Say what the person can text."""
    if not keywords:
        return "To open the composer, create an opt-in keyword first. People opt in by texting it."
    *others, last = (["YES"] if has_question else []) + [keyword.word for keyword in keywords]
    said = f"{', '.join(others)} or {last}" if others else last
    return f"To open the composer, {teller.does('text')} {said} to {teller.address}."


def _also_blocked(teller: Teller) -> str:
    if _block(teller) is None:
        return ""
    return f"Twilio blocks texts from {teller.address} to this number too, until {teller.does('text')} START to it."


def _block(teller: Teller) -> ProviderBlock | None:
    scope = teller.to.sender.scope if teller.to.sender else ""
    return teller.open(ProviderBlock, ProviderBlock.scope == scope)


def _last(teller: Teller, *where: ColumnElement[bool]) -> OptIn | None:
    return teller.session.scalars(select(OptIn).where(*where).order_by(OptIn.id.desc()).limit(1)).first()


def _keywords(teller: Teller, which: ColumnElement[bool]) -> list[Keyword]:
    """Return the keywords of the opt-ins of this number, or that the person had elsewhere, unless archived."""
    numbers = OptIn.number == teller.to.number
    if teller.to.person is not None:
        links = select(OptInPerson.opt_in_id).where(OptInPerson.person_id == teller.to.person.id)
        numbers = or_(numbers, OptIn.id.in_(links))
    had = select(OptIn.keyword_id).where(numbers, which)
    return _found(teller, Keyword.id.in_(had))


def _found(teller: Teller, which: ColumnElement[bool]) -> list[Keyword]:
    found = select(Keyword).where(Keyword.archived_at.is_(None), which)
    return list(teller.session.scalars(found.order_by(Keyword.id.desc()).limit(KEYWORDS_NAMED)))[::-1]
