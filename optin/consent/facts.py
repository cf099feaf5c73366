"""The facts of consent rules as SQL: each an EXISTS over an index, for one number or for a column of numbers."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    exists,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from optin.consent.rules import Facts
from optin.enums import MessageStatus, OptInStatus, Purpose
from optin.models import CampaignMember, Hold, Message, NumberCode, NumberLoss, OptIn, ProviderBlock, Suppression, User
from optin.phone import is_e164
from optin.policy.policy import Policy

NEVER_WENT = (MessageStatus.SKIPPED, MessageStatus.CANCELLED, MessageStatus.FAILED)


def has_phone(number: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
    """The number is that of a phone, phone.is_e164 as SQL: no short code and no name can be texted. NULL is none."""
    one: ColumnElement[int] = literal_column("1")
    two: ColumnElement[int] = literal_column("2")
    return and_(
        number.is_not(None),
        func.substr(number, one, one) == literal_column("'+'"),
        func.substr(number, two, one) != literal_column("'0'"),
        func.ltrim(func.substr(number, two), literal_column("'0123456789'")) == literal_column("''"),
        func.length(number).between(literal_column("3"), literal_column("16")),
    )


def suppressed(number: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
    """The number asked for no more messages at all."""
    return exists().where(Suppression.number == number, Suppression.ended_at.is_(None))


def lost(number: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
    """The carrier says that the number is not in use."""
    return exists().where(NumberLoss.number == number, NumberLoss.ended_at.is_(None))


def held(number: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
    """The number waits for a person's decision."""
    return exists().where(Hold.number == number, Hold.ended_at.is_(None))


def opted_in(
    number: SQLColumnExpression[str | None],
    keyword_id: SQLColumnExpression[int | None] | int | None,
    status: OptInStatus,
) -> ColumnElement[bool]:
    """The number has an opt-in in `status` with the keyword, or with any keyword when it is the literal None.

    The status is written out: SQLite would prepare the statement anew each time, to see whether a partial index serves.
    """
    given = [OptIn.number == number, OptIn.status == literal_column(f"'{status}'")]
    if keyword_id is not None:
        given.append(OptIn.keyword_id == keyword_id)
    return exists().where(*given)


def blocked(number: SQLColumnExpression[str | None], scope: SQLColumnExpression[str] | str) -> ColumnElement[bool]:
    """Twilio refuses to send from the scope to the number."""
    return exists().where(
        ProviderBlock.scope == scope, ProviderBlock.number == number, ProviderBlock.ended_at.is_(None)
    )


def duplicate(member: type[CampaignMember]) -> ColumnElement[bool]:
    """An earlier member of the same campaign has the same number."""
    earlier = aliased(CampaignMember)
    return exists().where(
        earlier.campaign_id == member.campaign_id,
        earlier.number == member.number,
        earlier.removed_at.is_(None),
        earlier.id < member.id,
    )


def closed(zones: SQLColumnExpression[str], closed_groups: Collection[str]) -> ColumnElement[bool]:
    """It is outside sending hours where the number may be; `closed_groups` comes from consent/hours.py."""
    return zones.in_(list(closed_groups)) if closed_groups else false()


def late(zones: SQLColumnExpression[str], late_groups: Collection[str] | None) -> ColumnElement[bool]:
    """It is too late for the number, by the groups of consent/hours.py; None: for everybody."""
    return true() if late_groups is None else closed(zones, late_groups)


def cap_reached(number: SQLColumnExpression[str | None], policy: Policy, now: datetime) -> ColumnElement[bool]:
    """The number got as many broadcast messages in a rolling day or week as the policy allows."""
    reached: ColumnElement[bool] = false()
    for cap, span in _caps(policy):
        got = select(func.count()).select_from(Message).where(*_counts(number, now - span)).scalar_subquery()
        reached = reached | (got >= cap)
    return reached


def cap_free_at(session: Session, number: str, policy: Policy, now: datetime) -> datetime:
    """Return the earliest moment, from `now` on, at which the caps let the number (E.164) get another one.

    A cap of n is free again when the nth of those that count, from the newest, is as old as its span.
    """
    moments = [now]
    for cap, span in _caps(policy):
        newest = select(Message.started_at).where(*_counts(literal(number), now - span))
        nth = session.scalar(newest.order_by(Message.started_at.desc()).offset(cap - 1).limit(1))
        moments += [nth + span] if nth else []
    return max(moments)


def _caps(policy: Policy) -> list[tuple[int, timedelta]]:
    """List the caps that are set, each with its rolling span."""
    caps = [(policy.cap_per_day, timedelta(hours=24)), (policy.cap_per_week, timedelta(days=7))]
    return [(cap, span) for cap, span in caps if cap]


def _counts(number: SQLColumnExpression[str | None], since: datetime) -> list[ColumnElement[bool]]:
    """The conditions that a message counts towards a cap of the number whose span began at `since`."""
    return [
        Message.number == number,
        Message.purpose == Purpose.CAMPAIGN,
        Message.started_at > since,
        Message.status.not_in(NEVER_WENT),
    ]


def own_number(
    purpose: Purpose,
    user_id: SQLColumnExpression[int | None],
    number: SQLColumnExpression[str | None],
    now: datetime,
) -> ColumnElement[bool]:
    """The number is the user's own: verified for a test; for a code, the one that they verify with one still open."""
    if purpose == Purpose.CODE:
        return exists().where(NumberCode.user_id == user_id, NumberCode.number == number, NumberCode.expires_at > now)
    return exists().where(User.id == user_id, User.mobile == number, User.disabled_at.is_(None))


def of_number(
    session: Session,
    number: str | None,
    *,
    scope: str | None,
    keyword_id: int | None = None,
    policy: Policy | None = None,
    now: datetime | None = None,
    too_late: bool = False,
    outside_hours: bool = False,
) -> Facts:
    """Look up the facts of one number in one statement; what is no E.164 number has none.

    `scope` is the sending address's block scope, `keyword_id` the campaign's keyword (None: any). The cap is looked up
    when `policy` and `now` are given; `too_late` and `outside_hours` are passed on.
    """
    if not number or not is_e164(number):
        return Facts(has_number=False)
    given = literal(number)
    row = session.execute(
        select(
            suppressed(given),
            lost(given),
            held(given),
            opted_in(given, keyword_id, OptInStatus.PENDING),
            opted_in(given, keyword_id, OptInStatus.ACTIVE),
            opted_in(given, None, OptInStatus.ACTIVE),
            blocked(given, scope) if scope else false(),
            cap_reached(given, policy, now) if policy and now else false(),
        )
    ).one()
    return Facts(
        suppressed=bool(row[0]),
        lost=bool(row[1]),
        held=bool(row[2]),
        pending=bool(row[3]),
        opted_in=bool(row[4]),
        any_opt_in=bool(row[5]),
        blocked=bool(row[6]),
        cap_reached=bool(row[7]),
        too_late=too_late,
        outside_hours=outside_hours,
    )


def consent_holds(
    number: SQLColumnExpression[str], keyword_id: int | None, scope: str, *, needs_opt_in: bool
) -> ColumnElement[bool]:
    """The condition of the start statement of a campaign message: consent as it is at this very moment.

    `needs_opt_in` is False only for a campaign without keyword whose policy relaxes it.
    """
    conditions = [has_phone(number), ~suppressed(number), ~lost(number), ~held(number), ~blocked(number, scope)]
    if needs_opt_in:
        conditions.append(opted_in(number, keyword_id, OptInStatus.ACTIVE))
    return and_(*conditions)
