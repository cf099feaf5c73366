"""What stands in the database: events in the form of leaves, and the hashes of the tree.

Of the nodes every eighth height is kept, so that a proof or a root reads some hundred hashes however large the tree is.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, String, func, select, type_coerce
from sqlalchemy.orm import Session

from optin.consent.proof import cosignature, tree
from optin.consent.proof.leaf import COLUMNS, MOMENTS
from optin.database.statements import is_postgresql, table
from optin.models import ConsentEvent, LogCheckpoint, LogCosignature, LogLeaf, LogNode

STEP = 8
"""Heights between two of which the nodes are kept."""
MANY = 10_000
_EVENT, _LEAF, _NODE = table(ConsentEvent), table(LogLeaf), table(LogNode)


class Missing(LookupError):
    """A leaf or node of the tree is not stored; the text says which."""


def leaves_of_events(session: Session, after: int, until: int) -> Select[Any]:
    """Select the events with an id above `after` up to `until`, in their order: the values of each leaf's columns."""
    return (
        select(*columns(is_postgresql(session))).where(_EVENT.c.id > after, _EVENT.c.id <= until).order_by(_EVENT.c.id)
    )


def columns(on_postgresql: bool) -> list[ColumnElement[Any]]:
    """Return the columns of an event that a leaf has, in their order, moments as texts."""
    moment = _moment_of_postgresql if on_postgresql else _moment_of_sqlite
    return [moment(_EVENT.c[name]) if name in MOMENTS else _EVENT.c[name] for name in COLUMNS]


def size_and_last(session: Session) -> tuple[int, int]:
    """Return how many leaves there are and the id of the last event among them, 0 where there is none."""
    last = select(_LEAF.c.leaf_index, _LEAF.c.event_id).order_by(_LEAF.c.leaf_index.desc()).limit(1)
    found = session.execute(last).one_or_none()
    return (found.leaf_index + 1, found.event_id) if found else (0, 0)


def index_of(session: Session, event_id: int) -> int | None:
    """Return the place of an event in the tree, None while it is not sealed."""
    return session.scalar(select(_LEAF.c.leaf_index).where(_LEAF.c.event_id == event_id))


def waiting(session: Session) -> int:
    """Return how many events are not sealed yet, `MANY` where there are more."""
    some = select(_EVENT.c.id).where(_EVENT.c.id > size_and_last(session)[1]).limit(MANY).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def latest_checkpoint(session: Session) -> LogCheckpoint | None:
    """Return the newest checkpoint, which covers every event that any checkpoint covers."""
    return session.scalars(select(LogCheckpoint).order_by(LogCheckpoint.id.desc()).limit(1)).first()


def latest_cosigned(session: Session) -> LogCheckpoint | None:
    """Return the newest checkpoint that a witness has cosigned."""
    cosigned = select(LogCheckpoint).join(LogCosignature, LogCosignature.checkpoint_id == LogCheckpoint.id)
    return session.scalars(cosigned.order_by(LogCosignature.checkpoint_id.desc()).limit(1)).first()


def cosigned_note(session: Session, checkpoint: LogCheckpoint) -> str:
    """Return a checkpoint as it was signed, with the lines of all who have cosigned it."""
    lines = select(LogCosignature.line).where(LogCosignature.checkpoint_id == checkpoint.id)
    return cosignature.joined(checkpoint.note, session.scalars(lines.order_by(LogCosignature.witness_id)).all())


def nodes(session: Session) -> tree.Node:
    """Return what gives the hashes of the tree's nodes. It raises Missing for one that is not there."""

    def node(height: int, index: int) -> bytes:
        kept = height - height % STEP
        return tree.joined(hashes(session, kept, index << (height - kept), 1 << (height - kept)))

    return node


def hashes(session: Session, height: int, first: int, count: int) -> list[bytes]:
    """Return so many hashes of a height that is kept, leaves at 0, from the one with the index `first` on."""
    index = _LEAF.c.leaf_index if height == 0 else _NODE.c.node_index
    wanted = select((_LEAF if height == 0 else _NODE).c.hash).where(index >= first, index < first + count)
    if height:
        wanted = wanted.where(_NODE.c.height == height)
    found = [bytes.fromhex(each) for each in session.scalars(wanted.order_by(index))]
    if len(found) != count:
        raise Missing(f"of the {count} hashes of height {height} from {first} on, {len(found)} are stored")
    return found


def _moment_of_postgresql(column: ColumnElement[Any]) -> ColumnElement[str]:
    return func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')


def _moment_of_sqlite(column: ColumnElement[Any]) -> ColumnElement[str]:
    """Its text has six digits of a second or, written by hand, fewer."""
    raw = type_coerce(column, String)
    digits = func.substr(".000000", func.length(raw) - len("2026-11-27 07:05:3"))
    return func.replace(raw, " ", "T").concat(digits).concat("Z")
