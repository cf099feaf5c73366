"""Why one of our messages was sent, waits or was not sent: what the rule said of it at each of its moments."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from optin import phone
from optin.consent import asked_then, course
from optin.consent.asked_then import AskedAbout, AskingHistory
from optin.consent.rules import Decision
from optin.enums import MessageStatus, Purpose, Reason, ReplyKind
from optin.features.why import explanation
from optin.features.why.explanation import AskedMoment, Explanation, Knowledge
from optin.models import Broadcast, CampaignMember, Message, Person
from optin.phone import us_states
from optin.policy.policy import Policy

BY_CONSENT = (Purpose.CAMPAIGN, Purpose.ONE_TO_ONE)
WAITING = (MessageStatus.QUEUED, MessageStatus.CLAIMED)
NEVER_SENT = (MessageStatus.SKIPPED, MessageStatus.CANCELLED)
ALLOWED = Decision(True)
NOT_THE_RULE = {
    Reason.NUMBER_CHANGED: "It was cancelled when the person’s number changed: it was meant for that person.",
    Reason.REPLY_TOO_LATE: "It was skipped because too much time had passed since the text that it answers.",
}


def is_moved(message: Message) -> bool:
    """Tell whether it came from Twilio for Salesforce, so that Optin never decided about it."""
    return message.id < 0


def explain(session: Session, message: Message, policy: Policy) -> Explanation:
    """Explain a message of ours that Optin decided about; `policy` is that of today."""
    broadcast = _broadcast(session, message)
    zones, us_state, zones_known = _place(session, message, broadcast, policy)
    about = replace(_about(message, broadcast), us_state=us_state)
    first = broadcast.created_at if broadcast else message.created_at
    last = message.decided_at or message.created_at
    history = asked_then.load(session, about, policy, min(first, message.created_at), max(first, last))
    asked = _moments(message, broadcast, history, zones)
    deciding = next(each for each in reversed(asked) if each.decision is not None and each.at is not None)
    decision = deciding.decision or ALLOWED
    then = history.at(deciding.at or message.created_at, zones)
    of_rule = course.is_of_the_rule(then.case, decision.reason)
    keyword = broadcast.keyword.word if broadcast and broadcast.keyword else ""
    steps = explanation.steps_of(history, then, decision.reason if of_rule else then.decision.reason, keyword)
    recorded = deciding.known is Knowledge.RECORDED
    kept = message.opt_in_id if recorded or message.purpose == Purpose.REPLY else None
    relies = message.purpose in BY_CONSENT or message.opt_in_id is not None
    return Explanation(
        verdict=_verdict(message, explanation.verdict(steps, decision)),
        moments=asked,
        deciding=deciding,
        then=then,
        steps=steps,
        settings=explanation.settings_of(history, then),
        relied_on=explanation.relied_on(session, history, then, kept, Knowledge.RECORDED) if relies else None,
        zones=_zones_from(session, message, zones, policy),
        zones_known=zones_known,
        differs=explanation.differs(then, decision) if recorded else "",
    )


def _broadcast(session: Session, message: Message) -> Broadcast | None:
    loads = (joinedload(Broadcast.keyword), joinedload(Broadcast.campaign))
    return session.get(Broadcast, message.broadcast_id, options=loads) if message.broadcast_id else None


def _about(message: Message, broadcast: Broadcast | None) -> AskedAbout:
    return AskedAbout(
        number=message.number,
        purpose=Purpose(message.purpose or Purpose.ONE_TO_ONE),
        channel=message.channel,
        scope=message.sender.scope if message.sender else "",
        keyword_id=broadcast.keyword_id if broadcast else None,
        reply_kind=ReplyKind(message.reply_kind) if message.reply_kind else None,
        not_after=broadcast.not_after if broadcast else None,
        leaves_out_often=broadcast is not None and broadcast.leaves_out_often,
    )


def _place(
    session: Session, message: Message, broadcast: Broadcast | None, policy: Policy
) -> tuple[str, str, Knowledge]:
    """Return the time zones and the state ("" for none) that the start looked at, else those of the member today.

    Without a member the time zones are those of the number.
    """
    if message.zones is not None:
        return message.zones, message.us_state or "", Knowledge.RECORDED
    if broadcast is None:
        return "", message.us_state or "", Knowledge.NOT_RECORDED
    of_member = select(CampaignMember.zones, CampaignMember.us_state).where(
        CampaignMember.campaign_id == broadcast.campaign_id, CampaignMember.person_id == message.person_id
    )
    zones, us_state = session.execute(of_member).one_or_none() or ("", "")
    if message.us_state is not None:
        us_state = message.us_state
    return zones or phone.zone_group(message.number, policy.default_region), us_state, Knowledge.WORKED_OUT


def _moments(
    message: Message, broadcast: Broadcast | None, history: AskingHistory, zones: str
) -> Sequence[AskedMoment]:
    """Return the three moments at which the rule is asked, and what it said at each."""
    return [*_shown(message, broadcast, history, zones), _queued(message, history, zones), _last(message)]


def _shown(message: Message, broadcast: Broadcast | None, history: AskingHistory, zones: str) -> list[AskedMoment]:
    if broadcast is not None:
        note = "The page shows how many, and for whom is not kept."
        return [_worked_out("Audience shown", broadcast.created_at, history, zones, note)]
    if message.purpose == Purpose.ONE_TO_ONE:
        return [AskedMoment("Composer shown", None, Knowledge.NOT_RECORDED)]
    return []


def _queued(message: Message, history: AskingHistory, zones: str) -> AskedMoment:
    if message.queued_reason is None:
        return _worked_out("Queued", message.created_at, history, zones)
    then = history.at(message.created_at, zones)
    reason = Reason(message.queued_reason) if message.queued_reason else None
    return AskedMoment("Queued", message.created_at, Knowledge.RECORDED, course.decision(then.case, reason))


def _worked_out(name: str, at: datetime, history: AskingHistory, zones: str, note: str = "") -> AskedMoment:
    return AskedMoment(name, at, Knowledge.WORKED_OUT, history.at(at, zones).decision, note)


def _last(message: Message) -> AskedMoment:
    """Return what the rule said at the start, or when it was asked last before one."""
    at, reason = message.decided_at, Reason(message.reason) if message.reason else None
    if message.started_at is not None:
        return AskedMoment("Started", message.started_at, Knowledge.RECORDED, ALLOWED)
    if at is None or (at == message.created_at and message.status in (*WAITING, *NEVER_SENT)):
        waits = "It has not come to its start yet." if message.status in WAITING else "It never came to a start."
        return AskedMoment("Start", None, Knowledge.RECORDED, None, waits)
    if message.status in WAITING:
        if reason is None:
            return AskedMoment("Start", at, Knowledge.RECORDED, None, "It was put off, but not by the rule.")
        return AskedMoment("Start", at, Knowledge.RECORDED, Decision(False, reason, waits=True))
    if reason is None and message.status == MessageStatus.CANCELLED:
        return AskedMoment("Taken back", at, Knowledge.RECORDED, None, "A user took it back before it started.")
    if reason in NOT_THE_RULE:
        return AskedMoment("Ended", at, Knowledge.RECORDED, None, NOT_THE_RULE[reason])
    if message.status in NEVER_SENT and reason:
        return AskedMoment("Before its start", at, Knowledge.RECORDED, Decision(False, reason))
    return AskedMoment("Start", at, Knowledge.RECORDED, ALLOWED, "It did not go: Twilio did not take it.")


def _verdict(message: Message, words: str) -> str:
    """Return what the head of the page says; `words` are those of the rule."""
    reason = Reason(message.reason) if message.reason else None
    if message.status == MessageStatus.CANCELLED and reason is None:
        return "A user took it back before it started. The rule did not refuse it."
    return NOT_THE_RULE.get(reason, words) if reason and message.status in NEVER_SENT else words


def _zones_from(session: Session, message: Message, zones: str, policy: Policy) -> str:
    """Say where time zones come from: the record, or the number."""
    if not zones:
        return ""
    person = session.get(Person, message.person_id) if message.person_id else None
    if person is not None and person.time_zone == zones:
        return "set on the record"
    if zones == phone.zone_group(message.number, policy.default_region):
        return "by the number’s area code or country"
    if zones == us_states.zone_group(message.number, policy.default_region, message.us_state or ""):
        return "by the number’s area code or country and the state of the address"
    return "as it was then; the record says another one today"
