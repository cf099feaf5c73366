"""+ Add Opt-Ins: what it will do, doing it at once or in the background, and how far that is."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import Role
from optin.features.campaigns import add_opt_ins, add_opt_ins_task, following
from optin.features.campaigns.add_opt_ins import Choices
from optin.features.campaigns.added_sentence import said
from optin.features.campaigns.blueprint import CAMPAIGN, blueprint, load
from optin.features.campaigns.forms import AddOptInsForm
from optin.jobs import engine
from optin.models import BackgroundTask
from optin.refused import Refused
from optin.web import refusals
from optin.web.access import requires

TASK = f"{CAMPAIGN}/opt-ins/<int:task_id>"


@blueprint.get(f"{CAMPAIGN}/opt-ins", endpoint="add_opt_ins")
@requires(Role.AGENT)
def offer_opt_ins(campaign_id: int) -> Response:
    """Show what + Add Opt-Ins will do, or how far it is where it is under way."""
    campaign, session = load(campaign_id), db.session()
    if task := add_opt_ins_task.under_way(session, campaign_id):
        return redirect(url_for(".show_adding", campaign_id=campaign_id, task_id=task.id), 303)
    context = {"found": add_opt_ins.known_preview(session, campaign), "many": add_opt_ins.MANY}
    return make_response(
        render_template("campaigns/add_opt_ins.html", campaign=campaign, form=AddOptInsForm(), **context)
    )


@blueprint.post(f"{CAMPAIGN}/opt-ins")
def take_opt_ins(campaign_id: int) -> Response:
    """Make members of the opted-in people and say what was done; of very many in the background."""
    campaign, session = load(campaign_id), db.session()
    choices = Choices("create_leads" in request.form, "include_removed" in request.form)
    if campaign.keyword_id and add_opt_ins_task.is_large(session, campaign.keyword_id):
        task_id = add_opt_ins_task.begin(session, campaign_id, campaign.keyword_id, current_user.id, choices)
        session.commit()
        engine.nudge()
        return redirect(url_for(".show_adding", campaign_id=campaign_id, task_id=task_id), 303)
    report = add_opt_ins.add(
        session,
        campaign_id,
        current_user.id,
        create_leads=choices.create_leads,
        include_removed=choices.include_removed,
    )
    session.commit()
    if isinstance(report, Refused):
        refusals.show(report)
    else:
        flash(said(report), "ok" if report.members else "off")
    return redirect(url_for(".show", campaign_id=campaign_id, tab="broadcasts"), 303)


@blueprint.get(TASK)
@requires(Role.AGENT)
def show_adding(campaign_id: int, task_id: int) -> str:
    """Show how far the adding in the background is, or what it did."""
    return _rendered("campaigns/adding_opt_ins.html", campaign_id, task_id)


@blueprint.get(f"{TASK}/progress")
@requires(Role.AGENT)
def adding_progress(campaign_id: int, task_id: int) -> Response:
    """Give the progress (fragment); 204 while it is the `version` that the page has."""
    return following.unchanged(_task(campaign_id, task_id)) or make_response(
        _rendered("campaigns/_adding_progress.html", campaign_id, task_id)
    )


@blueprint.post(f"{TASK}/stop")
def stop_adding(campaign_id: int, task_id: int) -> Response:
    """Add nobody more; who was added stays."""
    following.stop(_task(campaign_id, task_id))
    return redirect(url_for(".show_adding", campaign_id=campaign_id, task_id=task_id), 303)


def _task(campaign_id: int, task_id: int) -> BackgroundTask:
    return add_opt_ins_task.find(db.session(), campaign_id, task_id) or abort(404)


def _rendered(template: str, campaign_id: int, task_id: int) -> str:
    campaign, task = load(campaign_id), _task(campaign_id, task_id)
    report = add_opt_ins_task.report(task)
    version = following.version(task)
    context = {"campaign": campaign, "task": task, "version": version, "report": report, "said": said(report)}
    return render_template(template, **context)
