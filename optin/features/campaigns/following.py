"""Following work in the background on its page, and stopping it."""

from flask import flash, make_response, request
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.jobs import background, engine
from optin.models import BackgroundTask


def version(task: BackgroundTask) -> str:
    """Return what changes with all that the page shows."""
    return f"{task.done}{'-stopping' if task.stop_asked_at else ''}{'-ended' if task.finished_at else ''}"


def unchanged(task: BackgroundTask) -> Response | None:
    """Answer 204 where the page that asks has all there is."""
    return make_response("", 204) if request.args.get("version") == version(task) else None


def stop(task: BackgroundTask) -> None:
    """Have the work end; what was done stays."""
    session = db.session()
    stopped = background.ask_to_stop(session, task.id)
    session.commit()
    engine.nudge()
    if not stopped:
        flash("It had already ended.", "off")
