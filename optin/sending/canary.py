"""The canary: the first few get a broadcast, then it waits; and the limits at which any broadcast stops by itself.

The state is the broadcast's row. `canary` is `choosing` until those who come first are chosen, `testing` while they are
sent, `waiting` once the broadcast paused because of it, and `done` when it goes on to everybody. Each act is
one UPDATE that asks for the state before it, with its line in the trail, so that of many processes one does it.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Engine, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert
from optin.database.transactions import reading, writing
from optin.enums import BroadcastState, CanaryState, MessageStatus
from optin.models import Broadcast, CanaryMessage, Message
from optin.models.index_conditions import has_started
from optin.policy import audit, cache
from optin.policy.policy import Policy
from optin.sending import brakes, opt_outs_after_broadcast
from optin.sending.brakes import AT_LEAST, Figures, Limits

FILTERED = 30007
BEFORE = 5
"""So many earlier broadcasts say what is usual."""
FIRST = (CanaryState.CHOOSING, CanaryState.TESTING)
UNDER_WAY = (MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.SENDING)
FAILED = (MessageStatus.FAILED, MessageStatus.UNDELIVERED)
NOT_STARTED = (MessageStatus.QUEUED, MessageStatus.CLAIMED, MessageStatus.SKIPPED, MessageStatus.CANCELLED)
NOT_FIRST = tuple(state for state in CanaryState if state not in FIRST)


def limits_of(given: Policy) -> Limits:
    """Return the limits that the settings set."""
    return Limits(given.limit_failed, given.limit_filtered, given.limit_opt_outs)


def goes_first(broadcast: Broadcast) -> ColumnElement[bool] | None:
    """Return what may be claimed of a broadcast while its canary is sent, None where that is everything."""
    if broadcast.canary not in FIRST:
        return None
    return Message.id.in_(select(CanaryMessage.message_id).where(CanaryMessage.broadcast_id == broadcast.id))


def choose(engine: Engine, broadcast_id: int) -> None:
    """Choose who comes first, spread evenly over the numbers and so over area codes and time zones.

    Where a canary would be everybody, there is none.
    """
    with reading(engine) as session:
        if not session.scalar(select(exists().where(*_is_chosen_for(broadcast_id)))):
            return
        given = cache.policy(session)
        waiting = (Message.broadcast_id == broadcast_id, Message.status == MessageStatus.QUEUED)
        people = session.scalar(select(func.count()).where(*waiting)) or 0
        size = brakes.canary_size(people, given.canary_least, given.canary_percent)
        place = func.row_number().over(order_by=Message.number).label("place")
        numbered = select(Message.id, place).where(*waiting).subquery()
        spread = select(numbered.c.id).where((numbered.c.place * size) % people < size) if size else None
        first: Sequence[int] = session.scalars(spread).all() if spread is not None else ()
    with writing(engine) as session:
        chosen = update(Broadcast).where(*_is_chosen_for(broadcast_id))
        state = CanaryState.TESTING if first else None
        if session.scalar(chosen.values(canary=state).returning(Broadcast.id)) is not None and first:
            rows = [{"message_id": message_id, "broadcast_id": broadcast_id} for message_id in first]
            session.execute(insert(CanaryMessage).on_conflict_do_nothing(index_elements=["message_id"]), rows)


def pause_after_first(engine: Engine, broadcast_id: int) -> bool:
    """Pause a broadcast whose canary has nothing left that waits or is under way; tell whether this did it."""
    left = exists().where(
        CanaryMessage.broadcast_id == broadcast_id,
        Message.id == CanaryMessage.message_id,
        Message.status.in_(UNDER_WAY),
    )
    with writing(engine) as session:
        paused = session.scalar(
            update(Broadcast)
            .where(
                Broadcast.id == broadcast_id,
                Broadcast.state == BroadcastState.SENDING,
                Broadcast.canary == CanaryState.TESTING,
                ~left,
            )
            .values(state=BroadcastState.PAUSED, canary=CanaryState.WAITING, canary_ended_at=clock.now())
            .returning(Broadcast.id)
        )
        if paused is not None:
            audit.record(session, None, "paused", "broadcast", broadcast_id, {"Why": ("", "after the first few")})
    return paused is not None


def look(engine: Engine) -> None:
    """Stop what is above the limits, and let go on what has waited long enough, as the settings say."""
    with reading(engine) as session:
        given = cache.policy(session)
        watched = or_(
            Broadcast.state == BroadcastState.SENDING,
            and_(Broadcast.state == BroadcastState.PAUSED, Broadcast.canary == CanaryState.WAITING),
        )
        found = select(Broadcast).where(watched, Broadcast.limits_off.is_(False), Broadcast.paused_because.is_(None))
        judged = [(row, judge(session, row, given)) for row in session.scalars(found)]
    for broadcast, why in judged:
        if why:
            _stop(engine, broadcast.id, why)
        elif _may_go_on(broadcast, given):
            _go_on(engine, broadcast.id)
    with reading(engine) as session:
        testing = select(Broadcast.id).where(
            Broadcast.state == BroadcastState.SENDING, Broadcast.canary == CanaryState.TESTING
        )
        ids = session.scalars(testing).all()
    for broadcast_id in ids:
        pause_after_first(engine, broadcast_id)


def judge(session: Session, broadcast: Broadcast, given: Policy) -> str:
    """Say which limits a broadcast is above, "" for none, or too few messages to tell."""
    found = figures(session, broadcast)
    is_canary = broadcast.canary == CanaryState.WAITING
    if not found.started or (found.started < AT_LEAST and not is_canary):
        return ""
    limits = limits_of(given)
    if not found.opt_outs or not brakes.above(found, limits, usual=0.0):  # what is usual takes long to count
        return brakes.above(found, limits, usual=None)
    return brakes.above(found, limits, usual(session, broadcast))


def figures(session: Session, broadcast: Broadcast) -> Figures:
    """Count what became of the messages of a broadcast; how many started is counted where anything went wrong only."""
    mine = Message.broadcast_id == broadcast.id
    bad = select(func.count(), func.count().filter(Message.error_code == FILTERED))
    failed, filtered = session.execute(bad.where(mine, Message.status.in_(FAILED))).one()
    left = opt_outs_after_broadcast.opt_outs(session, broadcast)
    if not (failed or left or broadcast.canary == CanaryState.WAITING):
        return Figures(0)
    started = select(func.count()).where(mine, Message.status.not_in(NOT_STARTED))
    return Figures(session.scalar(started) or 0, failed, filtered, left)


def usual(session: Session, broadcast: Broadcast) -> float | None:
    """Return the share of people whom the last five broadcasts before this one lost, None where there were none."""
    before = (
        select(Broadcast)
        .where(
            Broadcast.id < broadcast.id, Broadcast.started_at.is_not(None), Broadcast.state != BroadcastState.QUEUEING
        )
        .order_by(Broadcast.id.desc())
        .limit(BEFORE)
    )
    lost = started = 0
    for each in session.scalars(before):
        mine = select(func.count()).where(Message.broadcast_id == each.id, has_started(Message))
        started += session.scalar(mine) or 0
        lost += opt_outs_after_broadcast.opt_outs(session, each)
    return lost / started if started else None


def go_on(session: Session, broadcast_id: int, given: Policy) -> None:
    """Note that a user lets a broadcast go on that had stopped by itself; the caller has moved its state.

    Who lets it go on above the limits has looked at the figures: they do not stop it again.
    """
    broadcast = session.get_one(Broadcast, broadcast_id, populate_existing=True)
    if broadcast.paused_because or (broadcast.canary == CanaryState.WAITING and judge(session, broadcast, given)):
        broadcast.limits_off = True
    broadcast.paused_because = None
    if broadcast.canary == CanaryState.WAITING:
        broadcast.canary = CanaryState.DONE


def _is_chosen_for(broadcast_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        Broadcast.id == broadcast_id,
        Broadcast.state == BroadcastState.SENDING,
        Broadcast.canary == CanaryState.CHOOSING,
    )


def _may_go_on(broadcast: Broadcast, given: Policy) -> bool:
    """Tell whether a canary has waited for as long as the settings say, and goes on by itself."""
    if broadcast.state != BroadcastState.PAUSED or broadcast.canary_ended_at is None or not given.canary_goes_on:
        return False
    return clock.now() >= broadcast.canary_ended_at + timedelta(minutes=given.canary_minutes)


def _stop(engine: Engine, broadcast_id: int, why: str) -> None:
    """Pause a broadcast for a reason, or say of one that waits why it does not go on by itself."""
    with writing(engine) as session:
        stopped = session.scalar(
            update(Broadcast)
            .where(
                Broadcast.id == broadcast_id,
                Broadcast.state.in_((BroadcastState.SENDING, BroadcastState.PAUSED)),
                Broadcast.limits_off.is_(False),
                Broadcast.paused_because.is_(None),
            )
            .values(state=BroadcastState.PAUSED, paused_because=why)
            .returning(Broadcast.id)
        )
        if stopped is not None:
            audit.record(session, None, "paused", "broadcast", broadcast_id, {"Why": ("", why)})


def _go_on(engine: Engine, broadcast_id: int) -> None:
    with writing(engine) as session:
        resumed = session.scalar(
            update(Broadcast)
            .where(
                Broadcast.id == broadcast_id,
                Broadcast.state == BroadcastState.PAUSED,
                Broadcast.canary == CanaryState.WAITING,
                Broadcast.paused_because.is_(None),
                Broadcast.stopped_by_id.is_(None),
            )
            .values(state=BroadcastState.SENDING, canary=CanaryState.DONE)
            .returning(Broadcast.id)
        )
        if resumed is not None:
            why = "the first few were below the limits"
            audit.record(session, None, "resumed", "broadcast", broadcast_id, {"Why": ("", why)})
