"""The pace of a sender: so many segments a second, of all processes together, since its carriers take no more.

Whatever goes from the sender takes up a stretch of its time. What is claimed for a broadcast at once starts when their
stretch begins; what is urgent takes one too and waits for nobody, so that broadcasts make room for it. So nothing piles
up at Twilio: what waits in its queue is out of reach of a STOP. A broadcast that is spread over a time has a pace of
its own beside.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Engine,
    Integer,
    and_,
    bindparam,
    case,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from optin import channels
from optin.database.statements import insert, run, table
from optin.database.transactions import reading
from optin.models import Broadcast, Sender, SendingPace


class PaceKind(StrEnum):
    """Whose time it is."""

    SENDER = "sender"
    BROADCAST = "broadcast"


AT_ONCE = 0.2
"""Seconds of a sender's time that one claim takes up, at least one message's: so evenly do the messages go."""
AHEAD = 0.5
"""Seconds that may be taken up before the next claim: what is claimed is soon to be started."""

PATIENCE = 10.0
"""Seconds for which a job waits for its sender's time; where it takes longer, it makes room for other broadcasts."""
FURTHEST = 9 * 3600
"""No time is taken up for more seconds than these: who says so has had a wrong clock."""
SECOND = 1_000_000
"""As many microseconds: the table counts in them."""

Stretches = dict[tuple[PaceKind, int], float]
"""The seconds that something takes up, by whose time it is: that of a sender or broadcast with an id."""

_PACE = table(SendingPace)
_OWNER = {"kind": bindparam("whose"), "owner_id": bindparam("owner", type_=Integer())}
_NOW, _COST = bindparam("now", type_=BigInteger()), bindparam("cost", type_=BigInteger())
_BUSY_UNTIL = case((_PACE.c.taken_until.between(_NOW, _NOW + FURTHEST * SECOND), _PACE.c.taken_until), else_=_NOW)
_TAKE = (
    insert(_PACE)
    .values(**_OWNER, taken_until=_NOW + _COST)
    .on_conflict_do_update(index_elements=["kind", "owner_id"], set_={"taken_until": _BUSY_UNTIL + _COST})
    .returning(_PACE.c.taken_until)
)
_GIVE_BACK = (
    update(_PACE)
    .where(*(_PACE.c[name] == value for name, value in _OWNER.items()))
    .values(taken_until=_PACE.c.taken_until - _COST)
)


@dataclass(frozen=True)
class Room:
    """What a claim for a broadcast has to mind: for how many seconds its time is taken up, and how many messages it
    may be for (None: any number, it has no pace)."""

    ahead: float = 0.0
    at_once: int | None = None

    @property
    def wait(self) -> float:
        """Return after how many seconds the next claim is in its place."""
        return max(0.0, self.ahead - AHEAD)


def room(engine: Engine, broadcast_id: int, now: datetime) -> Room:
    """Return what a claim for a broadcast has to mind now."""
    of_sender, own = aliased(SendingPace), aliased(SendingPace)
    asked = (
        select(Sender.segments_per_second, Broadcast.seconds_apart, of_sender.taken_until, own.taken_until)
        .join_from(Broadcast, Sender, Sender.id == Broadcast.sender_id)
        .outerjoin(of_sender, and_(of_sender.kind == PaceKind.SENDER, of_sender.owner_id == Sender.id))
        .outerjoin(own, and_(own.kind == PaceKind.BROADCAST, own.owner_id == Broadcast.id))
        .where(Broadcast.id == broadcast_id)
    )
    with reading(engine) as session:
        rate, apart, *taken = session.execute(asked).one()
    seconds = max([1 / rate if rate else 0.0, apart or 0.0])
    if not seconds:
        return Room()
    left = [(until - _microseconds(now)) / SECOND for until in taken if until]
    ahead = max([0.0, *(each for each in left if each <= FURTHEST)])
    return Room(ahead, max(1, int(AT_ONCE / seconds)))


def is_taken_up(now: datetime) -> ColumnElement[bool]:
    """The time of a broadcast or of its sender is taken up for longer than a job waits."""
    at = _microseconds(now)
    owned = or_(
        and_(SendingPace.kind == PaceKind.SENDER, SendingPace.owner_id == Broadcast.sender_id),
        and_(SendingPace.kind == PaceKind.BROADCAST, SendingPace.owner_id == Broadcast.id),
    )
    until = SendingPace.taken_until.between(at + int((AHEAD + PATIENCE) * SECOND), at + FURTHEST * SECOND)
    return exists().where(owned, until)


def stretches(body: str, sender: Sender, broadcast: Broadcast | None) -> Stretches:
    """Return what a message takes up with this text, nothing where there is no pace."""
    found: Stretches = {}
    if sender.segments_per_second:
        segments = channels.rules_of(sender.channel).measure(body).segments
        found[PaceKind.SENDER, sender.id] = segments / sender.segments_per_second
    if broadcast is not None and broadcast.seconds_apart:
        found[PaceKind.BROADCAST, broadcast.id] = broadcast.seconds_apart
    return found


def take(session: Session, wanted: Iterable[Stretches], now: datetime) -> float:
    """Take up what some messages want, one after another; return after how many seconds the first of them begins.

    Nobody else's stretches are the same. The caller commits, at once: others wait for it.
    """
    at = _microseconds(now)
    begins = [run(session, _TAKE, _of(owner, cost, at)).scalar_one() - cost for owner, cost in _sum(wanted)]
    return float(max([0, *(begin - at for begin in begins)])) / SECOND


def give_back(session: Session, unused: Iterable[Stretches]) -> None:
    """Give back what messages took up that did not start."""
    for owner, cost in _sum(unused):
        run(session, _GIVE_BACK, _of(owner, cost))


def _sum(several: Iterable[Stretches]) -> list[tuple[tuple[PaceKind, int], int]]:
    """Add up by owner, in microseconds, in an order in which everybody locks the rows."""
    total: defaultdict[tuple[PaceKind, int], float] = defaultdict(float)
    for each in several:
        for owner, seconds in each.items():
            total[owner] += seconds
    return sorted((owner, round(seconds * SECOND)) for owner, seconds in total.items())


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * SECOND)


def _of(owner: tuple[PaceKind, int], cost: int, now: int = 0) -> dict[str, object]:
    return {"whose": owner[0], "owner": owner[1], "cost": cost, "now": now}
