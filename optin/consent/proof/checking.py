"""Whether the log is as it was sealed: leaves and payloads of events, nodes, roots and signatures of checkpoints.

Some thousand leaves at a time, each time in a short transaction: the app may run meanwhile. Rows come as plain values,
since there may be millions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from optin.consent.events import payload_hash
from optin.consent.proof import origins, stored, tree
from optin.consent.proof.leaf import COLUMNS, canonical
from optin.consent.proof.signed_note import BadNote, Checkpoint, Verifier
from optin.database.statements import table
from optin.database.transactions import reading
from optin.models import ConsentEvent, ConsentPayload, LogCheckpoint, LogLeaf, LogNode, LogOrigin

AT_ONCE = 4096
"""Leaves of one look: so many that no kept node is above leaves of two looks."""
Progress = Callable[[int], None]
_EVENT, _PAYLOAD, _LEAF, _NODE = (table(each) for each in (ConsentEvent, ConsentPayload, LogLeaf, LogNode))
_ID, _HASH = COLUMNS.index("id"), COLUMNS.index("payload_hash")


@dataclass
class Looked:
    """What was looked at: leaves and checkpoints; of how many the payload is erased; how many wait to be sealed."""

    leaves: int = 0
    checkpoints: int = 0
    erased: int = 0
    waiting: int = 0


@dataclass
class _Signed:
    """The checkpoints by their sizes, and the origins by their ids."""

    checkpoints: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    origins: dict[int, LogOrigin] = field(default_factory=dict)


@dataclass(frozen=True)
class _Part:
    """Leaves that follow one another, and what is stored about them; events and payloads by the events' ids."""

    leaves: Sequence[Any]
    events: dict[int, Sequence[Any]]
    payloads: dict[int, Any]
    nodes: dict[int, str]


def total(engine: Engine) -> int:
    """Return how many leaves there are to look at."""
    with reading(engine) as session:
        return stored.size_and_last(session)[0]


def broken(engine: Engine, looked: Looked, progress: Progress = lambda _: None) -> Iterator[str]:
    """Yield in sentences what is not as it was sealed, in the order of the tree; `looked` counts on the way."""
    growing, last, size = tree.Growing(), 0, total(engine)
    with reading(engine) as session:
        signed = _signed(session)
    while growing.size < size:
        with reading(engine) as session:
            leaves = _leaves(session, growing.size, min(size, growing.size + AT_ONCE))
            if missing := _first_missing(leaves, growing.size):
                yield missing
                return
            part = _part(session, leaves, last)
        yield from _of_events(part, last, looked)
        yield from _of_kept_nodes(part)
        for leaf in part.leaves:
            growing.add(bytes.fromhex(leaf.hash))
            for each in signed.checkpoints.pop(growing.size, ()):
                looked.checkpoints += 1
                yield from _of_checkpoint(each, growing.root(), signed)
        last = max(leaf.event_id for leaf in leaves)
        looked.leaves = growing.size
        progress(len(leaves))
    for each in sorted(each for each in signed.checkpoints if each <= 0 or each > size):
        yield f"There is a checkpoint of {each:,} events, and only {size:,} are sealed."
    yield from _of_higher_nodes(engine, size)
    with reading(engine) as session:
        looked.waiting = session.scalar(select(func.count()).where(_EVENT.c.id > last)) or 0


def limits(looked: Looked) -> Iterator[str]:
    """Yield in sentences what could not be looked at."""
    if looked.erased:
        yield f"The personal part of {looked.erased:,} sealed events has been erased; the events are as they were."
    if looked.waiting:
        yield f"{looked.waiting:,} events are newer than the log: they will be sealed while Optin runs."


def _signed(session: Session) -> _Signed:
    found = _Signed(origins={each.id: each for each in origins.all_origins(session)})
    of = table(LogCheckpoint).c
    for each in session.execute(select(of.id, of.origin_id, of.size, of.root, of.note).order_by(of.id)):
        found.checkpoints[each.size].append(each)
    return found


def _leaves(session: Session, first: int, end: int) -> Sequence[Any]:
    wanted = select(_LEAF.c.leaf_index, _LEAF.c.event_id, _LEAF.c.hash).order_by(_LEAF.c.leaf_index)
    return session.execute(wanted.where(_LEAF.c.leaf_index >= first, _LEAF.c.leaf_index < end)).all()


def _first_missing(leaves: Sequence[Any], first: int) -> str:
    for place, leaf in enumerate(leaves, first):
        if leaf.leaf_index != place:
            return f"The leaf with the index {place} has been removed."
    return "" if leaves else f"The leaf with the index {first} has been removed."


def _part(session: Session, leaves: Sequence[Any], last: int) -> _Part:
    until = max(leaf.event_id for leaf in leaves)
    first, height = leaves[0].leaf_index >> stored.STEP, stored.STEP
    kept = select(_NODE.c.node_index, _NODE.c.hash).where(
        _NODE.c.height == height, _NODE.c.node_index >= first, _NODE.c.node_index <= leaves[-1].leaf_index >> height
    )
    return _Part(
        leaves,
        {event[_ID]: event for event in session.execute(stored.leaves_of_events(session, last, until)).all()},
        {each[0]: each for each in session.execute(_payloads(last, until)).all()},
        {each.node_index: each.hash for each in session.execute(kept)},
    )


def _payloads(after: int, until: int) -> Select[Any]:
    of = _PAYLOAD.c
    wanted = select(of.event_id, of.salt, of.number, of.text).order_by(of.event_id)
    return wanted.where(of.event_id > after, of.event_id <= until)


def _of_events(part: _Part, last: int, looked: Looked) -> Iterator[str]:
    """Look at the events of some leaves, `last` being the event of the leaf before them."""
    left = set(part.events)
    for index, event_id, hashed in part.leaves:
        event, payload = part.events.get(event_id), part.payloads.get(event_id)
        left.discard(event_id)
        if event_id <= last:
            yield f"The leaf with the index {index} has been moved: it is of event {event_id}, and after event {last}."
        elif event is None:
            yield f"Event {event_id} has been removed: it is sealed with the index {index}."
        elif tree.leaf_hash(canonical(event)).hex() != hashed:
            yield f"Event {event_id} has been changed: it is not what was sealed with the index {index}."
        elif payload is None:
            looked.erased += 1
        elif payload_hash(*payload[1:]) != event[_HASH]:
            yield f"The personal part of event {event_id} has been changed: it is not what the event was written with."
        last = event_id
    for event_id in sorted(left):
        yield f"Event {event_id} has been inserted: it is not sealed, and later ones are."


def _of_kept_nodes(part: _Part) -> Iterator[str]:
    width = 1 << stored.STEP
    for first in range(0, len(part.leaves) - width + 1, width):
        hashes = [bytes.fromhex(leaf.hash) for leaf in part.leaves[first : first + width]]
        index = part.leaves[first].leaf_index >> stored.STEP
        if part.nodes.get(index) != tree.joined(hashes).hex():
            yield _of_node(stored.STEP, index)


def _of_higher_nodes(engine: Engine, size: int) -> Iterator[str]:
    """Look at the nodes above those that are above leaves: few, each made of those below it."""
    height, width = 2 * stored.STEP, 1 << stored.STEP
    while size >> height:
        for index in range(size >> height):
            with reading(engine) as session:
                try:
                    below = stored.hashes(session, height - stored.STEP, index * width, width)
                    is_right = stored.hashes(session, height, index, 1) == [tree.joined(below)]
                except stored.Missing:
                    is_right = False
            if not is_right:
                yield _of_node(height, index)
        height += stored.STEP


def _of_node(height: int, index: int) -> str:
    return f"The node of height {height} with the index {index} is not what is below it."


def _of_checkpoint(row: Any, root: bytes, signed: _Signed) -> Iterator[str]:
    """Look at a checkpoint, `root` being that of the leaves that it is of."""
    named = f"The checkpoint {row.id} of {row.size:,} events"
    origin = signed.origins.get(row.origin_id)
    try:
        if origin is None:
            raise BadNote("its origin is not there")
        said = Checkpoint.read(Verifier.read(origin.verifier_key).open(row.note))
    except BadNote as error:
        yield f"{named} is not as it was signed: {error}."
        return
    if (said.origin, said.size, said.root.hex()) != (origin.name, row.size, row.root):
        yield f"{named} is stored otherwise than it was signed."
    elif said.root != root:
        yield f"{named} does not fit the leaves: they have been changed since it was signed."
