"""Taking into a series who has opted in with its keyword: each number once, with the moment of its next text.

It goes by the ids of opt-ins, in their order, as far as no smaller one can appear any more (database/settled.py). So
each is looked at once, however many there are.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, Select, and_, or_, select, update
from sqlalchemy.orm import Session

from optin import clock, phone
from optin.consent.hours import GROUP_SEPARATOR
from optin.database.settled import complete_up_to
from optin.database.statements import insert
from optin.database.transactions import reading, writing
from optin.enums import SeriesState
from optin.models import OptIn, Person, Series, SeriesNumber
from optin.models.index_conditions import LIVE
from optin.policy import cache
from optin.sending import series
from optin.sending.series_turns import GIVEN_BACK

AT_ONCE = 1000


def take_in(engine: Engine, series_id: int) -> int:
    """Take in some who have opted in since; return about how many, 0 where no more are left for now.

    A number that was in it goes on with the step that is next, and waits for it from the new opt-in on.
    """
    up_to = complete_up_to(engine, OptIn)
    with reading(engine) as session:
        if up_to is None or session.get_one(Series, series_id).taken_to >= up_to:
            return 0
    with writing(engine) as session:
        found = series.locked(session, series_id)
        if found.state != SeriesState.ACTIVE or found.started_at is None:
            return 0
        rows = session.execute(_next(found, up_to)).all()
        waits = {step.place: series.wait_of(step) for step in series.steps(session, series_id)}
        zones = zones_of(session, {row.number for row in rows})
        new: dict[str, dict[str, object]] = {}
        known: dict[str, dict[str, object]] = {}
        for row in rows:  # of a number that came back the newest opt-in is the last
            wait = waits.get(row.step or 1)
            began = max(filter(None, (found.started_at, row.activated_at, row.turn_at)))
            due = wait.after(began, zones[row.number]) if wait else None
            values = {"series_id": series_id, "number": row.number, "opt_in_id": row.id, "due_at": due}
            (new if row.step is None else known)[row.number] = values
        if new:
            session.execute(insert(SeriesNumber), list(new.values()))
        if known:
            session.execute(update(SeriesNumber), list(known.values()))
        is_full = len(rows) == AT_ONCE
        found.taken_to = rows[-1].id if is_full else max(found.taken_to, up_to)
        return len(rows) if is_full else 0


def zones_of(session: Session, numbers: Collection[str]) -> Mapping[str, Sequence[str]]:
    """Return the time zones of some numbers: those of the person who stands for it, else its own."""
    people = select(Person.mobile, Person.zones).where(Person.mobile.in_(numbers))
    known: dict[str | None, str] = {}
    for mobile, zones in session.execute(people.order_by(Person.mobile, Person.kind, Person.id)):
        known.setdefault(mobile, zones)
    region = cache.policy(session).default_region
    return {each: (known.get(each) or phone.zone_group(each, region)).split(GROUP_SEPARATOR) for each in numbers}


def _next(of: Series, up_to: int) -> Select[*tuple[Any, ...]]:
    """Select the first opt-ins above those that were looked at, each with how far its number is in the series.

    One that ended stands again if the opt-out is corrected.
    """
    mine = and_(SeriesNumber.series_id == of.id, SeriesNumber.number == OptIn.number)
    since = [] if of.takes_all else [or_(OptIn.activated_at.is_(None), OptIn.activated_at >= of.started_at)]
    found: Select[*tuple[Any, ...]] = (
        select(OptIn.id, OptIn.number, OptIn.activated_at, SeriesNumber.step, SeriesNumber.turn_at)
        .outerjoin(SeriesNumber, mine)
        .where(
            OptIn.keyword_id == of.keyword_id,
            OptIn.id > of.taken_to,
            OptIn.id <= up_to,
            OptIn.channel == of.channel,
            or_(OptIn.status.in_(LIVE), OptIn.ended_at > clock.now() - GIVEN_BACK),
            *since,
        )
    )
    return found.order_by(OptIn.id).limit(AT_ONCE)
