"""Which records of Salesforce are here: by kind and key the id of ours. Nothing commits."""

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import among, insert, insert_rows, table
from optin.models import MovedRecord

_NEW = insert(table(MovedRecord)).on_conflict_do_nothing().inline()


def find(session: Session, kind: str, keys: Collection[str]) -> dict[str, int]:
    """Return by its key the id of ours of each record that was moved."""
    asked = select(MovedRecord.key, MovedRecord.record_id).where(
        MovedRecord.kind == kind, among(session, MovedRecord.key, set(keys))
    )
    return dict(session.execute(asked).all())


def add(session: Session, kind: str, pairs: Iterable[tuple[str, int]]) -> None:
    """Keep which records are here, each by its key; what is known stays."""
    now = clock.now()
    rows = [{"kind": kind, "key": key, "record_id": record_id, "moved_at": now} for key, record_id in pairs]
    insert_rows(session, _NEW, rows)


def taken(session: Session, kinds: Collection[str], record_ids: Collection[int]) -> set[int]:
    """Return those records of ours that stand for one of Salesforce already."""
    mine = among(session, MovedRecord.record_id, record_ids)
    return set(session.scalars(select(MovedRecord.record_id).where(MovedRecord.kind.in_(kinds), mine)))
