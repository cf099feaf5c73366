"""Who had agreed at a moment in the past, by the events alone: as it was known then, and as it is known now.

A STOP may be found hours after it was texted, and paper is brought in days after it was signed. What was known at a
moment follows from the events that were written by then; what is known now of that moment, from those of whatever
happened by then, whenever it was written. That is `replay` of the events so far, asked of many opt-ins at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from optin.consent.replay import ACTIVATING, OPT_IN_EFFECTS, RETURNING
from optin.enums import LabelledEnum
from optin.models import CampaignMember, ConsentEvent, OptIn
from optin.models.index_conditions import is_not_removed
from optin.queries.paging import SIZE

NOTHING_YET = ""
LOOKED_AT = 100
"""How many records are looked at for each row of a page: a page is short where few of many had agreed."""


class Known(LabelledEnum):
    """From when the knowledge is that answers."""

    THEN = "then", "As it was known then", ""
    NOW = "now", "As it is known now", ""
    DIFFERS = "differs", "Where the two differ", ""


@dataclass(frozen=True)
class AsOf:
    """A question: which of these records had agreed. `then` and `now` are the two answers for each record."""

    model: type[OptIn] | type[CampaignMember]
    among: Sequence[ColumnElement[bool]]
    then: ColumnElement[bool]
    now: ColumnElement[bool]

    def answer(self, known: Known) -> ColumnElement[bool]:
        """Return what selects the records of an answer."""
        return {Known.THEN: self.then, Known.NOW: self.now, Known.DIFFERS: self.then != self.now}[known]


@dataclass(frozen=True)
class Counted:
    """How many had agreed, among the records looked at so far; `last` is the last of these, None when all were."""

    then: int = 0
    now: int = 0
    differ: int = 0
    looked_at: int = 0
    last: int | None = 0


@dataclass(frozen=True)
class Found:
    """Some records that had agreed, by their ids, with both answers; `last` is where to go on, None at the end."""

    ids: list[int]
    answers: dict[int, tuple[bool, bool]]
    last: int | None


def of_keyword(keyword_id: int, moment: datetime) -> AsOf:
    """Ask for the opt-ins of a keyword that were active at a moment."""
    then, now = (_stood(OptIn.id, moment, known) for known in (Known.THEN, Known.NOW))
    return AsOf(OptIn, [OptIn.keyword_id == keyword_id], then, now)


def of_campaign(campaign_id: int, keyword_id: int, moment: datetime) -> AsOf:
    """Ask for those who were members of a campaign at a moment and whose number was opted in with a keyword.

    The number is the one that they have today.
    """
    were_members = [
        CampaignMember.campaign_id == campaign_id,
        CampaignMember.added_at <= moment,
        or_(is_not_removed(CampaignMember), CampaignMember.removed_at > moment),
    ]
    then, now = (_had_agreed(keyword_id, moment, known) for known in (Known.THEN, Known.NOW))
    return AsOf(CampaignMember, were_members, then, now)


def count(session: Session, asked: AsOf, at_once: int, so_far: Counted = Counted()) -> Counted:
    """Look at the next `at_once` records and count on: to count a million would hold up whoever waits."""
    some = _next(asked, so_far.last or 0, at_once)
    each = select(asked.then.label("then"), asked.now.label("now")).where(asked.model.id.in_(select(some.c.id)))
    answers = each.subquery()
    figures = session.execute(
        select(
            select(func.count()).select_from(some).scalar_subquery(),
            select(func.max(some.c.id)).scalar_subquery(),
            func.coalesce(func.sum(case((answers.c.then, 1), else_=0)), 0),
            func.coalesce(func.sum(case((answers.c.now, 1), else_=0)), 0),
            func.coalesce(func.sum(case((answers.c.then != answers.c.now, 1), else_=0)), 0),
        ).select_from(answers)
    )
    looked_at, last, then, now, differ = figures.one()
    return Counted(
        so_far.then + then,
        so_far.now + now,
        so_far.differ + differ,
        so_far.looked_at + looked_at,
        last if looked_at == at_once else None,
    )


def find(session: Session, asked: AsOf, known: Known, after: int = 0, size: int = SIZE) -> Found:
    """Return the next records of an answer, by id; fewer than `size`, even none, where few had agreed."""
    at_most = size * LOOKED_AT
    some = _next(asked, after, at_most)
    wanted = (
        select(asked.model.id, asked.then, asked.now)
        .where(asked.model.id.in_(select(some.c.id)), asked.answer(known))
        .order_by(asked.model.id)
        .limit(size + 1)
    )
    rows = [tuple(row) for row in session.execute(wanted)]
    answers = {row[0]: (bool(row[1]), bool(row[2])) for row in rows[:size]}
    if len(rows) > size:
        return Found(list(answers), answers, rows[size - 1][0])
    looked_at, last = session.execute(select(func.count(), func.max(some.c.id))).one()
    return Found(list(answers), answers, last if looked_at == at_most else None)


def _next(asked: AsOf, after: int, at_most: int) -> Any:
    ids = select(asked.model.id).where(*asked.among, asked.model.id > after)
    return ids.order_by(asked.model.id).limit(at_most).subquery("some")


def _had_agreed(keyword_id: int, moment: datetime, known: Known) -> ColumnElement[bool]:
    of_number = [
        OptIn.number == CampaignMember.number,
        OptIn.keyword_id == keyword_id,
    ]
    return exists(select(OptIn.id).where(*of_number, _stood(OptIn.id, moment, known)))


def _stood(opt_in_id: SQLColumnExpression[int], moment: datetime, known: Known) -> ColumnElement[bool]:
    """Tell whether an opt-in was active: what its last event that says so made of it."""
    deciding, activating = (_so_far(opt_in_id, moment, known, kinds) for kinds in (OPT_IN_EFFECTS, ACTIVATING))
    last = deciding.order_by(deciding.selected_columns.id.desc()).limit(1)
    kind = func.coalesce(last.with_only_columns(deciding.selected_columns.kind).scalar_subquery(), NOTHING_YET)
    return or_(kind.in_(ACTIVATING), and_(kind.in_(RETURNING), exists(activating)))


def _so_far(opt_in_id: SQLColumnExpression[int], moment: datetime, known: Known, kinds: Any) -> Select[int, str]:
    event = aliased(ConsentEvent)
    at = event.at if known is Known.THEN else func.coalesce(event.provider_at, event.at)
    return select(event.id, event.kind).where(event.opt_in_id == opt_in_id, event.kind.in_(kinds), at <= moment)
