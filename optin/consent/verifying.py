"""Whether the ledger's tables are what follows from its events, number by number, and its payloads are as written.

Some hundred numbers at a time, each time in a short transaction that sees one moment: the app may run meanwhile.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, and_, or_, select
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.replay import NumberReplay, replay
from optin.database.statements import POSTGRESQL
from optin.database.transactions import reading
from optin.enums import Channel, EndReason, OptInStatus
from optin.models import ConsentEvent, ConsentPayload, Hold, NumberLoss, OptIn, ProviderBlock, Suppression
from optin.models.index_conditions import has_not_ended
from optin.phone import spellings

AT_ONCE = 400
Progress = Callable[[int], None]
_BY_CHANNEL: tuple[tuple[Any, str], ...] = ((Suppression, "suppressed"), (Hold, "held"), (NumberLoss, "lost"))
_TABLES: tuple[tuple[Any, str], ...] = (
    (OptIn, "an opt-in"),
    (Suppression, "opted out"),
    (Hold, "on hold"),
    (ProviderBlock, "blocked at Twilio"),
    (NumberLoss, "not in use"),
)


@dataclass
class Stored:
    """What the tables say of a number."""

    opt_ins: dict[int, OptIn] = field(default_factory=dict)
    suppressed: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)


@dataclass
class Found:
    """What a comparison came to: how many numbers and events were looked at, and of how many nothing can be said."""

    numbers: int = 0
    events: int = 0
    erased: int = 0
    joined: int = 0


def differences(engine: Engine, found: Found, progress: Progress = lambda _: None) -> Iterator[str]:
    """Yield in sentences what is not as it follows from the events; `found` counts on the way."""
    yield from _by_the_log(engine, found, progress)
    yield from _without_events(engine)


def limits(found: Found) -> Iterator[str]:
    """Yield in sentences what could not be compared."""
    if found.erased:
        yield (
            f"The personal part of {found.erased:,} events has been erased: of them the opt-ins were compared, "
            "and not whether the number is opted out, on hold or blocked."
        )
    if found.joined:
        yield (
            f"{found.joined:,} numbers of Mexico, Brazil or Argentina could not be compared: an upgrade made one of "
            "their two spellings, or an older version ended an opt-out under the other, and no event tells of it."
        )


def _by_the_log(engine: Engine, found: Found, progress: Progress) -> Iterator[str]:
    """Go through the numbers of which there are events."""
    after = ""
    while True:
        with _moment(engine) as session:
            refs = session.scalars(
                select(ConsentEvent.number_ref)
                .where(ConsentEvent.number_ref > after)
                .group_by(ConsentEvent.number_ref)
                .order_by(ConsentEvent.number_ref)
                .limit(AT_ONCE)
            ).all()
            if not refs:
                return
            told = list(_of_refs(session, refs, found))
        yield from told
        after = refs[-1]
        progress(len(refs))


def _of_refs(session: Session, refs: Sequence[str], found: Found) -> Iterator[str]:
    by_ref: dict[str, list[Any]] = defaultdict(list)
    numbers: dict[str, str] = {}
    written = (
        select(ConsentEvent, ConsentPayload)
        .outerjoin(ConsentPayload, ConsentPayload.event_id == ConsentEvent.id)
        .where(ConsentEvent.number_ref.in_(refs))
        .order_by(ConsentEvent.id)
    )
    pairs: Iterator[tuple[ConsentEvent, ConsentPayload | None]] = map(tuple, session.execute(written))  # type: ignore[arg-type]
    for event, payload in pairs:
        by_ref[event.number_ref].append(event)
        found.events += 1
        if payload is None:
            found.erased += 1
        elif events.payload_hash(payload.salt, payload.number, payload.text) != event.payload_hash:
            yield f"The personal part of event {event.id} has been changed: it is not what the event was written with."
        elif events.number_ref(session, payload.number) != event.number_ref:
            yield f"Event {event.id} is not of the number that its personal part names."
        else:
            numbers[event.number_ref] = payload.number
    stored = _stored(session, numbers.values(), {each.opt_in_id for some in by_ref.values() for each in some})
    for ref, own in by_ref.items():
        found.numbers += 1
        number = numbers.get(ref, "")
        told = list(_compare(number, replay(own), stored[number], stored[""]))
        if told and number and spellings.same(number):
            found.joined += 1  # the upgrade to one number for each phone moved rows, and no event tells of it
            continue
        yield from told


def _stored(session: Session, of: Any, opt_in_ids: set[int | None]) -> dict[str, Stored]:
    """Return what is stored of numbers, and under "" the opt-ins with these ids, whosever they are."""
    numbers = sorted(of)
    found: dict[str, Stored] = defaultdict(Stored)
    mine = or_(OptIn.number.in_(numbers), OptIn.id.in_([each for each in opt_in_ids if each is not None]))
    for opt_in in session.scalars(select(OptIn).where(mine)):
        found[opt_in.number].opt_ins[opt_in.id] = found[""].opt_ins[opt_in.id] = opt_in
    for model, name in _BY_CHANNEL:
        for row in session.scalars(select(model).where(model.number.in_(numbers), has_not_ended(model))):
            getattr(found[row.number], name).add(row.channel)
    blocked = and_(ProviderBlock.number.in_(numbers), has_not_ended(ProviderBlock))
    for block in session.scalars(select(ProviderBlock).where(blocked)):
        found[block.number].blocked.add(block.scope)
    return found


def _compare(number: str, by_log: NumberReplay, stored: Stored, by_id: Stored) -> Iterator[str]:
    for opt_in_id, state in by_log.opt_ins.items():
        row = by_id.opt_ins.get(opt_in_id)
        if row is None:
            yield f"{number or 'An erased number'}: the log tells of an opt-in {opt_in_id} that is not there."
        elif (row.status, row.end_reason, row.keyword_id) != (state.status, state.end_reason, state.keyword_id):
            now, then = _of_opt_in(row.status, row.end_reason), _of_opt_in(state.status, state.end_reason)
            yield f"{number or 'An erased number'}: {row.name} is stored as “{now}”, by the log it is “{then}”."
    if not number:
        return
    for opt_in_id in stored.opt_ins.keys() - by_log.opt_ins.keys():
        yield f"{number}: {stored.opt_ins[opt_in_id].name} is stored, and the log has no event of it."
    yield from _of_states(number, "opted out", by_log.suppressed, stored.suppressed)
    yield from _of_states(number, "on hold for review", set(by_log.held), stored.held)
    yield from _of_states(number, "not in use", set(by_log.lost), stored.lost)
    yield from _of_states(number, "blocked at Twilio", by_log.blocked, stored.blocked)


def _of_states(number: str, what: str, by_log: set[str], stored: set[str]) -> Iterator[str]:
    channels = {each.value: each.label for each in Channel}
    for each in sorted(by_log - stored):
        yield f"{number}: by the log it is {what} ({channels.get(each, each)}), and that is not stored."
    for each in sorted(stored - by_log):
        yield f"{number}: it is stored as {what} ({channels.get(each, each)}), and the log does not say so."


def _of_opt_in(status: str, end_reason: str | None) -> str:
    return EndReason(end_reason).label if end_reason else OptInStatus(status).label


def _without_events(engine: Engine) -> Iterator[str]:
    """Go through what is stored and see that there is any event of its number."""
    for model, what in _TABLES:
        last = 0
        while True:
            with _moment(engine) as session:
                of = model.number
                rows = session.execute(
                    select(model.id, of).where(model.id > last).order_by(model.id).limit(AT_ONCE)
                ).all()
                if not rows:
                    break
                numbers = {row.number for row in rows}
                refs = {events.number_ref(session, number): number for number in numbers}
                known = session.scalars(
                    select(ConsentEvent.number_ref).where(ConsentEvent.number_ref.in_(refs)).distinct()
                ).all()
            for ref in sorted(refs.keys() - set(known)):
                if not spellings.same(refs[ref]):
                    yield f"{refs[ref]}: it is stored as {what}, and the log has no event of this number."
            last = rows[-1].id


def _moment(engine: Engine) -> Any:
    at_one = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == POSTGRESQL else {}
    return reading(engine.execution_options(**at_one))
