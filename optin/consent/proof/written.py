"""Leaves and payloads as the database writes them, with what they were sealed as: a look at millions takes seconds.

A text that has the sealed hash is what was sealed, whoever wrote it: each value in it is written as JSON, so that no
two events are written alike. One that has another hash says nothing yet, since the form of Python counts (leaf.py).
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, case, func, null, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from optin.consent.proof import stored
from optin.consent.proof.leaf import COLUMNS
from optin.database.statements import is_postgresql, table
from optin.models import ConsentEvent, ConsentPayload, LogLeaf

_EVENT, _PAYLOAD, _LEAF = (table(each) for each in (ConsentEvent, ConsentPayload, LogLeaf))
_KNOWN = (_LEAF.c.leaf_index, _LEAF.c.event_id, _LEAF.c.hash)


def leaves(session: Session, first: int, end: int) -> Sequence[Any]:
    """Return the leaves with an index from `first` on and below `end`, in their order.

    Each with its index, its event's id, its hash, the event as a leaf, the hash of its payload as the event has it, and
    what that should be the hash of. These three are None where event or payload is gone, and where they can't be
    written: a column of SQLite may hold what no JSON holds.
    """
    between = {"first": first, "end": end}
    try:
        return session.execute(_written(is_postgresql(session)), between).all()
    except OperationalError:
        return session.execute(_in_order(select(*_KNOWN, null(), null(), null())), between).all()


@cache
def _written(on_postgresql: bool) -> Select[Any]:
    named = list(chain.from_iterable(zip(COLUMNS, stored.columns(on_postgresql), strict=True)))
    said = (_PAYLOAD.c.salt, _PAYLOAD.c.number, _PAYLOAD.c.text)
    leaf: ColumnElement[Any] = func.json_patch("{}", func.json_object(*named))
    payload: ColumnElement[Any] = func.json_array(*said)
    if on_postgresql:  # json_strip_nulls takes the spaces out as well
        leaf = func.json_strip_nulls(func.json_build_object(*named)).cast(String)
        payload = func.json_strip_nulls(func.json_build_array(*said)).cast(String)
    of_events = select(*_KNOWN, leaf, _EVENT.c.payload_hash, case((_PAYLOAD.c.event_id.is_not(None), payload)))
    joined = of_events.outerjoin(_EVENT, _EVENT.c.id == _LEAF.c.event_id)
    return _in_order(joined.outerjoin(_PAYLOAD, _PAYLOAD.c.event_id == _LEAF.c.event_id))


def _in_order(asked: Select[Any]) -> Select[Any]:
    index = _LEAF.c.leaf_index
    return asked.where(index >= bindparam("first"), index < bindparam("end")).order_by(index)
