"""The list of who changed which setting, user or sender or handled a conversation: columns, filters, file."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from flask import Response, request
from sqlalchemy import Select
from sqlalchemy.orm import Session

from optin.features.settings import queries, wording
from optin.models import AuditEntry
from optin.models.index_conditions import SETTINGS_TRAIL
from optin.policy import labels
from optin.sending.stop_all import FIELD
from optin.web import lists
from optin.web.lists import Column, Listing
from optin.web.record_ids import record_id

PANELS = {
    "sms": labels.SMS,
    "replies": labels.REPLIES,
    "hours": labels.HOURS,
    "states": [*labels.STATES, *labels.OF_STATES],
    "short_links": labels.SHORT_LINKS,
    FIELD: [FIELD],
}
CHOICES = [
    ("", "Everything"),
    ("sms", "All SMS Settings"),
    ("replies", "All replies and words"),
    ("hours", "All sending hours"),
    ("states", "All hours and limits by state"),
    ("short_links", "Short links"),
    (FIELD, "Stops of all sending"),
    ("user", "Users"),
    ("sender", "Senders"),
    ("template", "Templates"),
    ("field", "Fields"),
    ("import", "Imports"),
    ("download", "Downloads"),
    ("export", "Exports of everything"),
    ("witness", "Witnesses"),
    ("price", "Prices"),
    ("conversation", "Conversations"),
    *labels.LABELS.items(),
]


class AuditRow(NamedTuple):
    """A change: of what, from what, to what, by whom, when."""

    what: str
    before: str
    after: str
    who: str
    at: datetime


COLUMNS: tuple[Column[AuditRow], ...] = (
    Column("What", lambda row: row.what),
    Column("From", lambda row: row.before, css="text-break"),
    Column("To", lambda row: row.after, css="text-break"),
    Column("Who", lambda row: row.who),
    Column(
        "When",
        lambda row: row.at,
        is_moment=True,
        css="nowrap",
        name="when",
        keys=[AuditEntry.id],
        descending=True,
    ),
)


def listing() -> Listing:
    """Return the list that the request asks for."""
    filters = {"about": lists.one_of("about", list(dict(CHOICES))), "who": request.args.get("who", type=record_id)}
    return Listing(COLUMNS, "-when", "settings.audit_trail", filters=filters, file_endpoint="settings.audit_file")


def query(listing: Listing) -> Select[AuditEntry]:
    """Select what the list shows on all its pages."""
    about = listing.filters["about"]
    kinds = [about] if about in SETTINGS_TRAIL else []
    names = PANELS.get(about, [about] if about in labels.LABELS else [])
    return queries.audit_entries(kinds, names, listing.filters["who"])


def file() -> Response:
    """Answer with all pages of the list as a file."""
    asked = listing()
    return lists.download("audit", asked, query(asked), rows)


def rows(session: Session, entries: Sequence[AuditEntry]) -> list[AuditRow]:
    """Say of each of the entries what was changed, from what, to what."""
    subjects = queries.subjects(session, entries)
    return [
        AuditRow(
            *wording.read(entry, subjects.get((entry.subject_kind, entry.subject_id), "")),
            entry.user.name if entry.user else wording.SYSTEM,
            entry.at,
        )
        for entry in entries
    ]
