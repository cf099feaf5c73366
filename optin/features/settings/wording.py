"""The wording of settings and their values in the audit trail and in notices."""

import json

from optin import phone
from optin.models import AuditEntry

SMS = {
    "require_opt_in_for_one_to_one": "Require Opt-In for 1:1 SMS Messaging",
    "keywordless_needs_opt_in": "Campaigns without a keyword need any opt-in",
    "start_restores_opt_ins": "START restores earlier opt-ins",
    "holds_short_refusals": "Short refusals after a broadcast",
    "cap_per_day": "Frequency cap a day",
    "cap_per_week": "Frequency cap a week",
    "cap_waits": "Above the cap",
    "tries_before_lost": "Failed messages until a number is not in use",
    "default_region": "Default country of numbers",
    "brand": "Brand name",
}
REPLIES = {
    "opt_out_reply": "Opt-out confirmation",
    "keyword_ended_reply": "Reply when one keyword ended",
    "help_reply": "Help reply",
    "how_to_confirm_reply": "Reply to an unclear answer",
    "extra_opt_out_words": "Extra opt-out words",
    "question_hours": "Hours that a double opt-in question stays open",
}
HOURS = {"sending_hours": "Sending hours", "sending_from": "Sending hours from", "sending_to": "Sending hours to"}
SIGNED_IN = "signed in with a link"
SYSTEM = "The system"
LABELS = {**SMS, **REPLIES, **HOURS}


def value(name: str, stored: str) -> str:
    """Return the value of the setting `name`, stored as JSON text, as people read it."""
    found: object = json.loads(stored)
    if name == "cap_waits":
        return "Wait" if found else "Skip"
    if name == "holds_short_refusals":
        return "Put on hold" if found else "Leave in the inbox"
    if isinstance(found, bool):
        return "On" if found else "Off"
    if isinstance(found, list):
        return ", ".join(map(str, found)) or "none"
    if name == "default_region":
        return dict(phone.regions()).get(str(found), str(found))
    return "no cap" if name.startswith("cap_") and found == 0 else str(found)


def read(entry: AuditEntry, subject: str) -> tuple[str, str, str]:
    """Say what an entry is about, from what and to what it was changed; `subject` is the name of the record."""
    if entry.subject_kind == "setting" and entry.field in LABELS:
        return LABELS[entry.field], value(entry.field, entry.before), value(entry.field, entry.after)
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
