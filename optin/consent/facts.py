"""The facts of consent rules as SQL: each an EXISTS over an index, for one number or for a column of numbers.

FACTS has each under its name in `rules.Facts`, and as a set to be joined where that is quicker for many numbers.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Label,
    Select,
    SQLColumnExpression,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from optin.consent import caps, promises
from optin.consent.rules import Facts
from optin.database.statements import has_at_most
from optin.database.steering import written_out
from optin.enums import Channel, OptInStatus, Purpose
from optin.models import CampaignMember, Hold, NumberCode, NumberLoss, OptIn, ProviderBlock, Sender, Suppression, User
from optin.models.index_conditions import has_not_ended, is_not_removed
from optin.phone import is_e164
from optin.policy.policy import Policy


def has_phone(number: SQLColumnExpression[str | None]) -> ColumnElement[bool]:
    """The number is that of a phone, phone.is_e164 as SQL: no short code and no name can be texted. NULL is none.

    It is one expression, so that PostgreSQL takes it for half of the rows. It took each condition by itself for few,
    all together for one row in a million, and so read whole lists where a page begins with the first fifty.
    """
    one: ColumnElement[int] = literal_column("1")
    two: ColumnElement[int] = literal_column("2")
    looks_so = and_(
        func.substr(number, one, one) == literal_column("'+'"),
        func.substr(number, two, one) != literal_column("'0'"),
        func.ltrim(func.substr(number, two), literal_column("'0123456789'")) == literal_column("''"),
        func.length(number).between(literal_column("3"), literal_column("16")),
    )
    return case((number.is_not(None), looks_so), else_=false())


def duplicate(member: type[CampaignMember]) -> ColumnElement[bool]:
    """An earlier member of the same campaign has the same number."""
    earlier = aliased(CampaignMember)
    return exists().where(
        earlier.campaign_id == member.campaign_id,
        earlier.number == member.number,
        is_not_removed(earlier),
        earlier.id < member.id,
    )


def own_number(
    purpose: Purpose,
    user_id: SQLColumnExpression[int | None],
    number: SQLColumnExpression[str | None],
    now: datetime | BindParameter[datetime],
) -> ColumnElement[bool]:
    """The number is the user's own: verified for a test; for a code, the one that they verify with one still open."""
    if purpose == Purpose.CODE:
        return exists().where(NumberCode.user_id == user_id, NumberCode.number == number, NumberCode.expires_at > now)
    return exists().where(User.id == user_id, User.mobile == number, User.disabled_at.is_(None))


@dataclass(frozen=True, kw_only=True)
class About:
    """Of whom facts are asked: a number, the channel that it is to be reached by, a sender's block scope, the
    campaign's keyword (None: any). An opt-in is one for its channel alone; what stands against a number does so by all.

    `us_state` is that of their address, "" for none. `caps`: the policy and the moment, for what the number got.
    `member`: it is the number of a member of a campaign, in the table or among some of its rows, and `members` are all
    of them. `given` are conditions that only the asker knows, such as sending hours, by the name of the fact;
    `otherwise` those that it is not so, where that can be said better than with NOT.
    """

    number: SQLColumnExpression[str | None]
    channel: SQLColumnExpression[str] | str = Channel.SMS
    scope: SQLColumnExpression[str] | str | None = None
    keyword_id: SQLColumnExpression[int | None] | int | None = None
    us_state: SQLColumnExpression[str] | str = ""
    caps: tuple[Policy, datetime | None] | None = None
    member: type[CampaignMember] | None = None
    members: ColumnElement[bool] | None = None
    given: Mapping[str, ColumnElement[bool]] = field(default_factory=dict)
    otherwise: Mapping[str, ColumnElement[bool]] = field(default_factory=dict)


Rows = Callable[[About], FromClause]
"""Makes a set with the column `number` and at most one row for each, to be joined with members."""


@dataclass(frozen=True)
class Fact:
    """One fact: its condition, None where it can't be asked; its set, and what says it in a joined row of that.

    `numbers` selects all of which it is so, where something is stored with each. What is said of a joined row is never
    NULL, so that NOT turns it round also where the set has no row.
    """

    condition: Callable[[About], ColumnElement[bool] | None]
    rows: Rows | None = None
    joined: Callable[[Any], ColumnElement[bool]] = lambda row: row["number"].is_not(None)
    numbers: Callable[[About], Select[str]] | None = None


def _has_row(table: type[Any], *where: Callable[[About], ColumnElement[bool]]) -> Fact:
    """The fact that the number has a row in a table of which all of this is so."""

    def condition(about: About) -> ColumnElement[bool]:
        return exists().where(table.number == about.number, *(each(about) for each in where))

    def numbers(about: About) -> Select[str]:
        return select(table.number).where(*(each(about) for each in where))

    return Fact(condition, lambda about: numbers(about).distinct().subquery(), numbers=numbers)


def _is_open(table: type[Suppression | NumberLoss | Hold | ProviderBlock]) -> Callable[[About], ColumnElement[bool]]:
    return lambda _about: has_not_ended(table)


def _by_channel(about: About) -> ColumnElement[bool]:
    return OptIn.channel == about.channel


def _live(status: OptInStatus) -> Fact:
    """The fact that the number has an opt-in in the status with the keyword, or with any where there is none."""

    def given(about: About) -> list[ColumnElement[bool]]:
        own = [] if about.keyword_id is None else [OptIn.keyword_id == about.keyword_id]
        return [OptIn.status == written_out(status), _by_channel(about), *own]

    def condition(about: About) -> ColumnElement[bool]:
        return exists().where(OptIn.number == about.number, *given(about))

    def numbers(about: About) -> Select[str]:
        return select(OptIn.number).where(*given(about))

    return Fact(condition, live_opt_ins, lambda row: row.status.is_not_distinct_from(status), numbers)


def live_opt_ins(about: About) -> FromClause:
    """The opt-ins with the keyword that wait or are active: one at most for a number (uq_opt_in_live)."""
    is_live = OptIn.status.in_((OptInStatus.ACTIVE, OptInStatus.PENDING))
    of_keyword = _by_channel(about) & (OptIn.keyword_id == about.keyword_id)
    return select(OptIn.number, OptIn.status).where(of_keyword, is_live).subquery()


def _earliest(about: About) -> FromClause:
    first = select(CampaignMember.number, func.min(CampaignMember.id).label("id")).group_by(CampaignMember.number)
    return first.where(about.members if about.members is not None else true()).subquery()


def _promise_reached(about: About) -> ColumnElement[bool] | None:
    if about.caps is None or about.keyword_id is None:
        return None
    return promises.reached(about.number, about.keyword_id, about.channel, about.caps[1])


_BLOCKED = _has_row(ProviderBlock, lambda about: ProviderBlock.scope == about.scope, _is_open(ProviderBlock))
FACTS: Mapping[str, Fact] = {
    "has_number": Fact(lambda about: has_phone(about.number)),
    "suppressed": _has_row(Suppression, _is_open(Suppression)),
    "lost": _has_row(NumberLoss, _is_open(NumberLoss)),
    "held": _has_row(Hold, _is_open(Hold)),
    "duplicate": Fact(
        lambda about: duplicate(about.member) if about.member is not None else None,
        _earliest,
        lambda row: func.coalesce(CampaignMember.id > row.id, false()),
    ),
    "pending": _live(OptInStatus.PENDING),
    "opted_in": _live(OptInStatus.ACTIVE),
    "any_opt_in": _has_row(OptIn, lambda _about: OptIn.status == written_out(OptInStatus.ACTIVE), _by_channel),
    "blocked": replace(_BLOCKED, condition=lambda about: None if about.scope is None else _BLOCKED.condition(about)),
    "promise_reached": Fact(_promise_reached),
    "cap_reached": Fact(lambda about: caps.reached(about.number, *about.caps, about.us_state) if about.caps else None),
}
"""What the database knows of a number. All others in `rules.Facts` are given by who asks (`About.given`)."""


def is_so(about: About, name: str) -> ColumnElement[bool]:
    """The condition that a fact is so. Raises ValueError where it can't be asked: nothing passes because of that."""
    found = about.given.get(name)
    if found is None and name in FACTS:
        found = FACTS[name].condition(about)
    if found is None:
        raise ValueError(f"the fact {name!r} can't be asked here")
    return found


def is_not_so(about: About, name: str) -> ColumnElement[bool]:
    """The condition that a fact is not so, in the better form of `about.otherwise` where there is one."""
    better = about.otherwise.get(name)
    return not_(is_so(about, name)) if better is None else better


def few(session: Session, about: About, names: Iterable[str], most: int) -> Select[str] | None:
    """Select all numbers of which the first of the facts is so that is so of `most` numbers or fewer, None without one.

    That many rows are looked at to find out.
    """
    stored = [FACTS[name].numbers for name in names if name in FACTS]
    for numbers in (numbers(about) for numbers in stored if numbers):
        if has_at_most(session, numbers, most):
            return numbers
    return None


def columns(about: About, names: Collection[str]) -> list[Label[bool]]:
    """Return a column for each of the facts that can be asked of the database here."""
    found = {name: FACTS[name].condition(about) for name in FACTS if name in names}
    return [condition.label(name) for name, condition in found.items() if condition is not None]


def scope_and_channel(sender: Sender | None) -> tuple[str, str]:
    """Return a sender's block scope and channel; without a sender no block counts ("") and consent is that by SMS."""
    return (sender.scope, sender.channel) if sender else ("", Channel.SMS)


def of_number(
    session: Session,
    number: str | None,
    *,
    scope: str | None,
    channel: str = Channel.SMS,
    keyword_id: int | None = None,
    policy: Policy | None = None,
    now: datetime | None = None,
    too_late: bool = False,
    outside_hours: bool = False,
    us_state: str = "",
) -> Facts:
    """Look up the facts of one number in one statement; what is no E.164 number has none.

    `scope` and `channel` are the sender's, `keyword_id` the campaign's keyword (None: any). The cap is looked up
    when `policy` and `now` are given, for an address in `us_state`; `too_late` and `outside_hours` are passed on.
    """
    if not number or not is_e164(number):
        return Facts(has_number=False)
    given = (policy, now) if policy and now else None
    about = About(number=literal(number), channel=channel, scope=scope or None, keyword_id=keyword_id, caps=given)
    about = replace(about, us_state=us_state)
    row = session.execute(select(*columns(about, FACTS.keys() - {"has_number"}))).one()
    known = {name: bool(value) for name, value in row._mapping.items()}
    return Facts(**known, too_late=too_late, outside_hours=outside_hours)
