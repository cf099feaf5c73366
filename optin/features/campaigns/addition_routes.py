"""Adding the people of a source: what will happen, how far it is, what came of it; and choosing another campaign."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.campaign_members import tasks
from optin.consent import deliverability
from optin.database.session import db
from optin.enums import Role
from optin.features.campaigns import following, other_campaign, queries
from optin.features.campaigns.added_sentence import said
from optin.features.campaigns.blueprint import CAMPAIGN, blueprint, load
from optin.features.campaigns.other_campaign import Which
from optin.jobs import engine
from optin.models import BackgroundTask, Campaign
from optin.queries import paging
from optin.web import lists
from optin.web.access import requires
from optin.web.record_ids import record_id

TASK = f"{CAMPAIGN}/additions/<int:task_id>"
CAMPAIGNS_SHOWN = 15


@blueprint.get(f"{CAMPAIGN}/members/from-campaign", endpoint="other_campaign")
@requires(Role.AGENT)
def choose_campaign(campaign_id: int) -> str:
    """Offer the campaigns, and once one is chosen which of its members."""
    return _other_campaign_page(load(campaign_id))


@blueprint.post(f"{CAMPAIGN}/members/from-campaign")
def look_at_campaign(campaign_id: int) -> Response:
    """Look at the members of the chosen campaign."""
    campaign, session, which = load(campaign_id), db.session(), request.form.get("which", "")
    other = session.get(Campaign, request.form.get("from", 0, type=record_id))
    broadcast = other_campaign.last_broadcast(session, other.id) if other else None
    if other is None or other.id == campaign_id or which not in list(Which):
        return make_response(_other_campaign_page(campaign, "Choose a campaign, and which of its members."), 422)
    if broadcast is None and which in (Which.GOT, Which.MISSED):
        return make_response(_other_campaign_page(campaign, "This campaign has not sent a broadcast yet."), 422)
    about = other_campaign.about(other.id, Which(which), broadcast)
    task_id = tasks.look(session, campaign_id, other_campaign.SOURCE, about, current_user.id)
    session.commit()
    engine.nudge()
    return redirect(url_for(".show_addition", campaign_id=campaign_id, task_id=task_id), 303)


@blueprint.get(TASK)
@requires(Role.AGENT)
def show_addition(campaign_id: int, task_id: int) -> str:
    """Show what will happen, or how far it is, or what came of it."""
    task = _task(campaign_id, task_id)
    is_seen = task.name == tasks.LOOKING and task.finished_at and not task.ended_because
    return _rendered("campaigns/addition.html" if is_seen else "campaigns/adding.html", campaign_id, task)


@blueprint.get(f"{TASK}/progress")
@requires(Role.AGENT)
def addition_progress(campaign_id: int, task_id: int) -> Response:
    """Give the progress (fragment); 204 while it is the `version` that the page has. Lead on when all was looked at."""
    task = _task(campaign_id, task_id)
    if task.name == tasks.LOOKING and task.finished_at:
        return redirect(url_for(".show_addition", campaign_id=campaign_id, task_id=task_id), 303)
    return following.unchanged(task) or make_response(_rendered("campaigns/_addition_progress.html", campaign_id, task))


@blueprint.post(f"{TASK}/start")
def start_addition(campaign_id: int, task_id: int) -> Response:
    """Add the people that were looked at."""
    looked, session = _task(campaign_id, task_id), db.session()
    if looked.name != tasks.LOOKING:
        abort(404)
    source, about = looked.arguments["source"], looked.arguments["about"]
    again = "include_removed" in request.form
    added_id = tasks.begin(session, campaign_id, source, about, current_user.id, include_removed=again)
    session.commit()
    engine.nudge()
    task = _task(campaign_id, added_id)
    if task.finished_at and not task.ended_because:
        report = tasks.report(task)
        flash(said(report), "ok" if report.members else "off")
        return redirect(url_for(".show", campaign_id=campaign_id, tab="members"), 303)
    return redirect(url_for(".show_addition", campaign_id=campaign_id, task_id=added_id), 303)


@blueprint.post(f"{TASK}/stop")
def stop_addition(campaign_id: int, task_id: int) -> Response:
    """Add nobody more; who was added stays."""
    following.stop(_task(campaign_id, task_id))
    return redirect(url_for(".show_addition", campaign_id=campaign_id, task_id=task_id), 303)


def _task(campaign_id: int, task_id: int) -> BackgroundTask:
    return tasks.find(db.session(), campaign_id, task_id) or abort(404)


def _rendered(template: str, campaign_id: int, task: BackgroundTask) -> str:
    people, report = tasks.people_of(db.session(), task), tasks.report(task)
    return render_template(
        template,
        campaign=load(campaign_id),
        task=task,
        version=following.version(task),
        title=people.title if people else "People who are gone",
        looking=task.name == tasks.LOOKING,
        found=tasks.preview(task),
        report=report,
        said=said(report),
    )


def _other_campaign_page(campaign: Campaign, error: str = "") -> str:
    session, search = db.session(), lists.search()
    other = session.get(Campaign, request.values.get("from", 0, type=record_id))
    other = None if other is campaign else other
    query = queries.listed(search, "").where(Campaign.id != campaign.id)
    keys = [Campaign.updated_at, Campaign.id]
    page = paging.read_page(session, query, keys, request.args.get("page"), descending=True, size=CAMPAIGNS_SHOWN)
    return render_template(
        "campaigns/other_campaign.html",
        campaign=campaign,
        other=other,
        broadcast=other_campaign.last_broadcast(session, other.id) if other else None,
        page=page,
        counts=deliverability.member_counts(session, [each.id for each in page.rows]),
        search=search,
        which=Which,
        chosen=request.form.get("which", Which.ALL),
        error=error,
    )
