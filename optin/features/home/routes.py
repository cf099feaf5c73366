"""The home page: showing it, and hiding its checklist."""

from flask import Blueprint, current_app, flash, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import clock
from optin.config import Config
from optin.database.session import db
from optin.enums import Role
from optin.features.home import checklist, overview
from optin.jobs import nightly_check
from optin.provider import senders
from optin.queries import failed_sign_ins
from optin.receiving import inbound_alarm, unknown_channels
from optin.storage import free_space, write_check
from optin.web import filters
from optin.web.access import requires
from optin.web.current import current_settings
from optin.web.htmx import redirect

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def index() -> str:
    """Show what needs attention, the way to begin, and what happened lately."""
    config: Config = current_app.config["OPTIN"]
    session, zone = db.session(), filters.current_zone()
    days = overview.per_day(session, zone)
    hidden = current_user.checklist_hidden_at is not None
    return render_template(
        "home/index.html",
        review=overview.to_review(session, zone),
        unread=overview.unread(session, current_user.id),
        active=overview.active_opt_ins(session),
        week=overview.this_week(days),
        near=overview.near_misses(session),
        steps=None if hidden else checklist.steps(session, current_settings().settings, simulator=config.is_simulator),
        days=days,
        broadcasts=overview.last_broadcasts(session),
        check=nightly_check.state(session),
        senders=senders.in_use(session),
        strange=unknown_channels.warning(session) if current_user.may(Role.ADMIN) else "",
        silence=inbound_alarm.warning(session),
        alarms=failed_sign_ins.alarms(session, clock.now()) if current_user.may(Role.ADMIN) else [],
        not_stored=write_check.warning(db.engine),
        room=free_space.warning(config) if current_user.may(Role.ADMIN) else "",
    )


@blueprint.post("/checklist")
@requires(Role.VIEWER)
def show_or_hide() -> Response:
    """Hide Get started for this user, or show it again (`hidden` is 1 or 0)."""
    hide = request.form.get("hidden") == "1"
    current_user.checklist_hidden_at = clock.now() if hide else None
    db.session.commit()
    flash(
        "Get started is hidden. Use the button at the end of this page to show it again."
        if hide
        else "Get started is shown again."
    )
    return redirect(url_for(".index"))
