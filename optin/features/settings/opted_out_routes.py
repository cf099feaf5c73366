"""The numbers that asked for no more messages at all, and the same as a file."""

from flask import Response, render_template

from optin import clock
from optin.consent import phrase_opt_outs
from optin.database.session import db
from optin.enums import Role
from optin.features.settings import opted_out_list
from optin.features.settings.blueprint import blueprint
from optin.web.access import downloads, requires


@blueprint.get("/settings/opted-out")
def opted_out() -> str:
    """List the numbers that are opted out, the newest first, or look for one."""
    session, listing = db.session(), opted_out_list.listing()
    page = listing.page(session, opted_out_list.query(listing))
    read = phrase_opt_outs.of_messages(session, [row.message_id for row in page.rows])
    young = {key: row.id for key, row in read.items() if phrase_opt_outs.is_young(row, clock.now())}
    rows = opted_out_list.rows(session, page.rows)
    return render_template("settings/opted_out.html", listing=listing, page=page, rows=rows, correctable=young)


@blueprint.get("/settings/opted-out/file")
@requires(Role.AGENT)
@downloads
def opted_out_file() -> Response:
    """Give the numbers that the list shows as a file."""
    return opted_out_list.file()
