"""Doing something to ticked people of a list, or to all that match: what it will do, doing it, how far it is."""

from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from optin.campaign_members import tasks as member_tasks
from optin.database.session import db
from optin.enums import PersonKind, Role
from optin.features.people import acts, list_request, queries, selection
from optin.features.people.acts import Act
from optin.features.people.loading import route
from optin.features.people.selection import Selection
from optin.jobs import background, engine
from optin.models import BackgroundTask, Campaign, Person
from optin.person.filters import table
from optin.queries import look
from optin.web.access import requires
from optin.web.current import current_policy
from optin.web.filters import plural
from optin.web.record_ids import record_id

TASK = "/acts/<int:task_id>"
CAMPAIGN = "campaign"
MOST_TICKED = 500
CONFIRMED = "delete"
COUNTING = "after", "sofar"
CAMPAIGNS_SHOWN = 200


@route("/act", "act_on_{kind}s")
@requires(Role.AGENT)
def ask(kind: PersonKind) -> str | Response:
    """Say to how many people what will be done, and ask what is to be known for it."""
    chosen = _chosen(kind)
    if chosen is None:
        flash("Nobody was selected. Tick some people, or choose all that match.", "off")
        return redirect(url_for(f"people.{kind}s", **_back()), 303)
    return _page(kind, chosen)


@route("/act", "do_to_{kind}s", ["POST"])
def do(kind: PersonKind) -> Response | tuple[str, int]:
    """Begin it."""
    chosen, session = _chosen(kind) or abort(400), db.session()
    if _what() == CAMPAIGN:
        campaign = session.get(Campaign, request.form.get("campaign", 0, type=record_id))
        if campaign is None:
            return _page(kind, chosen, "Choose a campaign."), 422
        task_id = member_tasks.look(session, campaign.id, selection.SOURCE, chosen.stored, current_user.id)
        session.commit()
        engine.nudge()
        return redirect(url_for("campaigns.show_addition", campaign_id=campaign.id, task_id=task_id), 303)
    act = Act(_what())
    if act is Act.DELETION and request.form.get("confirmed", "").strip().casefold() != CONFIRMED:
        return _page(kind, chosen, f"Type the word “{CONFIRMED}” to confirm."), 422
    owner = request.form.get("owner", "")
    owner_id = request.form.get("owner", 0, type=record_id)
    if act is Act.OWNER and owner != "nobody" and owner_id not in [user.id for user in queries.owners(session, None)]:
        return _page(kind, chosen, "Choose an owner."), 422
    expected = request.form.get("expected", type=int) if chosen.ids is None else len(chosen.ids)
    task = acts.begin(session, act, chosen, current_user.id, expected, owner_id or None)
    session.commit()
    engine.nudge()
    if task.finished_at and chosen.ids is not None:
        flash(said(task), "ok" if acts.report(task).done else "off")
        return redirect(url_for(f"people.{kind}s", **_back()), 303)
    return redirect(url_for(f"people.{kind}_act", task_id=task.id), 303)


@route("/act/count", "count_{kind}s_to_act_on")
@requires(Role.AGENT)
def count(kind: PersonKind) -> str:
    """Count on (fragment)."""
    return render_template("people/_act_count.html", kind=kind, **_count(kind, _chosen(kind) or abort(400)))


@route(TASK, "{kind}_act")
@requires(Role.AGENT)
def show_act(kind: PersonKind, task_id: int) -> str:
    """Show how far it is, or what was done."""
    return render_template("people/act_progress.html", **_progress(kind, task_id))


@route(f"{TASK}/progress", "{kind}_act_progress")
@requires(Role.AGENT)
def act_progress(kind: PersonKind, task_id: int) -> Response:
    """Give the progress (fragment); 204 while it is the `version` that the page has."""
    shown = _progress(kind, task_id)
    if request.args.get("version") == shown["version"]:
        return make_response("", 204)
    return make_response(render_template("people/_act_progress.html", **shown))


@route(f"{TASK}/stop", "stop_{kind}_act", ["POST"])
def stop_act(kind: PersonKind, task_id: int) -> Response:
    """Do it to nobody more; what was done stays."""
    session, task = db.session(), _task(kind, task_id)
    stopped = background.ask_to_stop(session, task.id)
    session.commit()
    engine.nudge()
    if not stopped:
        flash("It had already ended.", "off")
    return redirect(url_for(f"people.{kind}_act", task_id=task_id), 303)


def said(task: BackgroundTask) -> str:
    """Say in a sentence what was done, to whom not, and why."""
    act, done = Act(task.arguments["act"]), acts.report(task)
    people = plural(done.done, "person", "people")
    first = {
        Act.OWNER: f"{people} got the new owner",
        Act.CONVERSION: f"{plural(done.done, 'lead', 'leads')} became {'a contact' if done.done == 1 else 'contacts'}",
        Act.DELETION: f"{people} deleted",
    }[act]
    same = f"{done.same:,} {'was' if done.same == 1 else 'were'} so already" if done.same else ""
    gone = f"{done.gone:,} had been changed or deleted in the meantime" if done.gone and not task.ended_because else ""
    return "; ".join(part for part in (first, same, gone) if part) + "."


def _what() -> str:
    """Return what is to be done, or answer 404, or 403 where it is not the user's."""
    what = request.args.get("act", "")
    if what != CAMPAIGN and what not in list(Act):
        abort(404)
    if what != CAMPAIGN and not current_user.may(Act(what).role):
        abort(403)
    return what


def _chosen(kind: PersonKind) -> Selection | None:
    """Return the people that the request is about; None where it names nobody."""
    _what()
    session, args = db.session(), request.args
    ids = None if args.get("all") else args.getlist("id", type=record_id)[:MOST_TICKED]
    if ids is not None and not ids:
        return None
    asked = list_request.read(session, kind)
    filters, text = (asked.filters, asked.text) if ids is None else ((), "")
    region = current_policy().default_region
    return selection.of(session, kind, ids, filters, text, region=region, asker=list_request.asker())


def _count(kind: PersonKind, chosen: Selection) -> dict[str, Any]:
    """Count for a moment, from where an earlier request stopped."""
    args, session = request.args, db.session()
    after, so_far = (args.get(name, 0, type=record_id) or 0 for name in COUNTING)
    if chosen.ids is not None:
        given = select(Person.id).where(*chosen.conditions(session)(Person))
        return {"number": len(session.scalars(given).all()), "more_url": ""}
    found, here = look.count(session, chosen.conditions(session), after, chosen.up_to)
    kept = {name: value for name, value in args.to_dict(flat=False).items() if name not in COUNTING}
    more: dict[str, Any] = {} if here is None else {**kept, "after": here, "sofar": so_far + found}
    return {
        "number": so_far + found,
        "more_url": url_for(f"people.count_{kind}s_to_act_on", **more) if more else "",
        "plain_url": url_for(f"people.act_on_{kind}s", **more) if more else "",
    }


def _page(kind: PersonKind, chosen: Selection, problem: str = "") -> str:
    session = db.session()
    newest = select(Campaign).order_by(Campaign.updated_at.desc(), Campaign.id.desc()).limit(CAMPAIGNS_SHOWN)
    return render_template(
        "people/act.html",
        kind=kind,
        what=_what(),
        problem=problem,
        said=table.say(session, chosen.filters),
        text=chosen.text,
        is_all=chosen.ids is None,
        owners=queries.owners(session, None),
        campaigns=session.scalars(newest).all() if _what() == CAMPAIGN else [],
        back_url=url_for(f"people.{kind}s", **_back()),
        confirmed=CONFIRMED,
        **_count(kind, chosen),
    )


def _back() -> dict[str, Any]:
    """Return the parameters of the list that one came from."""
    gone = ("act", "all", "id", *COUNTING)
    return {name: value for name, value in request.args.to_dict(flat=False).items() if name not in gone}


def _task(kind: PersonKind, task_id: int) -> BackgroundTask:
    task = acts.find(db.session(), task_id)
    return task if task is not None and task.arguments["chosen"]["kind"] == kind else abort(404)


def _progress(kind: PersonKind, task_id: int) -> dict[str, Any]:
    task = _task(kind, task_id)
    version = f"{task.done}-{bool(task.stop_asked_at)}-{bool(task.finished_at)}"
    act = Act(task.arguments["act"])
    return {"kind": kind, "task": task, "act": act, "report": acts.report(task), "said": said(task), "version": version}
