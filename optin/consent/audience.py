"""The campaign rule for whole audiences: the reason of each member as SQL, and who has it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, True_, and_, false, func, not_, or_, select, true
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import clauses, conditions, facts, hours, often, rules, state_places
from optin.consent.conditions import WILL_RECEIVE
from optin.consent.empty_fields import EmptyFields
from optin.consent.facts import About
from optin.consent.follow_up import FollowUp
from optin.consent.rules import Case
from optin.consent.state_places import PlaceGroup, within
from optin.database.steering import is_one_of_few
from optin.enums import Purpose, Reason
from optin.models import Campaign, CampaignMember
from optin.models.index_conditions import is_not_removed
from optin.policy.policy import Policy

RARE = 10_000
"""Of so many numbers something may be so that it is quicker to begin with them than to look for them in a list."""


@dataclass(frozen=True)
class NumberRange:
    """The numbers above one, up to another and with it, in the order of the database; None: without that end.

    `none`: instead of numbers, who has none.
    """

    above: str | None = None
    up_to: str | None = None
    none: bool = False

    def holds(self, number: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
        """The condition that a number is in the range."""
        if self.none:
            return number.is_(None)
        ends = [number.is_not(None) if self.above is None else number > self.above]
        return and_(*ends, *([] if self.up_to is None else [number <= self.up_to]))


@dataclass(frozen=True)
class TheseNumbers:
    """Some numbers, by name."""

    numbers: tuple[str, ...]

    def holds(self, number: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
        """The condition that a number is one of them."""
        return number.in_(self.numbers)


@dataclass(frozen=True)
class AudienceQuestion:
    """For whom the rule is asked: a campaign's members, its keyword, the sender's block scope and channel,
    policy and moment.

    `closed_groups` are the time-zone groups of members that are outside sending hours at `now`, `open_groups` the
    others, None where they were not asked for. `late_groups` are those whose sending hours do not begin before the
    broadcast's last time; None: it has come, for everybody. `closed_places` and `late_places`: of whom the same is so
    only by the hours of their states. `numbers`: only members whose numbers are in it are asked for; `follow_up`: only
    those of a part of the campaign; None: all. Who has nothing in one of the `empty_fields` is left out; None: nobody
    is for that. With `leaves_out_often`, who got many texts lately is (consent/often.py).
    """

    campaign_id: int
    keyword_id: int | None
    scope: str
    channel: str
    policy: Policy
    now: datetime
    closed_groups: Collection[str] = ()
    open_groups: Collection[str] | None = None
    late_groups: Collection[str] | None = ()
    closed_places: Sequence[PlaceGroup] = ()
    late_places: Sequence[PlaceGroup] = ()
    numbers: NumberRange | TheseNumbers | None = None
    follow_up: FollowUp | None = None
    empty_fields: EmptyFields | None = None
    leaves_out_often: bool = False

    @property
    def members(self) -> ColumnElement[bool]:
        """The condition that a member is one of those for whom it is asked, whatever their numbers."""
        return belongs(self.campaign_id, self.follow_up)

    def is_closed(self, number: str, zones: str, us_state: str = "") -> bool:
        """Tell whether it is outside the sending hours of a number (E.164) with its time-zone group and an address."""
        places = (each for each in self.closed_places if each.place.has(number, us_state))
        return zones in self.closed_groups or any(zones in each.zones for each in places)

    @property
    def may_be_late(self) -> bool:
        """Tell whether it may be too late for anybody."""
        return self.late_groups is None or bool(self.late_groups or self.late_places)

    @property
    def case(self) -> Case:
        """Return the case that the rule is asked for."""
        return conditions.case_of(Purpose.CAMPAIGN, self.policy, keyword_id=self.keyword_id)

    @property
    def about(self) -> About:
        """Return of whom facts are asked: of each member."""
        return self.about_member(CampaignMember)

    def about_member(self, of: type[CampaignMember]) -> About:
        """Return of whom facts are asked: of each member in the table, or among some of its rows."""
        about = self.about_number(of.number, of.zones, of.us_state)
        if self.empty_fields:
            about = replace(about, given={**about.given, "empty_field": self.empty_fields.any_of(of.person_id)})
        return replace(about, member=of, members=stays(self.campaign_id))

    def about_number(
        self,
        number: SQLColumnExpression[str | None],
        zones: SQLColumnExpression[str],
        us_state: SQLColumnExpression[str] | str,
    ) -> About:
        """Return of whom facts are asked: of somebody with a number, its time zones and the state of an address."""
        closed_by_state = [place.has(number, zones, us_state) for place in self.closed_places]
        closed = or_(within(zones, self.closed_groups), *closed_by_state)
        if self.open_groups is None:
            within_hours = not_(closed)
        else:
            within_hours = and_(within(zones, self.open_groups), *(not_(each) for each in closed_by_state))
        late = or_(_late(zones, self.late_groups), *(place.has(number, zones, us_state) for place in self.late_places))
        return About(
            number=number,
            channel=self.channel,
            scope=self.scope,
            keyword_id=self.keyword_id,
            us_state=us_state,
            caps=(self.policy, self.now),
            given={
                "too_late": late,
                "empty_field": false(),
                "often_texted": often.got_many(number, self.now) if self.leaves_out_often else false(),
                "outside_hours": closed,
            },
            otherwise={"outside_hours": within_hours},
        )


@dataclass(frozen=True)
class Deliverability:
    """How many members would receive a message now, and how many not for which reason; `at` is None for just now."""

    total: int
    will_receive: int
    reasons: dict[Reason, int] = field(default_factory=dict)
    at: datetime | None = None

    def having(self, why: Reason | None) -> int:
        """Count those who have a reason; None: who would receive."""
        return self.will_receive if why is None else self.reasons.get(why, 0)

    @property
    def will_wait(self) -> int:
        """Count those who get it later by themselves."""
        return self.having(Reason.OUTSIDE_HOURS)


def ask(
    session: Session,
    campaign: Campaign,
    scope: str,
    channel: str,
    policy: Policy,
    at: datetime | None = None,
    *,
    not_after: datetime | None = None,
    groups: Collection[str] | None = None,
) -> AudienceQuestion:
    """Make the question for a campaign and a sender's scope and channel, at this moment, or as far as is known `at` one
    to come.

    `not_after` is the last time of the broadcast that it is asked for. `groups` are the time-zone groups of others of
    whom it is asked (`reason_of_others`); None: it is asked of the members.
    """
    now = at or clock.now()
    asked = AudienceQuestion(campaign.id, campaign.keyword_id, scope, channel, policy, now)
    is_over = not_after is not None and not_after <= now
    if is_over:
        asked = replace(asked, late_groups=None)
    if policy.window is None and not policy.state_rules:
        return asked
    groups = zone_groups(session, campaign.id) if groups is None else groups
    return _at_hours(asked, groups, None if is_over else not_after)


def _at_hours(asked: AudienceQuestion, groups: Collection[str], not_after: datetime | None) -> AudienceQuestion:
    """Return the question with the groups that are outside sending hours, and so until the last time."""
    policy, now = asked.policy, asked.now
    closed: Sequence[str] = []
    late: Collection[str] | None = asked.late_groups
    if policy.window is not None:
        closed = hours.closed_zone_groups(groups, now, policy.window)
        late = hours.groups_closed_until(closed, now, not_after, policy.window) if not_after else late
    return replace(
        asked,
        closed_groups=closed,
        open_groups=[group for group in groups if group not in closed],
        late_groups=late,
        closed_places=state_places.closed(policy, groups, now, closed),
        late_places=state_places.late(policy, groups, now, not_after, late or ()) if not_after else (),
    )


def zone_groups(session: Session, campaign_id: int) -> list[str]:
    """Return the different zone groups of a campaign's members, each by one look into the index."""
    first = select(func.min(CampaignMember.zones).label("zones")).where(stays(campaign_id)).cte("found", recursive=True)
    above = select(func.min(CampaignMember.zones)).where(stays(campaign_id), CampaignMember.zones > first.c.zones)
    found = first.union_all(select(above.correlate(first).scalar_subquery()).where(first.c.zones.is_not(None)))
    return list(session.scalars(select(found.c.zones).where(found.c.zones.is_not(None))))


def stays(campaign_id: int) -> ColumnElement[bool]:
    """The condition that a member row belongs to the campaign and was not removed."""
    return (CampaignMember.campaign_id == campaign_id) & is_not_removed(CampaignMember)


def belongs(campaign_id: int, follow_up: FollowUp | None) -> ColumnElement[bool]:
    """The condition that a member row belongs to the campaign, and to a part of it; None: any."""
    return stays(campaign_id) if follow_up is None else stays(campaign_id) & follow_up.includes(CampaignMember.number)


def reason(question: AudienceQuestion) -> ColumnElement[str]:
    """The reason why a member would not receive a message now, "" if they would."""
    about = question.about
    return conditions.reason(rules.obstacles(question.case), lambda fact: facts.is_so(about, fact))


def reason_of_others(
    question: AudienceQuestion,
    number: SQLColumnExpression[str | None],
    zones: SQLColumnExpression[str],
    duplicate: ColumnElement[bool],
    us_state: SQLColumnExpression[str] | str = "",
) -> ColumnElement[str]:
    """The reason why somebody with a number, its time zones and an address would not receive a message now as a member.

    `duplicate` tells that a member who comes before them has the number. "" if they would receive it.
    """
    about = question.about_number(number, zones, us_state)
    about = replace(about, given={**about.given, "duplicate": duplicate})
    return conditions.reason(rules.obstacles(question.case), lambda fact: facts.is_so(about, fact))


def _late(zones: SQLColumnExpression[str], late_groups: Collection[str] | None) -> ColumnElement[bool]:
    """It is too late for the number; None: for everybody."""
    return true() if late_groups is None else within(zones, late_groups)


def having(
    question: AudienceQuestion, why: Reason | None, of: type[CampaignMember] = CampaignMember
) -> list[ColumnElement[bool]]:
    """Return the conditions that a member, of the table or of some of its rows, has this reason (None: would receive),
    each by itself.

    They say the same as `reason`, so that the database may begin with the few whom one of them leaves.
    """
    required = clauses.having(question.case, why)
    if required is None:
        return [false()]
    return [said for said in conditions.hold(question.about_member(of), required) if not isinstance(said, True_)]


def few_having(
    session: Session, question: AudienceQuestion, why: Reason | None, most: int
) -> ColumnElement[bool] | None:
    """The condition to be one of the members among whom all are that have this reason, where something that the reason
    needs is stored with so many numbers at most.

    A list that asks for them reads no others; who of them has the reason, `having` says. None: nothing of it is rare.
    """
    said = [fact for (fact, is_so), *others in clauses.having(question.case, why) or [] if is_so and not others]
    numbers = facts.few(session, question.about, said, most)
    if numbers is None:
        return None
    has_it = is_one_of_few(session, CampaignMember.number, select(numbers.limit(most).subquery().c.number))
    members = select(CampaignMember.id).where(stays(question.campaign_id), has_it)
    return is_one_of_few(session, CampaignMember.id, members)


def taken_in(question: AudienceQuestion) -> list[str]:
    """Return the reasons with which a member belongs into the outbox of a broadcast: "", or what passes by itself."""
    return [WILL_RECEIVE, *map(str, rules.waits(question.case))]
