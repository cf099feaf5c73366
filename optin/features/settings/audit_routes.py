"""The audit panel: who changed which setting, user or sender or handled a conversation, when, from what to what."""

from collections.abc import Callable, Iterator, Sequence

from flask import Response, render_template, request
from sqlalchemy import Select
from sqlalchemy.orm import Session

from optin.database.session import db
from optin.enums import Role
from optin.features.settings import queries, wording
from optin.features.settings.blueprint import blueprint
from optin.models import AuditEntry
from optin.web import lists
from optin.web.access import requires
from optin.web.lists import Column, Listing
from optin.web.record_ids import record_id

PANELS = {"sms": wording.SMS, "replies": wording.REPLIES, "hours": wording.HOURS}
CHOICES = [
    ("", "Everything"),
    ("sms", "All SMS Settings"),
    ("replies", "All replies and words"),
    ("hours", "All sending hours"),
    ("user", "Users"),
    ("sender", "Senders"),
    ("template", "Templates"),
    ("conversation", "Conversations"),
    *wording.LABELS.items(),
]


COLUMNS = (
    Column("What"),
    Column("From"),
    Column("To"),
    Column("Who"),
    Column("When", "when", [AuditEntry.id], descending=True),
)


@blueprint.get("/settings/audit")
@requires(Role.ADMIN)
def audit_trail() -> str:
    """List the changes, newest first: all, or those of one panel, one setting, users or senders, or by one user."""
    session, listing = db.session(), _listing()
    page = listing.page(session, _query(listing))
    return render_template(
        "settings/audit.html",
        listing=listing,
        page=page,
        choices=CHOICES,
        users=queries.users(session),
        read=_reader(session, page.rows),
    )


@blueprint.get("/settings/audit/file")
@requires(Role.ADMIN)
def audit_file() -> Response:
    """Give the changes that the list shows as a file."""
    listing = _listing()

    def cells(session: Session, entries: Sequence[AuditEntry]) -> Iterator[Sequence[object]]:
        read = _reader(session, entries)
        for entry in entries:
            yield (*read(entry), entry.user.name if entry.user else wording.SYSTEM, entry.at)

    titles = [column.label for column in COLUMNS]
    return lists.download("audit", titles, listing, _query(listing), cells)


def _listing() -> Listing:
    filters = {"about": lists.one_of("about", list(dict(CHOICES))), "who": request.args.get("who", type=record_id)}
    return Listing(COLUMNS, "-when", "settings.audit_trail", filters=filters, file_endpoint="settings.audit_file")


def _query(listing: Listing) -> Select[AuditEntry]:
    about = listing.filters["about"]
    kinds = [about] if about in queries.AUDITED else []
    names = PANELS.get(about, [about] if about in wording.LABELS else [])
    return queries.audit_entries(kinds, names, listing.filters["who"])


def _reader(session: Session, entries: Sequence[AuditEntry]) -> Callable[[AuditEntry], tuple[str, str, str]]:
    """Return what says of each of the entries what was changed, from what, to what."""
    subjects = queries.subjects(session, entries)
    return lambda entry: wording.read(entry, subjects.get((entry.subject_kind, entry.subject_id), ""))
