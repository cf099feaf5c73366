"""The audit panel: who changed which setting, user or sender, when, from what to what."""

from flask import render_template, request

from optin import paging
from optin.access import requires
from optin.extensions import db
from optin.models import AuditEntry
from optin.settings import queries, wording
from optin.settings.blueprint import blueprint
from optin.terms import Role

PANELS = {"sms": wording.SMS, "replies": wording.REPLIES, "hours": wording.HOURS}
CHOICES = [
    ("", "Everything"),
    ("sms", "All SMS Settings"),
    ("replies", "All replies and words"),
    ("hours", "All sending hours"),
    ("user", "Users"),
    ("sender", "Senders"),
    *wording.LABELS.items(),
]


@blueprint.get("/settings/audit")
@requires(Role.ADMIN)
def audit_trail() -> str:
    """List the changes, newest first: all, or those of one panel, one setting, users or senders."""
    about = request.args.get("about", "")
    about = about if about in dict(CHOICES) else ""
    kinds = [about] if about in queries.AUDITED else []
    names = PANELS.get(about, [about] if about in wording.LABELS else [])
    page = paging.page(
        db.session(),
        queries.audit_entries(kinds, names),
        [AuditEntry.id],
        request.args.get("page"),
        descending=True,
    )
    return render_template(
        "settings/audit.html",
        page=page,
        about=about,
        choices=CHOICES,
        subjects=queries.subjects(db.session(), page.rows),
        labels=wording.LABELS,
        value=wording.value,
    )
