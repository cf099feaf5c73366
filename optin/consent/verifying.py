"""Whether the ledger's tables are what follows from its events, number by number, and its payloads are as written.

Some hundred numbers at a time, each time in a short transaction that sees one moment: the app may run meanwhile.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from sqlalchemy import Engine, and_, select
from sqlalchemy.orm import Session

from optin.consent import events
from optin.consent.replay import NumberReplay, replay
from optin.database.statements import POSTGRESQL, among
from optin.database.transactions import reading
from optin.enums import Channel, EndReason, OptInStatus
from optin.models import ConsentEvent, ConsentPayload, Hold, NumberLoss, OptIn, ProviderBlock, Suppression
from optin.models.consent import opt_in_name
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
_WRITTEN: Any = (
    select(
        *(ConsentEvent.id, ConsentEvent.number_ref, ConsentEvent.kind, ConsentEvent.channel, ConsentEvent.at),
        *(ConsentEvent.provider_at, ConsentEvent.keyword_id, ConsentEvent.opt_in_id, ConsentEvent.detail),
        *(ConsentEvent.payload_hash, ConsentPayload.salt, ConsentPayload.number, ConsentPayload.text),
    )
    .outerjoin(ConsentPayload, ConsentPayload.event_id == ConsentEvent.id)
    .order_by(ConsentEvent.id)
)
_OPT_INS: Any = select(OptIn.id, OptIn.number, OptIn.status, OptIn.end_reason, OptIn.keyword_id)


@dataclass
class Stored:
    """What the tables say of a number: of its opt-ins, by their ids, what the log decides."""

    opt_ins: dict[int, Any] = field(default_factory=dict)
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
    ref_of = cache(partial(events.number_ref, session))
    for event in session.execute(_WRITTEN.where(among(session, ConsentEvent.number_ref, refs))):
        by_ref[event.number_ref].append(event)
        if event.salt is None:
            found.erased += 1
        elif events.payload_hash(event.salt, event.number, event.text) != event.payload_hash:
            yield f"The personal part of event {event.id} has been changed: it is not what the event was written with."
        elif ref_of(event.number) != event.number_ref:
            yield f"Event {event.id} is not of the number that its personal part names."
        else:
            numbers[event.number_ref] = event.number
    stored = _stored(session, numbers.values(), {each.opt_in_id for some in by_ref.values() for each in some})
    found.numbers += len(by_ref)
    for ref, own in by_ref.items():
        found.events += len(own)
        number = numbers.get(ref, "")
        told = list(_compare(number, replay(own), stored[number], stored[""]))
        if told and number and spellings.same(number):
            found.joined += 1  # the upgrade to one number for each phone moved rows, and no event tells of it
            continue
        yield from told


def _stored(session: Session, of: Any, opt_in_ids: set[int | None]) -> dict[str, Stored]:
    """Return what is stored of numbers, and under "" the opt-ins with these ids, whosever they are."""
    numbers, ids = set(of), {each for each in opt_in_ids if each is not None}
    found: dict[str, Stored] = defaultdict(Stored)
    own, told_of = among(session, OptIn.number, numbers), among(session, OptIn.id, ids)
    for opt_in in session.execute(_OPT_INS.where(own).union(_OPT_INS.where(told_of))):
        found[opt_in.number].opt_ins[opt_in.id] = found[""].opt_ins[opt_in.id] = opt_in
    for model, name in _BY_CHANNEL:
        states = select(model.number, model.channel).where(among(session, model.number, numbers), has_not_ended(model))
        for number, channel in session.execute(states):
            getattr(found[number], name).add(channel)
    blocked = and_(among(session, ProviderBlock.number, numbers), has_not_ended(ProviderBlock))
    for number, scope in session.execute(select(ProviderBlock.number, ProviderBlock.scope).where(blocked)):
        found[number].blocked.add(scope)
    return found


def _compare(number: str, by_log: NumberReplay, stored: Stored, by_id: Stored) -> Iterator[str]:
    for opt_in_id, state in by_log.opt_ins.items():
        row = by_id.opt_ins.get(opt_in_id)
        if row is None:
            yield f"{number or 'An erased number'}: the log tells of an opt-in {opt_in_id} that is not there."
        elif (row.status, row.end_reason, row.keyword_id) != (state.status, state.end_reason, state.keyword_id):
            now, then = _of_opt_in(row.status, row.end_reason), _of_opt_in(state.status, state.end_reason)
            name = opt_in_name(opt_in_id)
            yield f"{number or 'An erased number'}: {name} is stored as “{now}”, by the log it is “{then}”."
    if not number:
        return
    for opt_in_id in stored.opt_ins.keys() - by_log.opt_ins.keys():
        yield f"{number}: {opt_in_name(opt_in_id)} is stored, and the log has no event of it."
    for what, told, kept in (
        ("opted out", by_log.suppressed, stored.suppressed),
        ("on hold for review", by_log.held.keys(), stored.held),
        ("not in use", by_log.lost.keys(), stored.lost),
        ("blocked at Twilio", by_log.blocked, stored.blocked),
    ):
        if told != kept:
            yield from _of_states(number, what, told, kept)


def _of_states(number: str, what: str, by_log: Set[str], stored: Set[str]) -> Iterator[str]:
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
                    select(ConsentEvent.number_ref).where(among(session, ConsentEvent.number_ref, refs)).distinct()
                ).all()
            for ref in sorted(refs.keys() - set(known)):
                if not spellings.same(refs[ref]):
                    yield f"{refs[ref]}: it is stored as {what}, and the log has no event of this number."
            last = rows[-1].id


def _moment(engine: Engine) -> Any:
    at_one = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == POSTGRESQL else {}
    return reading(engine.execution_options(**at_one))
