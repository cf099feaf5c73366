"""The campaign rule over all members of a campaign at once, in the form that the database does best.

SQLite looks up each member in turn, quickest in the order of the numbers. PostgreSQL joins whole sets: asked for each
of a million members, the same took four times as long.
"""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, SQLColumnExpression, Subquery, and_, func, select
from sqlalchemy.orm import Session

from optin.consent import conditions, facts, rules
from optin.consent.audience import AudienceQuestion, Deliverability, reason
from optin.consent.conditions import WILL_RECEIVE
from optin.database.steering import evaluated_once
from optin.enums import Reason
from optin.models import CampaignMember


class Members(NamedTuple):
    """Members with their reason ("" for who receives); `rows` is to be selected from."""

    rows: FromClause
    why: ColumnElement[str]


def members(session: Session, question: AudienceQuestion) -> Members:
    """Return what a statement over all members selects from; it names members with `question.members`."""
    if session.get_bind().dialect.name == "postgresql":
        return _joined(question)
    return Members(CampaignMember.__table__, reason(question))


def reasons(session: Session, question: AudienceQuestion, *columns: SQLColumnExpression[Any]) -> Subquery:
    """Select the reason of each member, as `why`, behind other columns of the member; on SQLite by their numbers."""
    return evaluated_once(session, each_member(session, question, *columns), CampaignMember.number).subquery()


def each_member(session: Session, question: AudienceQuestion, *columns: SQLColumnExpression[Any]) -> Select[Any]:
    """Select columns of each member, and behind them the reason as `why`, for a statement that needs each row once."""
    of_all = members(session, question)
    each = select(*columns, of_all.why.label("why")).select_from(of_all.rows).where(question.members)
    return each if question.numbers is None else each.where(question.numbers.holds(CampaignMember.number))


def deliverability(session: Session, question: AudienceQuestion) -> Deliverability:
    """Count the members of a campaign by reason, in one statement."""
    each = reasons(session, question)
    rows = session.execute(select(each.c.why, func.count()).group_by(each.c.why)).all()
    counts = {str(row[0]): int(row[1]) for row in rows}
    will_receive = counts.pop(WILL_RECEIVE, 0)
    ordered = {why: counts[why] for why in Reason if why in counts}
    return Deliverability(will_receive + sum(ordered.values()), will_receive, ordered)


def _joined(question: AudienceQuestion) -> Members:
    """Join members with the sets of the facts that the rule asks for, each with at most one row for a number."""
    about, steps, member = question.about, rules.obstacles(question.case), CampaignMember
    asked = {fact for step in steps for fact, _ in step.when}
    sets: dict[facts.Rows, FromClause] = {}
    for fact in (facts.FACTS[name] for name in facts.FACTS if name in asked):
        if fact.rows is not None and fact.rows not in sets:
            sets[fact.rows] = fact.rows(about)
    rows: Any = member.__table__
    for each in sets.values():
        within = [question.numbers.holds(each.c.number)] if question.numbers else []
        rows = rows.outerjoin(each, and_(each.c.number == member.number, *within))

    def is_so(name: str) -> ColumnElement[bool]:
        fact = facts.FACTS.get(name)
        return fact.joined(sets[fact.rows].c) if fact and fact.rows else facts.is_so(about, name)

    return Members(rows, conditions.reason(steps, is_so))
