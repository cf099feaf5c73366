"""The trail of what users changed: who, when, what, from, to. The History tabs and the audit page read it."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert, run
from optin.models import AuditEntry

_NEW = insert(AuditEntry).inline()


def record(
    session: Session,
    user_id: int | None,
    action: str,
    subject_kind: str,
    subject_id: int | None,
    changes: Mapping[str, tuple[object, object]] | None = None,
) -> None:
    """Write what a user did to a record: one entry per changed field (name to before and after), at least one.

    `action` is a past participle such as "created" or "changed"; `subject_kind` the record's table. A `user_id` of None
    means the system.
    """
    record_many(session, user_id, action, subject_kind, [(subject_id, changes or {"": ("", "")})])


def record_many(
    session: Session,
    user_id: int | None,
    action: str,
    subject_kind: str,
    changes: Iterable[tuple[int | None, Mapping[str, tuple[object, object]]]],
) -> None:
    """Write likewise what a user did to several records: the id of each, and its changed fields."""
    shared = {"at": clock.now(), "user_id": user_id, "action": action, "subject_kind": subject_kind}
    entries = [
        {**shared, "subject_id": subject_id, "field": field, "before": _text(before), "after": _text(after)}
        for subject_id, fields in changes
        for field, (before, after) in fields.items()
    ]
    if entries:
        run(session, _NEW, entries)


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Return the fields of `after` whose value differs from `before`, as `record` takes them."""
    return {name: (before.get(name), new) for name, new in after.items() if before.get(name) != new}


def history(subject_kind: str, subject_id: int) -> Select[AuditEntry]:
    """Select what was done to one record, newest first."""
    return (
        select(AuditEntry)
        .where(AuditEntry.subject_kind == subject_kind, AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.id.desc())
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)
