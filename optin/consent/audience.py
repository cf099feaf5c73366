"""The campaign rule as SQL, for whole audiences: the reason of each member, counts by reason, and who they are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, case, false, func, literal, not_, select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import facts, hours
from optin.enums import OptInStatus, Reason
from optin.models import Campaign, CampaignMember
from optin.policy.policy import Policy

WILL_RECEIVE = ""


@dataclass(frozen=True)
class AudienceQuestion:
    """For whom the rule is asked: a campaign's members, its keyword, the sender's block scope, policy and moment.

    `closed_groups` are the time-zone groups of members that are outside sending hours at `now`, `open_groups` the
    others, None where they were not asked for. `late_groups` are those whose sending hours do not begin before the
    broadcast's last time; None: it has come, for everybody.
    """

    campaign_id: int
    keyword_id: int | None
    scope: str
    policy: Policy
    now: datetime
    closed_groups: Collection[str] = ()
    open_groups: Collection[str] | None = None
    late_groups: Collection[str] | None = ()

    @property
    def may_be_late(self) -> bool:
        """Tell whether it is too late for anybody."""
        return self.late_groups is None or bool(self.late_groups)


@dataclass(frozen=True)
class Deliverability:
    """How many members would receive a message now, and how many not for which reason; `at` is None for just now."""

    total: int
    will_receive: int
    reasons: dict[Reason, int] = field(default_factory=dict)
    at: datetime | None = None

    @property
    def will_wait(self) -> int:
        """Count those who get it later by themselves."""
        return self.reasons.get(Reason.OUTSIDE_HOURS, 0)


def ask(
    session: Session,
    campaign: Campaign,
    scope: str,
    policy: Policy,
    at: datetime | None = None,
    *,
    not_after: datetime | None = None,
) -> AudienceQuestion:
    """Make the question for a campaign and a sender's scope at this moment, or `at` one to come as far as is known.

    `not_after` is the last time of the broadcast that it is asked for.
    """
    now = at or clock.now()
    closed: Sequence[str] = ()
    others: Sequence[str] | None = None
    late: Sequence[str] | None = None if not_after and not_after <= now else ()
    if policy.window is not None:
        groups = zone_groups(session, campaign.id)
        closed = hours.closed_zone_groups(groups, now, policy.window)
        others = [group for group in groups if group not in closed]
        if not_after and late is not None:
            late = hours.groups_closed_until(closed, now, not_after, policy.window)
    return AudienceQuestion(campaign.id, campaign.keyword_id, scope, policy, now, closed, others, late)


def zone_groups(session: Session, campaign_id: int) -> list[str]:
    """Return the different zone groups of a campaign's members, each by one look into the index."""
    first = select(func.min(CampaignMember.zones).label("zones")).where(stays(campaign_id)).cte("found", recursive=True)
    above = select(func.min(CampaignMember.zones)).where(stays(campaign_id), CampaignMember.zones > first.c.zones)
    found = first.union_all(select(above.correlate(first).scalar_subquery()).where(first.c.zones.is_not(None)))
    return list(session.scalars(select(found.c.zones).where(found.c.zones.is_not(None))))


def stays(campaign_id: int) -> ColumnElement[bool]:
    """The condition that a member row belongs to the campaign and was not removed."""
    return (CampaignMember.campaign_id == campaign_id) & CampaignMember.removed_at.is_(None)


def reason(question: AudienceQuestion) -> ColumnElement[str]:
    """The reason why a member would not receive a message now, "" if they would: rules.decide_campaign as SQL."""
    steps = _steps(question)
    return case(*((condition, literal(str(why))) for condition, why in steps), else_=literal(WILL_RECEIVE))


def _steps(question: AudienceQuestion) -> list[tuple[ColumnElement[bool], Reason]]:
    """List the reasons in the order of the rule, each with the condition that it is so."""
    number, policy, member = CampaignMember.number, question.policy, CampaignMember
    has_keyword = question.keyword_id is not None
    steps: list[tuple[ColumnElement[bool], Reason]] = [
        (not_(facts.has_phone(number)), Reason.NO_NUMBER),
        (facts.suppressed(number), Reason.OPTED_OUT),
        (facts.lost(number), Reason.NUMBER_LOST),
        (facts.held(number), Reason.ON_HOLD),
        (facts.duplicate(member), Reason.DUPLICATE),
    ]
    if has_keyword:
        missing = not_(facts.opted_in(number, question.keyword_id, OptInStatus.ACTIVE))
        waiting = facts.opted_in(number, question.keyword_id, OptInStatus.PENDING)
        steps += [(missing & waiting, Reason.PENDING), (missing, Reason.NOT_OPTED_IN)]
    elif policy.keywordless_needs_opt_in:
        steps.append((not_(facts.opted_in(number, None, OptInStatus.ACTIVE)), Reason.NO_OPT_IN))
    steps.append((facts.blocked(number, question.scope), Reason.BLOCKED))
    if question.may_be_late:
        steps.append((facts.late(member.zones, question.late_groups), Reason.TOO_LATE))
    steps.append((facts.closed(member.zones, question.closed_groups), Reason.OUTSIDE_HOURS))
    if policy.cap_per_day or policy.cap_per_week:
        steps.append((facts.cap_reached(number, policy, question.now), Reason.CAP_REACHED))
    return steps


def _passed(question: AudienceQuestion, condition: ColumnElement[bool], step: Reason) -> ColumnElement[bool]:
    """Say that a step does not refuse: without a double NOT, which keeps PostgreSQL from joining."""
    if step is Reason.OUTSIDE_HOURS:
        return _open(question)
    if step is Reason.NO_NUMBER:
        return facts.has_phone(CampaignMember.number)
    if step in (Reason.NOT_OPTED_IN, Reason.NO_OPT_IN):
        return facts.opted_in(CampaignMember.number, question.keyword_id, OptInStatus.ACTIVE)
    return not_(condition)


def _open(question: AudienceQuestion) -> ColumnElement[bool]:
    """It is within sending hours where the member may be, by the groups that are open where they are known."""
    if question.open_groups is None:
        return not_(facts.closed(CampaignMember.zones, question.closed_groups))
    return CampaignMember.zones.in_(list(question.open_groups)) if question.open_groups else false()


def having(question: AudienceQuestion, why: Reason | None) -> list[ColumnElement[bool]]:
    """Return the conditions that a member has this reason (None: would receive), each by itself.

    They say the same as `reason`, so that the database may begin with the few whom one of them leaves.
    """
    steps = _steps(question)
    if why is Reason.NOT_OPTED_IN:
        steps = [(condition, step) for condition, step in steps if step is not Reason.PENDING]
        waiting = facts.opted_in(CampaignMember.number, question.keyword_id, OptInStatus.PENDING)
        steps = [(condition & ~waiting if step is why else condition, step) for condition, step in steps]
    found: list[ColumnElement[bool]] = []
    for condition, step in steps:
        if step is why:
            return [*found, condition]
        if step is not Reason.PENDING:  # who waits has not opted in either: the next step
            found.append(_passed(question, condition, step))
    return [false()] if why else found


def taken_in(question: AudienceQuestion) -> list[str]:
    """Return the reasons with which a member belongs into the outbox of a broadcast: "", or what passes by itself."""
    waits = [WILL_RECEIVE, str(Reason.OUTSIDE_HOURS)]
    return [*waits, str(Reason.CAP_REACHED)] if question.policy.cap_waits else waits
