"""Whether the log is as it was sealed: leaves and payloads of events, nodes, roots and signatures of checkpoints.

Some thousand leaves at a time, each time in a short transaction: the app may run meanwhile. Rows come as plain values,
since there may be millions.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter, lt
from typing import Any

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session

from optin.consent.events import payload_hash
from optin.consent.proof import checking_cosignatures, origins, stored, tree, written
from optin.consent.proof.leaf import COLUMNS, canonical
from optin.consent.proof.signed_note import BadNote, Checkpoint, Verifier
from optin.database.statements import table
from optin.database.transactions import reading
from optin.models import ConsentEvent, ConsentPayload, LogCheckpoint, LogNode, LogOrigin

AT_ONCE = 4096
"""Leaves of one look: so many that no kept node is above leaves of two looks."""
Progress = Callable[[int], None]
_EVENT, _PAYLOAD, _NODE = (table(each) for each in (ConsentEvent, ConsentPayload, LogNode))
_ID, _HASH = COLUMNS.index("id"), COLUMNS.index("payload_hash")
_EVENT_ID, _HASH_OF_LEAF = itemgetter(1), itemgetter(2)


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
            leaves = written.leaves(session, growing.size, min(size, growing.size + AT_ONCE))
            if missing := _first_missing(leaves, growing.size):
                yield missing
                return
            kept = _kept_nodes(session, leaves)
            told = [] if _are_as_sealed(session, leaves, last, looked) else _of_events(session, leaves, last, looked)
        yield from told
        yield from _grow(growing, leaves, kept, signed, looked)
        last = max(map(_EVENT_ID, leaves))
        looked.leaves = growing.size
        progress(len(leaves))
    for each in sorted(each for each in signed.checkpoints if each <= 0 or each > size):
        yield f"There is a checkpoint of {each:,} events, and only {size:,} are sealed."
    yield from _of_higher_nodes(engine, size)
    yield from checking_cosignatures.false_ones(engine)
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


def _first_missing(leaves: Sequence[Any], first: int) -> str:
    if leaves and leaves[-1].leaf_index == first + len(leaves) - 1:
        return ""
    found = {leaf.leaf_index for leaf in leaves}
    place = next(place for place in count(first) if place not in found)
    return f"The leaf with the index {place} has been removed."


def _kept_nodes(session: Session, leaves: Sequence[Any]) -> dict[int, str]:
    """Return the hashes of the lowest nodes that are kept above leaves, by their indices."""
    of, height = _NODE.c, stored.STEP
    above = (of.node_index >= leaves[0].leaf_index >> height, of.node_index <= leaves[-1].leaf_index >> height)
    return dict(session.execute(select(of.node_index, of.hash).where(of.height == height, *above)).all())


def _are_as_sealed(session: Session, leaves: Sequence[Any], last: int, looked: Looked) -> bool:
    """Tell whether leaves are of events that follow one another, `last` being the one before them, as it is with nearly
    all: a look that takes a fraction of the one which finds out what else they are."""
    _, events, hashed, written_out, payloads_hashed, payloads = zip(*leaves, strict=True)
    if events[0] <= last or not all(map(lt, events, events[1:])) or None in written_out:
        return False
    if [hashlib.sha256(b"\0" + leaf.encode()).hexdigest() for leaf in written_out] != list(hashed):
        return False
    left = [each for each in zip(payloads_hashed, payloads, strict=True) if each[1] is not None]
    if [hashlib.sha256(payload.encode()).hexdigest() for _, payload in left] != [its for its, _ in left]:
        return False
    if session.scalar(select(func.count()).where(_EVENT.c.id > last, _EVENT.c.id <= events[-1])) != len(leaves):
        return False
    looked.erased += len(leaves) - len(left)
    return True


def _payloads(after: int, until: int) -> Select[Any]:
    of = _PAYLOAD.c
    wanted = select(of.event_id, of.salt, of.number, of.text).order_by(of.event_id)
    return wanted.where(of.event_id > after, of.event_id <= until)


def _of_events(session: Session, leaves: Sequence[Any], last: int, looked: Looked) -> list[str]:
    """Look at the events of some leaves one by one, `last` being the event of the leaf before them."""
    told, until = [], max(leaf.event_id for leaf in leaves)
    events = {event[_ID]: event for event in session.execute(stored.leaves_of_events(session, last, until))}
    payloads = {each.event_id: each for each in session.execute(_payloads(last, until))}
    left = set(events)
    for index, event_id, hashed, *_ in leaves:
        event, payload = events.get(event_id), payloads.get(event_id)
        left.discard(event_id)
        if event_id <= last:
            told.append(
                f"The leaf with the index {index} has been moved: it is of event {event_id}, and after event {last}."
            )
        elif event is None:
            told.append(f"Event {event_id} has been removed: it is sealed with the index {index}.")
        elif not _is_hash(hashed, event):
            told.append(f"Event {event_id} has been changed: it is not what was sealed with the index {index}.")
        elif payload is None:
            looked.erased += 1
        elif payload_hash(*payload[1:]) != event[_HASH]:
            told.append(
                f"The personal part of event {event_id} has been changed: it is not what the event was written with."
            )
        last = event_id
    told += [f"Event {event_id} has been inserted: it is not sealed, and later ones are." for event_id in sorted(left)]
    return told


def _is_hash(hashed: str, event: Sequence[Any]) -> bool:
    """Tell whether this is the hash of an event as a leaf, which has texts and whole numbers only."""
    try:
        return tree.leaf_hash(canonical(event)).hex() == hashed
    except TypeError:
        return False


def _grow(
    growing: tree.Growing, leaves: Sequence[Any], kept: Mapping[int, str], signed: _Signed, looked: Looked
) -> Iterator[str]:
    """Add leaves to the tree, and look at the kept nodes above them and at the checkpoints on the way."""
    hashes, width = list(map(bytes.fromhex, map(_HASH_OF_LEAF, leaves))), 1 << stored.STEP
    for first in range(0, len(hashes), width):
        subtrees, height = hashes[first : first + width], 0
        if len(subtrees) == width:
            index, top = growing.size >> stored.STEP, tree.joined(subtrees)
            if kept.get(index) != top.hex():
                yield _of_node(stored.STEP, index)
            if not signed.checkpoints.keys() & range(growing.size + 1, growing.size + width):
                subtrees, height = [top], stored.STEP
        for subtree in subtrees:
            growing.add(subtree, height)
            for each in signed.checkpoints.pop(growing.size, ()):
                looked.checkpoints += 1
                yield from _of_checkpoint(each, growing.root(), signed)


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
