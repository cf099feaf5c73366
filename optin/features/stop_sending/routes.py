"""The page that stops all sending, and says that it is stopped; every page links to it."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import Role
from optin.jobs import engine
from optin.sending import gate, stop_all
from optin.web import fields, navigation
from optin.web.access import requires
from optin.web.filters import planned

blueprint = Blueprint("stop_sending", __name__)
blueprint.record_once(lambda state: navigation.warn(state.app, lambda: stop_all.IS_STOPPED, warning))


def warning(session: Session) -> str:
    """Return what every page says while all sending is stopped, with the way to the page that lifts it."""
    stop = stop_all.current(session)
    if stop is None:  # it was lifted a moment ago
        return ""
    link = Markup('<a href="{}">Details</a>').format(url_for("stop_sending.index"))
    return Markup("{} {}").format(stop_all.sentence(stop, planned(stop.at)), link)


@blueprint.get("/stop-sending")
def index() -> str:
    """Offer to stop all sending, or show the stop and to admins the way to lift it."""
    session = db.session()
    return render_template(
        "stop_sending/index.html",
        stop=stop_all.current(session),
        may_be_deaf=gate.warning(session),
        handed_over=stop_all.handed_over(session),
        longest=stop_all.LONGEST_REASON,
        may_stop=current_user.may(Role.AGENT),
        may_lift=current_user.may(Role.ADMIN),
    )


@blueprint.post("/stop-sending")
def stop() -> Response:
    """Stop all sending; nothing more is started once this is answered."""
    stopped = stop_all.stop(db.session(), current_user.id, fields.one_line(request.form.get("reason")))
    db.session.commit()
    stop_all.await_starts(db.engine)
    if stopped:
        flash("All sending is stopped. Nothing more goes to Twilio, except confirmations of opt-outs.", "ok")
    else:
        flash("All sending was stopped already.", "warn")
    return redirect(url_for(".index"), 303)


@blueprint.post("/stop-sending/lift")
@requires(Role.ADMIN)
def lift() -> Response:
    """Lift the stop that the page showed."""
    shown = _moment(request.form.get("at", ""))
    lifted = shown is not None and stop_all.lift(db.session(), current_user.id, shown)
    db.session.commit()
    if lifted:
        flash("The stop is lifted. What waited is sent now.", "ok")
        engine.nudge()
    else:
        flash("Nothing was changed: that stop is no longer in force. Look at the page again.", "warn")
    return redirect(url_for(".index"), 303)


def _moment(typed: str) -> datetime | None:
    try:
        return datetime.fromisoformat(typed).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
