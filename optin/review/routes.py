"""The review queue: opt out or keep each number on hold, oldest first."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import clock, filters, navigation, phone, policy
from optin.consent import ledger, people
from optin.consent.events import Act
from optin.extensions import db
from optin.models import Hold
from optin.review import queries
from optin.terms import HoldResolution, OptInSource

blueprint = Blueprint("review", __name__)
DECISIONS = (HoldResolution.OPT_OUT, HoldResolution.KEEP)


@blueprint.record_once
def _show_count(state: BlueprintSetupState) -> None:
    navigation.badge(state.app, "/review", queries.open_count)


@blueprint.get("/review")
def index() -> str:
    """Show the numbers on hold and what was decided recently."""
    session = db.session()
    cards, page = queries.waiting(session, filters.current_zone(), request.args.get("page"))
    return render_template(
        "review/index.html",
        cards=cards,
        page=page,
        total=queries.open_count(session),
        decided=queries.decided(session),
    )


@blueprint.post("/review/<int:hold_id>/decision")
def decide(hold_id: int) -> Response:
    """Opt the number out, or keep it; of two users who decide at once, the first one wins."""
    hold = db.session.get(Hold, hold_id) or abort(404)
    decision = request.form.get("decision")
    if decision not in DECISIONS:
        abort(422, "Choose “Opt out” or “Keep”.")
    ledger.lock_number(db.session(), hold.number)
    db.session.refresh(hold)
    if hold.ended_at is not None:
        flash(_came_late(hold), "warn")
    else:
        flash(_apply(hold, HoldResolution(decision)), "ok")
    db.session.commit()
    return redirect(url_for(".index"), 303)


def _apply(hold: Hold, decision: HoldResolution) -> str:
    """Write the decision into the ledger and return the notice about it."""
    session, name = db.session(), _name(hold)
    at = max(clock.now(), hold.started_at)  # Twilio's clock, which dated the text, may be ahead of ours
    act = Act(source=OptInSource.USER, at=at, actor_id=current_user.id, text=hold.trigger)
    if decision == HoldResolution.KEEP:
        ledger.keep(session, hold.number, act)
        return f"Kept: broadcasts reach {name} again. Messages that were skipped meanwhile are not sent later."
    ended = len(ledger.opt_out(session, hold.number, act, resolution=decision).ended)
    return f"{name} is opted out: {ended} opt-in{'' if ended == 1 else 's'} ended. No text was sent."


def _came_late(hold: Hold) -> str:
    """Say who was quicker: another user, or the person with a text of their own."""
    how = HoldResolution(hold.resolution).label if hold.resolution else "Decided"
    who = f" by {hold.resolved_by.name}" if hold.resolved_by else ""
    when = f", {filters.when(hold.ended_at)}" if hold.ended_at else ""
    return f"{_name(hold)} was decided already: {how}{who}{when}. Your click changed nothing."


def _name(hold: Hold) -> str:
    having = people.of_numbers(db.session(), [hold.number]).get(hold.number)
    return having[0].name if having else phone.display(hold.number, policy.load(db.session()).default_region)
