"""Settings › Export everything: have it made, follow it, download it for a day."""

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as WSGIResponse

from optin.archive import tables
from optin.database.session import db
from optin.enums import Role
from optin.features.exports import tasks
from optin.jobs import background, engine
from optin.models import BackgroundTask, ExportRun
from optin.policy import audit
from optin.queries import export_files
from optin.web import access, downloads
from optin.web.access import requires

blueprint = Blueprint("exports", __name__)
LISTED = 20
PAGE = "/settings/export"


@blueprint.get(PAGE)
@requires(Role.ADMIN)
def index() -> str:
    """Say what an export holds, and list the last ones."""
    return render_template("exports/index.html", **_state())


@blueprint.post(PAGE)
@requires(Role.ADMIN)
def begin() -> WSGIResponse:
    """Have one made; while one is being made there is no second."""
    tasks.begin(db.session(), current_user._get_current_object())
    db.session.commit()
    engine.nudge()
    return redirect(url_for(".index"), 303)


@blueprint.get(f"{PAGE}/progress")
@requires(Role.ADMIN)
def progress() -> Response:
    """Give the list with the progress (fragment); 204 while it is the `version` that the page has."""
    shown = _state()
    if request.args.get("version") == shown["version"]:
        return make_response("", 204)
    return make_response(render_template("exports/_runs.html", **shown))


@blueprint.post(f"{PAGE}/stop")
@requires(Role.ADMIN)
def stop() -> WSGIResponse:
    """Make no more of the one that is being made."""
    task = tasks.under_way(db.session())
    if task is None or not background.ask_to_stop(db.session(), task.id):
        flash("It had already ended.", "off")
    else:
        audit.record(db.session(), current_user.id, "stopped", tasks.SUBJECT, task.arguments["run_id"])
    db.session.commit()
    engine.nudge()
    return redirect(url_for(".index"), 303)


@blueprint.get(f"{PAGE}/<int:run_id>/file")
@requires(Role.ADMIN)
@access.downloads
def file(run_id: int) -> Response:
    """Give the ZIP, piece by piece."""
    run = db.get_or_404(ExportRun, run_id)
    if run.finished_at is None or run.moment is None or run.forgotten_at is not None:
        abort(404, "This export is not there: it was not finished, or it was made more than a day ago. Make a new one.")
    told = downloads.begin(db.engine, current_user.id, "everything", {"as of": f"{run.moment:%Y-%m-%d %H:%M:%S} UTC"})
    size, rows = run.size, run.rows

    def pieces() -> "downloads.Parts[bytes]":
        sent = 0
        for data in export_files.parts(db_engine, run_id):
            sent += len(data)
            yield data, rows if sent == size else 0

    db_engine = db.engine
    parts = downloads.counted(db_engine, told, pieces())
    headers = {
        "Content-Disposition": f'attachment; filename="optin-{run.moment:%Y-%m-%d-%H%M}.zip"',
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    response = Response(parts, mimetype="application/zip", headers=headers)
    response.call_on_close(parts.close)
    return response


def _state() -> dict[str, object]:
    """Return what the page shows; its version changes with all of it."""
    newest = select(ExportRun).options(joinedload(ExportRun.created_by)).order_by(ExportRun.id.desc()).limit(LISTED)
    runs = db.session.scalars(newest).all()
    ids = [run.task_id for run in runs if run.task_id]
    found = select(BackgroundTask).where(BackgroundTask.id.in_(ids))
    by_id = {task.id: task for task in db.session.scalars(found)}
    at_work = next((task for task in by_id.values() if task.finished_at is None), None)
    last = runs[0] if runs else None
    version = f"{last.id}-{bool(last.finished_at)}-{bool(last.forgotten_at)}" if last else ""
    if at_work is not None:
        version += f"-{at_work.done}-{bool(at_work.stop_asked_at)}"
    return {
        "runs": runs,
        "tasks": by_id,
        "at_work": at_work,
        "version": version,
        "kinds": len(tables.in_order()),
        "kept": export_files.KEPT,
    }
