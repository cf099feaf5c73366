"""Saving the change of a scheduled broadcast; the composer of its campaign is where it is written."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import clock
from optin.database.session import db
from optin.features.broadcasts import changing, order_form
from optin.features.broadcasts.blueprint import BROADCAST, blueprint, load
from optin.features.broadcasts.changing import ChangedMeanwhile
from optin.features.broadcasts.said import of_people
from optin.features.broadcasts.sending import BroadcastOrder, StartedBroadcast
from optin.jobs import engine
from optin.models import Broadcast
from optin.queries import saved_draft
from optin.refused import Refused
from optin.texts import recurrence_form, send_time
from optin.texts.send_time import SendTime
from optin.web import composed_for
from optin.web.composed_for import ComposedFor
from optin.web.filters import current_zone, planned


@blueprint.post(f"{BROADCAST}/edit")
def change(broadcast_id: int) -> Response:
    """Save the text, sender and times, or say why not, with what was typed and how the broadcast is now."""
    broadcast, session = load(broadcast_id), db.session()
    plan, about = send_time.of_form(request.form, current_zone()), composed_for.of_form(request.form)
    again = recurrence_form.of_form(request.form)
    if about.changes != broadcast_id:
        abort(422, "The form was incomplete. Open the broadcast, and change it from there.")
    order = order_form.order_of(request.form, plan, current_user.id, request.form.get("sender", type=int))
    faults = [*plan.faults(clock.now()), *filter(None, [again.fault(plan)])]
    done = Refused(" ".join(faults)) if faults else changing.change(session, broadcast_id, about.version, order)
    if isinstance(done, Refused):
        session.rollback()
        return _refused(broadcast, plan, order, about, done)
    saved_draft.drop(session, current_user.id, broadcast.campaign_id)
    session.commit()
    engine.nudge()
    if order.starts_at:
        engine.begin_at(broadcast_id, order.starts_at)
    flash(_said(done, order), "off" if done.again else "ok")
    return redirect(url_for(".show", broadcast_id=broadcast_id), 303)


def _refused(
    broadcast: Broadcast, plan: SendTime, order: BroadcastOrder, about: ComposedFor, done: Refused
) -> Response:
    """Show why it was not saved; where somebody else was first, what they left, and save over it only knowingly."""
    context = {"campaign": broadcast.campaign, "order": order, "plan": plan, "refused": done.sentence, "about": about}
    context["again"] = recurrence_form.of_form(request.form)
    if not isinstance(done, ChangedMeanwhile):
        return make_response(render_template("broadcasts/refused.html", **context), 422)
    context |= {"about": composed_for.of_broadcast(broadcast), "meanwhile": broadcast, "entry": done.entry}
    return make_response(render_template("broadcasts/refused.html", **context), 409)


def _said(done: StartedBroadcast, order: BroadcastOrder) -> str:
    if done.again:
        return "This change was already saved."
    if order.starts_at:
        return f"Saved. It is scheduled for {planned(order.starts_at)}."
    return of_people(done.people)
