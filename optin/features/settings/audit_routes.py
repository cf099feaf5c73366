"""The audit panel: who changed which setting, user or sender or handled a conversation, when, from what to what."""

from flask import Response, render_template

from optin.database.session import db
from optin.enums import Role
from optin.features.settings import audit_list, queries
from optin.features.settings.blueprint import blueprint
from optin.web.access import downloads, requires


@blueprint.get("/settings/audit")
@requires(Role.ADMIN)
def audit_trail() -> str:
    """List the changes, newest first: all, or those of one panel, one setting, users or senders, or by one user."""
    session, listing = db.session(), audit_list.listing()
    page = listing.page(session, audit_list.query(listing))
    return render_template(
        "settings/audit.html",
        listing=listing,
        page=page,
        choices=audit_list.CHOICES,
        users=queries.users(session),
        rows=audit_list.rows(session, page.rows),
    )


@blueprint.get("/settings/audit/file")
@requires(Role.ADMIN)
@downloads
def audit_file() -> Response:
    """Give the changes that the list shows as a file."""
    return audit_list.file()
