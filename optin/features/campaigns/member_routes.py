"""Adding members by hand, removing members."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.campaign_members.adding import Added
from optin.database.session import db
from optin.enums import PersonKind, Role
from optin.features.campaigns import member_list, members
from optin.features.campaigns.blueprint import CAMPAIGN, blueprint, load
from optin.models import Campaign, CampaignMember, Person
from optin.queries import paging
from optin.web import record_ids
from optin.web.access import downloads, requires
from optin.web.current import current_policy
from optin.web.filters import default_region, person_name, plural


@blueprint.get(f"{CAMPAIGN}/members/new")
@requires(Role.AGENT)
def new_members(campaign_id: int) -> str:
    """Offer the ways to add members, and contacts and leads to tick."""
    return _add_page(load(campaign_id))


@blueprint.post(f"{CAMPAIGN}/members")
def add_members(campaign_id: int) -> Response:
    """Add the ticked people."""
    campaign, ticked = load(campaign_id), _ticked("person")
    if not ticked:
        return make_response(_add_page(campaign, "Select someone in the list."), 422)
    added = members.add(db.session(), campaign.id, current_user.id, ticked)
    db.session.commit()
    flash(_said_of_added(added), "ok" if added.members else "off")
    return redirect(url_for(".show", campaign_id=campaign_id, tab="members"), 303)


@blueprint.post(f"{CAMPAIGN}/members/<int:member_id>/removal")
def remove_member(campaign_id: int, member_id: int) -> Response:
    """Take one member out of the campaign; the person and their opt-ins stay."""
    member = db.session.get(CampaignMember, member_id, with_for_update={"key_share": True})
    if member is None or member.campaign_id != campaign_id:
        abort(404)
    if member.removed_at is None:
        taken_back = members.remove(db.session(), member, current_user.id, default_region())
        db.session.commit()
        name = person_name(member.person)
        waiting = _said_of_waiting(taken_back)
        flash(f"{name} was removed from the campaign. + Add Opt-Ins will leave them out from now on.{waiting}", "ok")
    return redirect(url_for(".show", campaign_id=campaign_id, tab="members"), 303)


@blueprint.post(f"{CAMPAIGN}/members/removal")
def remove_members(campaign_id: int) -> Response:
    """Take the ticked members out of the campaign."""
    load(campaign_id)
    gone, taken_back = members.remove_many(
        db.session(), campaign_id, _ticked("member"), current_user.id, default_region()
    )
    db.session.commit()
    if gone:
        waiting = _said_of_waiting(taken_back)
        flash(f"{plural(gone, 'member was', 'members were')} removed from the campaign.{waiting}", "ok")
    else:
        flash("Nobody was selected, so nobody was removed.", "off")
    return redirect(url_for(".show", campaign_id=campaign_id, tab="members"), 303)


@blueprint.get(f"{CAMPAIGN}/members/file")
@requires(Role.AGENT)
@downloads
def members_file(campaign_id: int) -> Response:
    return member_list.file(db.session(), load(campaign_id))


def _ticked(name: str) -> list[int]:
    """Return the ids that were ticked; what is no id is left out."""
    return [int(text) for text in request.form.getlist(name) if text.isdecimal() and int(text) <= record_ids.LARGEST]


def _said_of_waiting(taken_back: int) -> str:
    if not taken_back:
        return ""
    return f" {plural(taken_back, 'waiting message was', 'waiting messages were')} cancelled."


def _add_page(campaign: Campaign, error: str = "") -> str:
    """Offer the ways, and people to tick."""
    search = request.values.get("q", "").replace("\0", "").strip()
    kind = request.values.get("kind", "")
    kind = kind if kind in list(PersonKind) else ""
    session, keys = db.session(), [Person.kind, Person.sort_name, Person.id]
    query, has_more = members.candidates(session, search, kind, current_policy().default_region)
    page = paging.read_page(session, query, keys, request.values.get("page"))
    present = members.present(session, campaign.id, [person.id for person in page.rows])
    context = {"search": search, "kind": kind, "kinds": PersonKind, "page": page, "has_more": has_more}
    context |= {"campaign": campaign, "present": present, "error": error}
    return render_template("campaigns/add_members.html", **context)


def _said_of_added(added: Added) -> str:
    said = f"{plural(added.members, 'member', 'members')} added"
    return f"{said}." if added.members else f"{said}, they were already members."
