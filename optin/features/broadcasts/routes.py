"""Broadcasts: sending to a campaign, the page of one broadcast with its live progress, pause, resume, cancel."""

from dataclasses import replace
from uuid import UUID, uuid4

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from optin import clock
from optin.database.session import db
from optin.enums import BroadcastState, Role
from optin.features.broadcasts import (
    changing,
    changing_routes,
    not_found,
    not_sent,
    not_sent_list,
    order_form,
    queries,
    recipient_list,
    recurring_routes,
    results_routes,
    sending,
    series_routes,
    text_test_routes,
)
from optin.features.broadcasts.blueprint import BROADCAST, blueprint, load
from optin.features.broadcasts.said import of_people
from optin.features.broadcasts.sending import BroadcastOrder, StartedBroadcast
from optin.jobs import engine
from optin.models import Broadcast, Campaign
from optin.queries import saved_draft
from optin.refused import Refused
from optin.sending import series
from optin.texts import recurrence_form, send_time
from optin.web import composed_for, refusals
from optin.web.access import downloads, requires
from optin.web.current import current_policy
from optin.web.filters import current_zone, planned, plural
from optin.web.record_ids import message_id

__all__ = ["blueprint", "changing_routes", "recurring_routes", "results_routes", "series_routes", "text_test_routes"]


@blueprint.post("/campaigns/<int:campaign_id>/broadcasts")
def create(campaign_id: int) -> Response:
    """Send the text to everybody in the campaign who may get it, now or later, and lead to the broadcast's page."""
    campaign = db.session.get(Campaign, campaign_id) or abort(404)
    plan, about = send_time.of_form(request.form, current_zone()), composed_for.of_form(request.form)
    again = recurrence_form.of_form(request.form)
    asked = order_form.order_of(request.form, plan, current_user.id, request.form.get("sender", type=int))
    is_held, part = current_policy().undo_minute, about.follow_up
    order = replace(asked, form_key=_form_key(), is_held=is_held, follow_up=part)
    faults = [*plan.faults(clock.now()), *filter(None, [again.fault(plan)])]
    done = Refused(" ".join(faults)) if faults else sending.start(db.session(), campaign_id, order)
    if isinstance(done, Refused):
        db.session.rollback()
        context = {"campaign": campaign, "order": order, "plan": plan, "about": about}
        context |= {"again": again, "refused": done.sentence}
        return make_response(render_template("broadcasts/refused.html", **context), 422)
    saved_draft.drop(db.session(), current_user.id, campaign_id)
    db.session.commit()
    engine.nudge()
    if done.starts_at:
        engine.begin_at(done.broadcast_id, done.starts_at)
    flash(*_said(done, order))
    return redirect(url_for(".show", broadcast_id=done.broadcast_id), 303)


@blueprint.get(BROADCAST)
def show(broadcast_id: int) -> str:
    """Show how far the broadcast has come, what came of it, and each recipient."""
    broadcast, session = load(broadcast_id), db.session()
    is_sent, step = request.args.get("view") != not_sent_list.VIEW, series.step_of(session, broadcast_id)
    return render_template(
        "broadcasts/show.html",
        broadcast=broadcast,
        progress=queries.progress(session, broadcast, current_policy()),
        answers=None if step else queries.answers(session, broadcast),
        step=step,
        view="sent" if is_sent else not_sent_list.VIEW,
        changes=session.scalars(changing.changes(broadcast_id)).all() if broadcast.version > 1 else [],
        may_edit=current_user.may(Role.AGENT),
        **(_sent_to(session, broadcast) if is_sent else _not_sent_to(session, broadcast_id)),
    )


def _sent_to(session: Session, broadcast: Broadcast) -> dict[str, object]:
    listing = recipient_list.listing(broadcast)
    looked = recipient_list.page(session, listing)
    rows = recipient_list.rows(broadcast, session, looked.page.rows)
    about = {"status": listing.filters["status"], "shown": queries.SENT_TO, "looked": looked}
    return {"listing": listing, "page": looked.page, "rows": rows, **about}


def _not_sent_to(session: Session, broadcast_id: int) -> dict[str, object]:
    listing = not_sent_list.listing(broadcast_id)
    page = not_sent_list.asked_page(session, listing)
    about = {"reason": listing.filters["reason"], "counts": not_sent.counts(session, broadcast_id)}
    rows = not_sent_list.rows(session, page.rows)
    return {"listing": listing, "page": page, "rows": rows, "labels": not_sent.reasons(), **about}


@blueprint.get(f"{BROADCAST}/recipients/file")
@requires(Role.AGENT)
@downloads
def recipients_file(broadcast_id: int) -> Response:
    return recipient_list.file(load(broadcast_id))


@blueprint.get(f"{BROADCAST}/not-sent/file")
@requires(Role.AGENT)
@downloads
def not_sent_file(broadcast_id: int) -> Response:
    load(broadcast_id)
    return not_sent_list.file(broadcast_id)


@blueprint.get(f"{BROADCAST}/progress")
def progress(broadcast_id: int) -> Response:
    """Give the progress (fragment), and tell the recipients of it; 204 while it is the `version` that the page has."""
    broadcast = load(broadcast_id)
    found = queries.progress(db.session(), broadcast, current_policy())
    if found.live and request.args.get("version") == found.version:
        return make_response("", 204)
    may_edit = current_user.may(Role.AGENT)
    html = render_template("broadcasts/_progress.html", broadcast=broadcast, progress=found, may_edit=may_edit)
    return make_response(html, {"HX-Trigger": "progress-changed"})


@blueprint.get(f"{BROADCAST}/countdown")
def countdown(broadcast_id: int) -> Response:
    """Give the seconds until it starts (fragment); 204 where it has started, or there are many."""
    left = queries.starts_in(load(broadcast_id))
    if left is None:
        return make_response("", 204)
    return make_response(render_template("broadcasts/_countdown.html", broadcast_id=broadcast_id, left=left))


@blueprint.post(f"{BROADCAST}/state")
def change_state(broadcast_id: int) -> Response:
    """Pause, resume or cancel, as `state` says."""
    broadcast = load(broadcast_id)
    asked = request.form.get("state", "")
    state = next((state for state in sending.FROM if state == asked), None) or abort(422)
    refused = sending.bring_to(db.session(), broadcast_id, state, current_user.id)
    db.session.commit()
    started = broadcast.started_at is not None  # as the change found it: its time may have come a moment before
    if refused:
        refusals.show(refused)
    else:
        taken_back = sending.settle(db.engine, broadcast_id, state)
        flash(_said_of_state(state, taken_back, started=started), "ok")
        engine.nudge()
    return redirect(url_for(".show", broadcast_id=broadcast_id), 303)


@blueprint.post(f"{BROADCAST}/start")
def send_now(broadcast_id: int) -> Response:
    """Send a scheduled broadcast without waiting for its time; it stays scheduled if it can't be sent now."""
    load(broadcast_id)
    done = sending.send_now(db.session(), broadcast_id, current_user.id)
    if isinstance(done, Refused):
        db.session.rollback()
        refusals.show(done)
    else:
        db.session.commit()
        engine.nudge()
        flash(of_people(done.people), "ok")
    return redirect(url_for(".show", broadcast_id=broadcast_id), 303)


@blueprint.post(f"{BROADCAST}/not-found")
def settle_not_found(broadcast_id: int) -> Response:
    """Send what Twilio's list does not show again, or leave it (`do`): all of it, or one `message`."""
    broadcast, session = load(broadcast_id), db.session()
    message = request.form.get("message", type=message_id)
    if request.form.get("do") == "again":
        count = not_found.send_again(session, broadcast, current_user.id, message)
        said = f"{plural(count, 'message is', 'messages are')} waiting to be sent again." if count else ""
    else:
        count = not_found.leave(session, broadcast, current_user.id, message)
        said = f"{plural(count, 'message was', 'messages were')} left unsent." if count else ""
    session.commit()
    engine.nudge()
    flash(
        said or "There was nothing left to decide: the message was found, or someone else has decided.",
        "ok" if count else "warn",
    )
    return redirect(url_for(".show", broadcast_id=broadcast_id), 303)


def _form_key() -> str:
    """Return the key of the form: the same form sent twice is one broadcast. Without a form there is a new key."""
    try:
        return str(UUID(request.form.get("form_key") or str(uuid4())))
    except ValueError:
        abort(422, "The form was incomplete. Open the campaign, and send from its SMS Broadcasts tab.")


def _said(done: StartedBroadcast, order: BroadcastOrder) -> tuple[str, str]:
    if done.again:
        return "This broadcast was already started. Nothing was sent twice.", "off"
    if order.starts_at:
        return f"Scheduled for {planned(order.starts_at)}. Recipients are decided then.", "ok"
    if order.is_held:
        return "It starts in a minute. Until then you can stop it on this page.", "ok"
    return of_people(done.people), "ok"


def _said_of_state(state: BroadcastState, taken_back: int | None, *, started: bool) -> str:
    """Say what was done; `taken_back` is None for messages that are not counted yet."""
    if not started:
        return "Cancelled. Nothing was sent."
    if state is BroadcastState.CANCELLED:
        many = "The waiting messages"
        waiting = many if taken_back is None else plural(taken_back, "waiting message", "waiting messages")
        return f"Cancelled. {waiting} will not be sent."
    return (
        "Paused. Nothing more goes to Twilio until you resume." if state is BroadcastState.PAUSED else "Sending again."
    )
