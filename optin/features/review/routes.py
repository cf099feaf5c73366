"""The review queue: opt out or keep each number on hold, oldest first; a decision can be withdrawn for ten minutes."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import clock, phone
from optin.consent import ledger
from optin.consent.events import Act
from optin.consent.ledger import Withdrawal, WithdrawalRefusal
from optin.database.session import db
from optin.enums import Channel, HoldResolution, OptInSource
from optin.features.review import correction_routes, records
from optin.features.review.blueprint import blueprint, why_it_stands
from optin.models import Hold
from optin.queries import people_of_numbers
from optin.web import filters
from optin.web.current import current_policy

__all__ = ["blueprint", "correction_routes"]

DECISIONS = (HoldResolution.OPT_OUT, HoldResolution.NUMBER_LOST, HoldResolution.KEEP)


@blueprint.get("/review")
def index() -> str:
    """Show the numbers on hold and what was decided recently; `decided` is the hold of the decision just made."""
    session = db.session()
    cards, page = records.waiting(session, filters.current_zone(), request.args.get("page"))
    total = records.open_count(session)
    return render_template("review/index.html", cards=cards, page=page, total=total, **_recently())


@blueprint.get("/review/decided")
def decided() -> str:
    """Give what was decided recently, with the minutes left to withdraw it (fragment)."""
    return render_template("review/_decided.html", live=True, **_recently())


@blueprint.post("/review/<int:hold_id>/decision")
def decide(hold_id: int) -> Response:
    """Opt the number out, count it as lost, or keep it; of two users who decide at once, the first one wins."""
    hold = db.session.get(Hold, hold_id) or abort(404)
    decision = request.form.get("decision")
    if decision not in DECISIONS:
        abort(422, "Choose “Opt out”, “Number lost” or “Keep”.")
    ledger.lock_number(db.session(), hold.number)
    db.session.refresh(hold)
    if hold.ended_at is not None:
        flash(_came_late(hold), "warn")
        return redirect(url_for(".index"), 303)
    _apply(hold, HoldResolution(decision))
    db.session.commit()
    return redirect(url_for(".index", decided=hold_id), 303)


@blueprint.post("/review/<int:hold_id>/withdrawal")
def withdraw(hold_id: int) -> Response:
    """Take a decision back within ten minutes, unless the person or somebody else has done something since."""
    hold = db.session.get(Hold, hold_id) or abort(404)
    act = Act(source=OptInSource.USER, at=clock.now(), actor_id=current_user.id, text=hold.trigger)
    done = ledger.withdraw(db.session(), hold_id, act)
    if done.refused:
        db.session.rollback()
        flash(_stands(hold, done), "warn")
    else:
        db.session.commit()
        flash(_withdrawn(hold, len(done.restored)), "ok")
    return redirect(url_for(".index"), 303)


def _recently() -> dict[str, object]:
    session = db.session()
    just = records.just_decided(session, request.args.get("decided", type=int))
    return {
        "decided": records.decided(session),
        "just": just,
        "said": _decision(just.hold, records.ended_by(session, just.hold)) if just else "",
    }


def _apply(hold: Hold, decision: HoldResolution) -> None:
    """Write the decision into the ledger."""
    at = max(clock.now(), hold.started_at)  # Twilio's clock, which dated the text, may be ahead of ours
    by = Channel(hold.channel)
    act = Act(source=OptInSource.USER, at=at, actor_id=current_user.id, text=hold.trigger, channel=by)
    if decision == HoldResolution.KEEP:
        ledger.keep(db.session(), hold.number, act)
    elif decision == HoldResolution.NUMBER_LOST:
        ledger.lose_held_number(db.session(), hold.number, act)
    else:
        ledger.opt_out_phone(db.session(), hold.number, act, resolution=decision)


def _decision(hold: Hold, ended: int) -> str:
    """Say what a decision did."""
    if hold.resolution == HoldResolution.KEEP:
        return f"Kept: broadcasts reach {_name(hold)} again. Messages skipped in the meantime are not sent later."
    if hold.resolution == HoldResolution.NUMBER_LOST:
        number = phone.display(hold.number, current_policy().default_region)
        return f"{number} is marked as lost: {filters.plural(ended, 'opt-in', 'opt-ins')} ended. No text was sent."
    return f"{_name(hold)} is opted out: {filters.plural(ended, 'opt-in', 'opt-ins')} ended. No text was sent."


def _withdrawn(hold: Hold, restored: int) -> str:
    """Say what a withdrawal did."""
    again = f"Withdrawn: {_name(hold)} is on hold again."
    if hold.resolution == HoldResolution.KEEP:
        return again
    back = "1 opt-in stands" if restored == 1 else f"{restored} opt-ins stand"
    return f"{again} {back} as before. Messages that were cancelled stay cancelled."


def _stands(hold: Hold, done: Withdrawal) -> str:
    """Say why a decision can't be withdrawn."""
    what = f"The decision about {_name(hold)}"
    undone, opted_out = f"{what} was already withdrawn", hold.resolution != HoldResolution.KEEP
    why = why_it_stands(done, what, undone, hold.withdrawn_by, "10 minutes", opted_out=opted_out)
    if done.refused == WithdrawalRefusal.ALREADY:
        return f"{why} Nothing was changed."
    return why or f"Nobody has decided about {_name(hold)}, so there is nothing to withdraw."


def _came_late(hold: Hold) -> str:
    """Say who was quicker: another user, or the person with a text of their own."""
    how = HoldResolution(hold.resolution).label if hold.resolution else "Decided"
    who = f" by {hold.resolved_by.name}" if hold.resolved_by else ""
    when = f", {filters.when(hold.ended_at)}" if hold.ended_at else ""
    return f"{_name(hold)} was already decided: {how}{who}{when}. Nothing was changed."


def _name(hold: Hold) -> str:
    having = people_of_numbers.of_numbers(db.session(), [hold.number]).get(hold.number)
    return filters.person_name(having[0]) if having else phone.display(hold.number, current_policy().default_region)
