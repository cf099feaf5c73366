"""Campaigns: list, form and record page. The other modules with routes share the blueprint."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import Role
from optin.features.campaigns import (
    addition_routes,
    as_of_routes,
    compose_routes,
    forms,
    from_broadcast_routes,
    index_list,
    member_routes,
    opt_in_routes,
    page,
    queries,
    saving,
    test_message_routes,
)
from optin.features.campaigns.blueprint import CAMPAIGN, blueprint, load
from optin.features.campaigns.forms import CampaignForm
from optin.models import Campaign
from optin.refused import Refused
from optin.web import refusals
from optin.web.access import requires

__all__ = [
    "addition_routes",
    "as_of_routes",
    "blueprint",
    "compose_routes",
    "from_broadcast_routes",
    "member_routes",
    "opt_in_routes",
    "test_message_routes",
]


@blueprint.get("/campaigns")
def index() -> str:
    listing = index_list.listing()
    shown = listing.page(db.session(), index_list.query(listing))
    ids = [campaign.id for campaign in shown.rows]
    context = {
        "listing": listing,
        "page": shown,
        "rows": index_list.rows(db.session(), shown.rows),
        "scheduled": queries.scheduled(db.session(), ids),
    }
    return render_template("campaigns/index.html", may_edit=current_user.may(Role.AGENT), **context)


@blueprint.get("/campaigns/file")
def index_file() -> Response:
    return index_list.file()


@blueprint.get("/campaigns/new")
@requires(Role.AGENT)
def new() -> str:
    """Show the empty form; `keyword` in the address is chosen already."""
    return _form_page(_form(keyword=request.args.get("keyword", "")))


@blueprint.post("/campaigns")
def create() -> Response:
    """Store a new campaign and lead to its record."""
    form = _form()
    if not form.validate():
        return make_response(_form_page(form), 422)
    campaign = saving.create(db.session(), form, current_user.id)
    db.session.commit()
    tied = f" It is tied to the keyword “{campaign.keyword.word}”." if campaign.keyword else ""
    flash(f"Campaign “{campaign.name}” was created.{tied}", "ok")
    return redirect(url_for(".show", campaign_id=campaign.id), 303)


@blueprint.get(CAMPAIGN)
def show(campaign_id: int) -> Response:
    """Show the record page."""
    return page.render(load(campaign_id), request.args.get("tab", ""))


@blueprint.get(f"{CAMPAIGN}/edit")
@requires(Role.AGENT)
def edit(campaign_id: int) -> str:
    """Show the form with what is stored."""
    campaign = load(campaign_id)
    return _form_page(_form(campaign), campaign)


@blueprint.post(CAMPAIGN)
def update(campaign_id: int) -> Response:
    """Store what was changed; the keyword stays while a broadcast of the campaign has not ended."""
    campaign = db.session.scalars(Campaign.locked(campaign_id)).first() or abort(404)
    form = _form(campaign)
    if not form.validate():
        return make_response(_form_page(form, campaign), 422)
    changed = saving.change(db.session(), campaign, form, current_user.id)
    if isinstance(changed, Refused):
        refusals.show(changed, form)
        return make_response(_form_page(form, campaign), 422)
    db.session.commit()
    flash(f"Saved. Changed: {', '.join(changed)}." if changed else "Nothing was changed.", "ok" if changed else "off")
    return redirect(url_for(".show", campaign_id=campaign_id), 303)


def _form(campaign: Campaign | None = None, keyword: str = "") -> CampaignForm:
    keywords = queries.keywords(db.session(), campaign.keyword_id if campaign else None)
    owners = queries.owners(db.session(), campaign.owner_id if campaign else None)
    return forms.campaign_form(keywords, owners, campaign, keyword)


def _form_page(form: CampaignForm, campaign: Campaign | None = None) -> str:
    broadcast = queries.unfinished(db.session(), campaign.id) if campaign else None
    return render_template("campaigns/form.html", form=form, campaign=campaign, unfinished=broadcast)
