"""Why a member of a campaign would receive a message now or would not, and what became of its last broadcasts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from optin import clock
from optin.consent import asked_then, facts
from optin.consent.asked_then import AskedAbout, AskedThen, AskingHistory
from optin.consent.rules import Facts
from optin.enums import BroadcastState, Purpose, Reason
from optin.features.why import explanation
from optin.features.why.explanation import AskedMoment, Explanation, Knowledge
from optin.models import Broadcast, CampaignMember, LeftOut, Message, Person, Sender
from optin.policy.policy import Policy

BROADCASTS = 5
NOT_BEGUN = (BroadcastState.SCHEDULED, BroadcastState.QUEUEING)


@dataclass(frozen=True)
class PastBroadcast:
    """A broadcast of the campaign and the message that the member got of it; without one why not, as it was recorded
    (`left_out`), else as the log says."""

    broadcast: Broadcast
    message: Message | None
    answer: str
    left_out: LeftOut | None = None


@dataclass(frozen=True)
class MemberWhy:
    """What the rule says of a member now, and what became of the campaign's last broadcasts."""

    now: Explanation
    past: Sequence[PastBroadcast]


def explain(session: Session, member: CampaignMember, sender: Sender | None, policy: Policy) -> MemberWhy:
    """Explain what the rule says of a member, for a message from the sender (None: no block counts)."""
    now, campaign = clock.now(), member.campaign
    scope, channel = facts.scope_and_channel(sender)
    about = AskedAbout(member.number or "", Purpose.CAMPAIGN, channel, scope, campaign.keyword_id)
    about = replace(about, us_state=member.us_state)
    broadcasts = _broadcasts(session, member)
    first = min([now, *(_began(broadcast) for broadcast, *_ in broadcasts)])
    history = asked_then.load(session, about, policy, first, now)
    then = history.at(now, member.zones)
    then = replace(then, case=about.case(policy), facts=_facts(session, member, about, policy, then))
    steps = explanation.steps_of(history, then, then.decision.reason, campaign.keyword.word if campaign.keyword else "")
    asked = AskedMoment("Now", now, Knowledge.NOW, then.decision)
    explained = Explanation(
        verdict=explanation.verdict(steps, then.decision),
        moments=[asked],
        deciding=asked,
        then=then,
        steps=steps,
        settings=explanation.settings_of(history, then),
        relied_on=explanation.relied_on(session, history, then, None, Knowledge.WORKED_OUT),
        zones=zones_from(member.person),
        zones_known=Knowledge.NOW,
    )
    return MemberWhy(explained, [_past(history, member, *each) for each in broadcasts])


def zones_from(person: Person) -> str:
    """Say where the time zones of a person are from."""
    if person.time_zone:
        return "set on the record"
    beside = " and the state of the address" if person.us_state else ""
    return f"by the number’s area code or country{beside}"


def _facts(session: Session, member: CampaignMember, about: AskedAbout, policy: Policy, then: AskedThen) -> Facts:
    """Look up what is so of the member now; the clock was looked at already."""
    known = facts.of_number(
        session,
        member.number,
        scope=about.scope,
        channel=about.channel,
        keyword_id=about.keyword_id,
        policy=policy,
        now=then.at,
        outside_hours=then.facts.outside_hours,
        us_state=about.us_state,
    )
    is_second = session.scalar(
        select(facts.duplicate(CampaignMember)).select_from(CampaignMember).where(CampaignMember.id == member.id)
    )
    return replace(known, duplicate=bool(is_second))


def _broadcasts(session: Session, member: CampaignMember) -> list[tuple[Broadcast, Message | None, LeftOut | None]]:
    """Return the campaign's last broadcasts, each with the message to the member or to the number, or why there was
    none."""
    mine = or_(Message.person_id == member.person_id, Message.number == (member.number or ""))
    left_out = and_(LeftOut.broadcast_id == Broadcast.id, LeftOut.person_id == member.person_id)
    found = (
        select(Broadcast, Message, LeftOut)
        .outerjoin(Message, and_(Message.broadcast_id == Broadcast.id, mine))
        .outerjoin(LeftOut, left_out)
        .where(Broadcast.campaign_id == member.campaign_id, Broadcast.state.not_in(NOT_BEGUN))
        .options(joinedload(Broadcast.keyword))
        .order_by(Broadcast.id.desc())
        .limit(BROADCASTS)
    )
    return [(broadcast, message, kept) for broadcast, message, kept in session.execute(found)]


def _began(broadcast: Broadcast) -> datetime:
    return broadcast.started_at or broadcast.created_at


def _past(
    history: AskingHistory,
    member: CampaignMember,
    broadcast: Broadcast,
    message: Message | None,
    left_out: LeftOut | None,
) -> PastBroadcast:
    """Say what became of a broadcast; where there is no message, what was recorded, else what the log says why."""
    if left_out is not None:
        return PastBroadcast(broadcast, None, Reason(left_out.reason).label, left_out)
    if message is not None:
        return PastBroadcast(broadcast, message, "")
    if member.added_at > _began(broadcast):
        return PastBroadcast(broadcast, None, "Was not a member yet")
    about = replace(history.about, keyword_id=broadcast.keyword_id, not_after=broadcast.not_after)
    about = replace(about, leaves_out_often=broadcast.leaves_out_often)
    decision = replace(history, about=about).at(_began(broadcast), member.zones).decision
    if decision.reason is None:
        return PastBroadcast(broadcast, None, "")
    return PastBroadcast(broadcast, None, explanation.said(decision))
