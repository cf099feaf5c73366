"""Of which records one was made: what its trail and those of its parts tell, and no undo took back."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.models import AuditEntry, User
from optin.person.records import SUBJECT


@dataclass(frozen=True)
class MergedFrom:
    """A record that became part of one: its name then, when, and by whom; "" is the system."""

    name: str
    at: datetime
    by: str


def merged_from(session: Session, person_ids: Collection[int]) -> list[MergedFrom]:
    """List what became part of a record, the last first; `person_ids` are those of the record and of all its parts."""
    told = select(AuditEntry.before, AuditEntry.after, AuditEntry.at, User.name).outerjoin(
        User, User.id == AuditEntry.user_id
    )
    mine = (AuditEntry.subject_kind == SUBJECT, AuditEntry.subject_id.in_(person_ids))
    rows = session.execute(told.where(*mine, AuditEntry.field == "merged_with").order_by(AuditEntry.id))
    return still_merged((before, MergedFrom(after, at, by or "")) for before, after, at, by in rows)


def still_merged(told: Iterable[tuple[str, MergedFrom]]) -> list[MergedFrom]:
    """Return the merges among entries in their order, the last first, without those that were undone.

    Each entry has the name of a record that was merged, or before it the name of one whose merge was undone.
    """
    found: list[MergedFrom] = []
    for undone, merged in told:
        if merged.name:
            found.insert(0, merged)
        else:
            last = next((each for each in found if each.name == undone), None)
            found = [each for each in found if each is not last]
    return found
