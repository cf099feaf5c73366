"""Putting out the texts of a series that are due: into the broadcast of each step, for those whose turn it is.

That a number gets a text once is held by the database, whatever is killed or done twice: it has one row in a series,
whose step goes up in the transaction that puts its message out, and one message at most in the broadcast of a step.
Who is no member of the campaign yet becomes one with the first text; who was removed by hand gets nothing more.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Engine, Select, and_, select, update
from sqlalchemy.orm import Session, aliased

from optin import clock
from optin.consent import audience
from optin.consent.audience import TheseNumbers
from optin.database.transactions import reading, writing
from optin.enums import BroadcastState, OptInStatus, SeriesState
from optin.models import Broadcast, CampaignMember, Message, OptIn, Series, SeriesNumber, SeriesStep
from optin.models.index_conditions import ON_ITS_WAY, has_turn_to_come
from optin.person import opted_in_members
from optin.person.one_at_a_time import make_people_alone
from optin.person.opted_in_members import Choices
from optin.policy import audit
from optin.sending import deciding, gate, put_out, series
from optin.sending.series_intake import zones_of
from optin.sending.series_turns import Decided, Standing, Turn, decide

AT_ONCE = 500
PASSED = (Turn.LATE, Turn.MAY_HAVE_GONE)
TURNS = (Turn.GOES, *PASSED)
AS_MEMBERS = Choices(create_leads=True, include_removed=False)

Zones = Mapping[str, Sequence[str]]


def put_out_due(engine: Engine, series_id: int) -> int:
    """Decide about some whose turn may have come; return about how many, 0 where none are left for now."""
    with reading(engine) as session:
        if session.scalar(select(SeriesNumber.number).where(*_is_due(series_id, clock.now())).limit(1)) is None:
            return 0
    with writing(engine) as session:
        make_people_alone(session)
        found, now = series.locked(session, series_id), clock.now()
        if found.state != SeriesState.ACTIVE or series.hindrance(found) or not session.scalar(select(gate.is_open())):
            return 0
        rows = session.execute(_due(series_id, now)).all()
        steps = {step.place: step for step in series.steps(session, series_id)}
        zones = zones_of(session, [row.number for row in rows])
        decided = {
            row.number: decide(_standing(found, row, zones[row.number]), series.wait_of(steps[row.step]), now)
            for row in rows
        }
        members = _join(session, found, [row for row in rows if decided[row.number].turn in TURNS])
        for place, step in steps.items():
            at_it = [row.number for row in rows if row.step == place and row.number in members]
            _put_out(session, found, step, [each for each in at_it if decided[each].turn is Turn.GOES])
            _put_out(session, found, step, [each for each in at_it if decided[each].turn in PASSED], too_late=True)
        moved = [_moved(row, decided[row.number], steps, zones, members, now) for row in rows]
        if moved:
            session.execute(update(SeriesNumber), [{"series_id": series_id, **each} for each in moved])
        return len(rows)


def _is_due(series_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return SeriesNumber.series_id == series_id, has_turn_to_come(SeriesNumber), SeriesNumber.due_at <= now


def _due(series_id: int, now: datetime) -> Select[*tuple[Any, ...]]:
    """Select the numbers that are due the longest, each with its opt-in and the text of its last turn."""
    before = aliased(SeriesStep)
    last = (before.series_id == SeriesNumber.series_id, before.place == SeriesNumber.step - 1)
    text = (Message.broadcast_id == before.broadcast_id, Message.number == SeriesNumber.number)
    found: Select[*tuple[Any, ...]] = (
        select(
            SeriesNumber.number,
            SeriesNumber.opt_in_id,
            SeriesNumber.step,
            SeriesNumber.turn_at,
            OptIn.status,
            OptIn.activated_at,
            OptIn.ended_at,
            Message.status.label("text_status"),
            Message.not_before,
            Message.started_at,
        )
        .join(OptIn, OptIn.id == SeriesNumber.opt_in_id)
        .outerjoin(before, and_(*last))
        .outerjoin(Message, and_(*text))
    )
    return found.where(*_is_due(series_id, now)).order_by(SeriesNumber.due_at, SeriesNumber.number).limit(AT_ONCE)


def _standing(of: Series, row: Any, zones: Sequence[str]) -> Standing:
    under_way = row.text_status in ON_ITS_WAY
    return Standing(
        status=OptInStatus(row.status),
        began_at=row.activated_at,
        ended_at=row.ended_at,
        started_at=of.started_at or clock.now(),
        turn_at=row.turn_at,
        under_way=under_way,
        sent_at=row.not_before if under_way else row.started_at,
        passed_to=of.passed_to,
        zones=zones,
    )


def _join(session: Session, of: Series, rows: Sequence[Any]) -> set[str]:
    """Make members of those whose turn it is and who are none; return the numbers of those who are members then."""
    if not rows:
        return set()
    which = (OptIn.id.in_([row.opt_in_id for row in rows]),)
    report = opted_in_members.add(session, of.campaign_id, which, of.created_by_id, AS_MEMBERS)
    if report.members:
        audit.record(session, None, "added opt-ins", "campaign", of.campaign_id, {"Members": ("", report.members)})
    numbers = [row.number for row in rows]
    members = select(CampaignMember.number).where(audience.stays(of.campaign_id), CampaignMember.number.in_(numbers))
    return {number for number in session.scalars(members) if number}


def _put_out(
    session: Session, of: Series, step: SeriesStep, numbers: Collection[str], *, too_late: bool = False
) -> None:
    """Decide about members with these numbers for the broadcast of a step; a cancelled one passes them over."""
    if not numbers:
        return
    broadcast = _broadcast_of(session, of, step)
    if broadcast.state == BroadcastState.CANCELLED:
        return
    question = put_out.question(session, of.campaign, broadcast, TheseNumbers(tuple(sorted(numbers))))
    deciding.decide(session, broadcast, replace(question, late_groups=None) if too_late else question)


def _broadcast_of(session: Session, of: Series, step: SeriesStep) -> Broadcast:
    """Return the broadcast of a step, locked, and under way again where all of it had been sent."""
    if step.broadcast_id is None:
        return _make(session, of, step)
    lock = {"key_share": True}
    broadcast = session.get_one(Broadcast, step.broadcast_id, with_for_update=lock, populate_existing=True)
    if broadcast.state == BroadcastState.SENT:
        broadcast.state, broadcast.finished_at = BroadcastState.SENDING, None
    session.flush()
    return broadcast


def _make(session: Session, of: Series, step: SeriesStep) -> Broadcast:
    now = clock.now()
    broadcast = Broadcast(
        channel=of.channel,
        campaign_id=of.campaign_id,
        keyword_id=of.keyword_id,
        sender_id=of.sender_id,
        body=step.body,
        state=BroadcastState.SENDING,
        form_key=str(uuid4()),
        created_at=now,
        created_by_id=of.created_by_id,
        started_at=now,
        keeps_left_out=True,
    )
    session.add(broadcast)
    session.flush()
    step.broadcast_id = broadcast.id
    audit.record(session, None, "sent", "broadcast", broadcast.id, {"Series": ("", f"{of.name}, text {step.place}")})
    put_out.call_in_progress(session, of.campaign, None)
    session.flush()
    return broadcast


def _moved(
    row: Any, decided: Decided, steps: Mapping[int, SeriesStep], zones: Zones, members: Collection[str], now: datetime
) -> dict[str, object]:
    """Return where a number is after its turn, or when it is looked at again."""
    if decided.turn is Turn.WAITS:
        return {"number": row.number, "step": row.step, "turn_at": row.turn_at, "due_at": decided.at}
    if decided.turn is Turn.LEFT or row.number not in members:
        return {"number": row.number, "step": row.step, "turn_at": row.turn_at, "due_at": None}
    turn_at = decided.at if decided.turn is Turn.MAY_HAVE_GONE else now
    following = steps.get(row.step + 1)
    due = series.wait_of(following).after(turn_at, zones[row.number]) if following else None
    return {"number": row.number, "step": row.step + 1, "turn_at": turn_at, "due_at": due}
