"""Who takes care of a conversation, as events of its thread: who assigned it to whom, who closed it. From the trail."""

from sqlalchemy.orm import Session, joinedload

from optin.features.one_to_one.thread import AT_ONCE, Row
from optin.models import AuditEntry
from optin.policy import audit

SUBJECT = "conversation"
"""What the audit trail calls a conversation."""
NOBODY = "nobody"


def events(session: Session, conversation_id: int | None) -> list[Row]:
    """Return the newest of them, oldest first; nothing where there is no conversation."""
    if conversation_id is None:
        return []
    newest = audit.history(SUBJECT, conversation_id).options(joinedload(AuditEntry.user)).limit(AT_ONCE)
    return [
        Row("event", f"handled-{entry.id}", _told(entry), entry.at) for entry in reversed(session.scalars(newest).all())
    ]


def _told(entry: AuditEntry) -> str:
    who = entry.user.name if entry.user else "The system"
    whom = "themselves" if entry.after == who else entry.after
    return f"{who} {entry.action} it" + (f" to {whom}" if entry.field else "")
