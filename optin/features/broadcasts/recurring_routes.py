"""The page of a recurring broadcast: its dates, its text, pause, resume and end."""

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import RecurrenceState, Role
from optin.features.broadcasts import recurring_acts
from optin.features.broadcasts.blueprint import blueprint
from optin.features.broadcasts.recurring_acts import NewText
from optin.models import Broadcast, RecurringBroadcast
from optin.provider import senders
from optin.queries import paging
from optin.refused import Refused
from optin.sending import broadcast_text, first_line, recurring
from optin.web import own_fields, refusals

RECURRING = "/recurring/<int:recurring_id>"
SHOWN, NEXT = 20, 5
SAID = {
    RecurrenceState.PAUSED: "Paused. No date goes out until you resume it.",
    RecurrenceState.ACTIVE: "On again. It goes out on its next date.",
    RecurrenceState.ENDED: "Ended. No more dates follow.",
}


@blueprint.get(RECURRING)
def show_recurring(recurring_id: int) -> Response:
    """Show when it goes out next, what became of its dates, and its text."""
    return _page(_load(recurring_id))


@blueprint.post(RECURRING)
def change_recurring(recurring_id: int) -> Response:
    """Save the text and sender from the next date on, or show why not with what was typed."""
    found, session = _load(recurring_id), db.session()
    body = broadcast_text.clean(request.form.get("body", ""))
    sender_id, seen = request.form.get("sender", type=int), request.form.get("version", 0, type=int)
    done = recurring_acts.change(session, recurring_id, NewText(body, sender_id, seen, current_user.id))
    if isinstance(done, Refused):
        session.rollback()
        return _page(found, done.sentence, body, sender_id)
    session.commit()
    flash("Saved. Its dates say so from the next one on.", "ok")
    return redirect(url_for(".show_recurring", recurring_id=recurring_id), 303)


@blueprint.post(f"{RECURRING}/state")
def change_recurring_state(recurring_id: int) -> Response:
    """Pause it, let it go on or end it, as `state` says."""
    _load(recurring_id)
    asked = request.form.get("state", "")
    state = next((state for state in recurring_acts.FROM if state == asked), None) or abort(422)
    refused = recurring_acts.bring_to(db.session(), recurring_id, state, current_user.id)
    db.session.commit()
    if refused:
        refusals.show(refused)
    else:
        flash(SAID[state], "ok")
    return redirect(url_for(".show_recurring", recurring_id=recurring_id), 303)


def _load(recurring_id: int) -> RecurringBroadcast:
    return db.session.get(RecurringBroadcast, recurring_id) or abort(404)


def _page(
    found: RecurringBroadcast, refused: str = "", body: str | None = None, sender_id: int | None = None
) -> Response:
    session, token = db.session(), request.args.get("page")
    dates = recurring_acts.dates(found.id)
    html = render_template(
        "broadcasts/recurring.html",
        recurring=found,
        body=found.body if body is None else body,
        sender_id=sender_id or found.sender_id,
        refused=refused,
        words=recurring.recurrence_of(found).words,
        next=recurring.next_dates(session, found, NEXT),
        waiting=recurring.waiting(session, found),
        page=paging.read_page(session, dates, [Broadcast.occurrence], token, descending=True, size=SHOWN),
        changes=session.scalars(recurring_acts.changes(found.id)).all(),
        senders=senders.all_in_use(session),
        merge_names=[*own_fields.merge_names(), first_line.NAME],
        may_edit=current_user.may(Role.AGENT),
    )
    return make_response(html, 422 if refused else 200)
