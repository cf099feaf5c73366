"""Why a broadcast left a member out: what was recorded as it was decided, and how the rule went then."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import phone
from optin.consent import asked_then, course
from optin.consent.asked_then import AskedAbout
from optin.enums import Purpose, Reason
from optin.features.why import explanation
from optin.features.why.explanation import AskedMoment, Explanation, Knowledge
from optin.models import CampaignMember, LeftOut
from optin.policy.policy import Policy


def explain(session: Session, left_out: LeftOut, policy: Policy) -> Explanation:
    """Explain it; `policy` is that of today."""
    broadcast, number = left_out.broadcast, left_out.number or ""
    about = AskedAbout(
        number=number,
        purpose=Purpose.CAMPAIGN,
        channel=broadcast.channel,
        scope=broadcast.sender.scope,
        keyword_id=broadcast.keyword_id,
        not_after=broadcast.not_after,
        leaves_out_often=broadcast.leaves_out_often,
    )
    of_member = select(CampaignMember.zones, CampaignMember.us_state).where(
        CampaignMember.campaign_id == broadcast.campaign_id, CampaignMember.person_id == left_out.person_id
    )
    known_zones, us_state = session.execute(of_member).one_or_none() or ("", "")
    about = replace(about, us_state=us_state)
    history = asked_then.load(session, about, policy, broadcast.created_at, left_out.asked_at)
    zones = known_zones or (phone.zone_group(number, policy.default_region) if number else "")
    then = history.at(left_out.asked_at, zones)
    reason = Reason(left_out.reason)
    decision = course.decision(then.case, reason)
    recorded = AskedMoment("Left out", left_out.asked_at, Knowledge.RECORDED, decision)
    answer = reason if course.is_of_the_rule(then.case, reason) else then.decision.reason
    keyword = broadcast.keyword.word if broadcast.keyword else ""
    steps = explanation.steps_of(history, then, answer, keyword)
    return Explanation(
        verdict=explanation.verdict(steps, decision),
        moments=[recorded],
        deciding=recorded,
        then=then,
        steps=steps,
        settings=explanation.settings_of(history, then),
        relied_on=explanation.relied_on(session, history, then, None, Knowledge.WORKED_OUT),
        zones="that of the member or the number today",
        zones_known=Knowledge.WORKED_OUT,
        differs=explanation.differs(then, decision),
    )
