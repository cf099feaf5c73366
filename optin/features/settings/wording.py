"""The wording of what the audit trail tells, and of notices."""

from optin.models import AuditEntry
from optin.policy.labels import LABELS, OF_STATES, value
from optin.sending.stop_all import FIELD

SIGNED_IN = "signed in with a link"
SYSTEM = "The system"


def read(entry: AuditEntry, subject: str) -> tuple[str, str, str]:
    """Say what an entry is about, from what and to what it was changed; `subject` is the name of the record."""
    if entry.subject_kind == "setting" and entry.field in LABELS | OF_STATES:
        return (LABELS | OF_STATES)[entry.field], value(entry.field, entry.before), value(entry.field, entry.after)
    if entry.subject_kind == "setting" and entry.field == FIELD:
        return "All sending", entry.before, entry.after
    if entry.subject_kind == "download":
        return f"Downloaded {entry.field.replace('-', ' ')}", entry.before, entry.after
    if entry.subject_kind == "export":
        return f"{entry.action.capitalize()} an export of everything", entry.before, entry.after
    of = "" if entry.action == SIGNED_IN else f" {subject or entry.subject_kind}"
    field = "" if entry.subject_kind == "conversation" else f": {entry.field.replace('_', ' ')}" if entry.field else ""
    what = f"{entry.action}{of}{field}"
    return what[:1].upper() + what[1:], entry.before, entry.after


def saved(changed: list[str]) -> str:
    """Return the notice after saving the settings of these names."""
    if not changed:
        return "Nothing was changed."
    return f"Saved: {', '.join(LABELS[name] for name in changed)}."
