"""The composer with what a broadcast says: to change it while it is scheduled."""

from flask import abort, flash, redirect, url_for
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import BroadcastState, Role
from optin.features.campaigns import compose, page
from optin.features.campaigns.blueprint import blueprint
from optin.models import Broadcast
from optin.web.access import requires

BROADCAST = "/broadcasts/<int:broadcast_id>"


@blueprint.get(f"{BROADCAST}/edit")
@requires(Role.AGENT)
def change_broadcast(broadcast_id: int) -> Response:
    """Show the composer with a scheduled broadcast in it."""
    broadcast = db.session.get(Broadcast, broadcast_id) or abort(404)
    if broadcast.state != BroadcastState.SCHEDULED:
        flash("It can no longer be changed: it has been started or cancelled.", "warn")
        return redirect(url_for("broadcasts.show", broadcast_id=broadcast_id), 303)
    draft = compose.draft_of(broadcast)
    return page.render(broadcast.campaign, "broadcasts", draft=draft, sender_id=broadcast.sender_id)
