"""The campaign rule over all members of a campaign at once, in the form that suits each database best.

SQLite looks up each member in turn, quickest in the order of the numbers. PostgreSQL joins whole sets: asked for each
of a million members, the same took four times as long.
"""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Integer, Subquery, case, func, literal, not_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from optin.consent import facts
from optin.consent.audience import WILL_RECEIVE, AudienceQuestion, Deliverability, reason, stays
from optin.enums import Channel, OptInStatus, Reason
from optin.models import CampaignMember, Hold, NumberLoss, OptIn, ProviderBlock, Suppression


class Whole(NamedTuple):
    """Members with their reason ("" for who receives) and the opt-in that allows it; `rows` is to be selected from."""

    rows: FromClause
    why: ColumnElement[str]
    opt_in_id: ColumnElement[Any]


def of(session: Session, question: AudienceQuestion) -> Whole:
    """Return what a statement over all members selects from; it names members with `audience.stays`."""
    if session.get_bind().dialect.name == "postgresql":
        return _joined(question)
    return Whole(CampaignMember.__table__, reason(question), _newest_opt_in(question))


def reasons(session: Session, question: AudienceQuestion) -> Subquery:
    """Select the reason of each member, as `why`."""
    whole = of(session, question)
    each = select(whole.why.label("why")).select_from(whole.rows).where(stays(question.campaign_id))
    if session.get_bind().dialect.name == "sqlite":  # the limit keeps it from asking twice
        each = each.order_by(CampaignMember.number).limit(-1)
    return each.subquery()


def deliverability(session: Session, question: AudienceQuestion) -> Deliverability:
    """Count the members of a campaign by reason, in one statement."""
    each = reasons(session, question)
    rows = session.execute(select(each.c.why, func.count()).group_by(each.c.why)).all()
    counts = {str(row[0]): int(row[1]) for row in rows}
    will_receive = counts.pop(WILL_RECEIVE, 0)
    ordered = {why: counts[why] for why in Reason if why in counts}
    return Deliverability(will_receive + sum(ordered.values()), will_receive, ordered)


def _joined(question: AudienceQuestion) -> Whole:
    """Join members with the sets that the rule asks for, each with at most one row for a number."""
    member, policy = CampaignMember, question.policy
    stopped = select(Suppression.number).where(Suppression.ended_at.is_(None)).distinct().subquery()
    lost = select(NumberLoss.number).where(NumberLoss.ended_at.is_(None)).distinct().subquery()
    held = select(Hold.number).where(Hold.ended_at.is_(None)).distinct().subquery()
    at_scope = (ProviderBlock.scope == question.scope, ProviderBlock.ended_at.is_(None))
    blocked = select(ProviderBlock.number).where(*at_scope).distinct().subquery()
    first = select(member.number, func.min(member.id).label("id")).where(stays(question.campaign_id))
    earliest = first.group_by(member.number).subquery()
    rows: Any = member.__table__
    for facts_of in (stopped, lost, held, blocked, earliest):
        rows = rows.outerjoin(facts_of, facts_of.c.number == member.number)
    steps: list[tuple[ColumnElement[bool], Reason]] = [
        (not_(facts.has_phone(member.number)), Reason.NO_NUMBER),
        (stopped.c.number.is_not(None), Reason.OPTED_OUT),
        (lost.c.number.is_not(None), Reason.NUMBER_LOST),
        (held.c.number.is_not(None), Reason.ON_HOLD),
        (member.id > earliest.c.id, Reason.DUPLICATE),
    ]
    opt_in_id: ColumnElement[Any] = _newest_opt_in(question)
    if question.keyword_id is not None:
        live = aliased(OptIn)  # one at most: uq_opt_in_live
        is_live = live.status.in_((OptInStatus.ACTIVE, OptInStatus.PENDING))
        of_keyword = (live.channel == Channel.SMS) & (live.keyword_id == question.keyword_id)
        rows = rows.outerjoin(live, (live.number == member.number) & of_keyword & is_live)
        steps += [(live.status == OptInStatus.PENDING, Reason.PENDING), (live.id.is_(None), Reason.NOT_OPTED_IN)]
        opt_in_id = type_coerce(live.id, Integer())
    elif policy.keywordless_needs_opt_in:
        active = select(OptIn.number).where(OptIn.status == OptInStatus.ACTIVE).distinct().subquery()
        rows = rows.outerjoin(active, active.c.number == member.number)
        steps.append((active.c.number.is_(None), Reason.NO_OPT_IN))
    steps.append((blocked.c.number.is_not(None), Reason.BLOCKED))
    if question.may_be_late:
        steps.append((facts.late(member.zones, question.late_groups), Reason.TOO_LATE))
    steps.append((facts.closed(member.zones, question.closed_groups), Reason.OUTSIDE_HOURS))
    if policy.cap_per_day or policy.cap_per_week:
        steps.append((facts.cap_reached(member.number, policy, question.now), Reason.CAP_REACHED))
    why = case(*((condition, literal(str(step))) for condition, step in steps), else_=literal(WILL_RECEIVE))
    return Whole(rows, why, opt_in_id)


def _newest_opt_in(question: AudienceQuestion) -> ColumnElement[Any]:
    """Look up the newest active opt-in of the member's number, with the campaign's keyword if it has one."""
    own = [OptIn.keyword_id == question.keyword_id] if question.keyword_id else []
    active = (OptIn.number == CampaignMember.number, OptIn.status == OptInStatus.ACTIVE, *own)
    return select(func.max(OptIn.id)).where(*active).correlate(CampaignMember).scalar_subquery()
