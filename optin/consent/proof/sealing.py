"""Sealing: each event becomes a leaf of the tree, in the order of the ids, some at a time and each once.

An event is sealed when no smaller id can appear any more. So an event that is found below the last leaf and is none
itself was not written by Optin: `checking` finds it.
"""

from collections.abc import Callable

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from optin.consent.proof import stored, tree
from optin.consent.proof.leaf import COLUMNS, canonical
from optin.database.settled import complete_up_to
from optin.database.statements import insert, insert_rows, is_postgresql, table
from optin.database.transactions import reading, writing
from optin.database.turns import take_turns
from optin.models import ConsentEvent, LogLeaf, LogNode

AT_ONCE = 1000
"""Events that one transaction seals."""
_ID = COLUMNS.index("id")
_LEAVES, _NODES = insert(table(LogLeaf)), insert(table(LogNode))


def seal(engine: Engine, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Seal what is new and return how much; several processes may be at it. Nobody who writes events waits for it."""
    until = complete_up_to(engine, ConsentEvent, goes_on)
    with reading(engine) as session:
        _, last = stored.size_and_last(session)
    if until is None or until == last:
        return 0
    return take_turns(engine, lambda: _seal_some(engine, until), goes_on)


def alone(session: Session) -> None:
    """Let one transaction at a time add to the log. SQLite has one writer anyway."""
    if is_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('consent log'))"))


def _seal_some(engine: Engine, until: int) -> int:
    with writing(engine) as session:
        alone(session)
        size, last = stored.size_and_last(session)
        events = session.execute(stored.leaves_of_events(session, last, until).limit(AT_ONCE)).all()
        leaves = [
            {"leaf_index": size + place, "event_id": event[_ID], "hash": tree.leaf_hash(canonical(event)).hex()}
            for place, event in enumerate(events)
        ]
        insert_rows(session, _LEAVES, leaves)
        _keep_nodes(session, size, size + len(leaves))
    return len(leaves)


def _keep_nodes(session: Session, before: int, size: int) -> None:
    """Store the nodes that became complete while the tree grew."""
    height = stored.STEP
    while size >> height:
        complete = range(before >> height, size >> height)
        rows = [
            {"height": height, "node_index": index, "hash": _above(session, height, index).hex()} for index in complete
        ]
        insert_rows(session, _NODES, rows)
        height += stored.STEP


def _above(session: Session, height: int, index: int) -> bytes:
    """Return the hash of a node from those that are kept below it."""
    return tree.joined(stored.hashes(session, height - stored.STEP, index << stored.STEP, 1 << stored.STEP))
