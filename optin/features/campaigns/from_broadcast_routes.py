"""The composer with what a broadcast says: to change it while it is scheduled, to send it again, to follow it up."""

from dataclasses import replace

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from optin.consent import follow_up
from optin.database.session import db
from optin.enums import Audience, BroadcastState, Role
from optin.features.campaigns import compose, page, queries
from optin.features.campaigns.blueprint import CAMPAIGN, blueprint, load
from optin.models import Broadcast, Campaign
from optin.queries import paging
from optin.sending import variants
from optin.web import composed_for, lists
from optin.web.access import requires
from optin.web.composed_for import ComposedFor
from optin.web.current import current_policy

BROADCAST = "/broadcasts/<int:broadcast_id>"
CAMPAIGNS_SHOWN = 15


@blueprint.get(f"{BROADCAST}/edit")
@requires(Role.AGENT)
def change_broadcast(broadcast_id: int) -> Response:
    """Show the composer with a scheduled broadcast in it."""
    broadcast = _broadcast(broadcast_id)
    if broadcast.state != BroadcastState.SCHEDULED:
        flash("It can no longer be changed: it has been started or cancelled.", "warn")
        return redirect(url_for("broadcasts.show", broadcast_id=broadcast_id), 303)
    draft = compose.draft_of(broadcast)
    return page.render(broadcast.campaign, "broadcasts", draft=draft, sender_id=broadcast.sender_id)


@blueprint.get(f"{BROADCAST}/copy")
@requires(Role.AGENT)
def copy_broadcast(broadcast_id: int) -> str:
    """Offer the campaigns whose composer is to begin with the text of a broadcast, its own first."""
    broadcast, search = _broadcast(broadcast_id), lists.search()
    query = queries.listed(search, "").where(Campaign.id != broadcast.campaign_id)
    keys = [Campaign.updated_at, Campaign.id]
    token = request.args.get("page")
    shown = paging.read_page(db.session(), query, keys, token, descending=True, size=CAMPAIGNS_SHOWN)
    return render_template("campaigns/copy.html", broadcast=broadcast, page=shown, search=search)


@blueprint.get(f"{CAMPAIGN}/broadcasts/new")
@requires(Role.AGENT)
def compose_from(campaign_id: int) -> Response:
    """Show the composer with the text and sender of the broadcast `copy`, or for an `audience` `of` a broadcast.

    Who missed a broadcast is to get its text, unless it is changed; who did not answer it, another.
    """
    campaign, about = load(campaign_id), composed_for.of_form(request.args)
    if about.copy:
        broadcast = _broadcast(about.copy)
        return page.render(
            campaign,
            "broadcasts",
            draft=compose.copy_of(broadcast, canary=current_policy().canary),
            sender_id=broadcast.sender_id,
        )
    part = about.follow_up or abort(404)
    broadcast = _broadcast(part.broadcast_id)
    if fault := follow_up.fault(broadcast, campaign_id):
        flash(fault, "warn")
        return redirect(url_for("broadcasts.show", broadcast_id=broadcast.id), 303)
    body = variants.text_of(broadcast) if part.audience is Audience.MISSED else ""
    draft = replace(compose.new_draft({}, canary=current_policy().canary), body=body, about=ComposedFor(follow_up=part))
    draft = replace(draft, choices=replace(draft.choices, shortens=bool(body) and broadcast.shortens))
    return page.render(campaign, "broadcasts", draft=draft, sender_id=broadcast.sender_id)


def _broadcast(broadcast_id: int) -> Broadcast:
    return db.session.get(Broadcast, broadcast_id) or abort(404)
