"""Settings › Move from Twilio for Salesforce: what to export, the report, the move and its result."""

from functools import partial
from typing import BinaryIO, cast

from flask import Response as FileResponse
from flask import abort, flash, make_response, render_template, request
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired, MultipleFileField
from sqlalchemy import select
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import Role
from optin.features.moving import report, rows_list, runs, tasks
from optin.features.moving.blueprint import RUN, blueprint, load, to_run
from optin.features.moving.soql import QUERIES
from optin.features.moving.terms import ExportObject, MoveOutcome, MoveState
from optin.jobs import engine
from optin.models import ImportRun, Move
from optin.refused import Refused
from optin.web import fields, refusals
from optin.web.access import downloads, requires

__all__ = ["blueprint"]

LISTED = 20


class FilesForm(FlaskForm):  # type: ignore[misc]
    """The export's files."""

    files = MultipleFileField("Files", [FileRequired("Choose the ZIP file, or the CSV files.")])


@blueprint.get("")
@requires(Role.ADMIN)
def index() -> str:
    """Say what to export, ask for the files, and list earlier moves."""
    return _index(FilesForm())


@blueprint.post("")
@requires(Role.ADMIN)
def create() -> Response | tuple[str, int]:
    """Keep the files and begin to read them."""
    form = FilesForm()
    if not form.validate():
        return _index(form), 422
    files = [(fields.one_line(each.filename), cast("BinaryIO", each.stream)) for each in form.files.data]
    run = runs.receive(db.session(), files, current_user.id)
    if isinstance(run, Refused):
        refusals.show(run, form)
        return _index(form), 422
    run_id = run.id
    db.session.commit()
    engine.nudge()
    return to_run(run_id)


@blueprint.get(RUN)
@requires(Role.ADMIN)
def show(run_id: int) -> str:
    """Show how the move stands: how far it is, what will happen, or what came of it."""
    run, move = load(run_id)
    return render_template("moving/show.html", **_shown(run, move))


@blueprint.get(f"{RUN}/progress")
@requires(Role.ADMIN)
def progress(run_id: int) -> Response:
    """Give the progress (fragment); 204 while it is the `version` that the page has. Lead on where it has ended."""
    run, move = load(run_id)
    if run.state not in report.FOLLOWED:
        return to_run(run_id)
    shown = _shown(run, move)
    if request.args.get("version") == shown["version"]:
        return make_response("", 204)
    return make_response(render_template("moving/_progress.html", **shown))


@blueprint.get(f"{RUN}/rows/<which>")
@requires(Role.ADMIN)
def rows(run_id: int, which: str) -> str:
    """List the rows of an object that are left out, or of which there is something to know."""
    run, move = load(run_id)
    listing = rows_list.listing(run, _object(which))
    page = listing.page(db.session(), rows_list.query(run, listing))
    return render_template(
        "moving/rows.html",
        run=run,
        which=_object(which),
        outcome=MoveOutcome(listing.filters["outcome"]),
        listing=listing,
        page=page,
        content=partial(rows_list.content, move=move, which=_object(which)),
    )


@blueprint.get(f"{RUN}/rows/<which>/file")
@requires(Role.ADMIN)
@downloads
def rows_file(run_id: int, which: str) -> FileResponse:
    """Give rows of an object as they were in the file, with what there is to know of each."""
    run, _ = load(run_id)
    return rows_list.file(run, _object(which))


@blueprint.post(f"{RUN}/start")
@requires(Role.ADMIN)
def start(run_id: int) -> Response:
    """Move."""
    run, move = load(run_id, to_change=True)
    return _done(run, runs.start(db.session(), run, move, current_user.id))


@blueprint.post(f"{RUN}/pause")
@requires(Role.ADMIN)
def pause(run_id: int) -> Response:
    """Stop for a while."""
    run, _ = load(run_id, to_change=True)
    return _done(run, runs.pause(run))


@blueprint.post(f"{RUN}/resumption")
@requires(Role.ADMIN)
def resume(run_id: int) -> Response:
    """Go on."""
    run, _ = load(run_id, to_change=True)
    return _done(run, runs.go_on(db.session(), run, current_user.id))


@blueprint.post(f"{RUN}/cancellation")
@requires(Role.ADMIN)
def cancel(run_id: int) -> Response:
    """Move nothing more."""
    run, move = load(run_id, to_change=True)
    return _done(run, runs.cancel(db.session(), run, move))


def _done(run: ImportRun, refused: Refused | None) -> Response:
    if refused is not None:
        flash(refused.sentence, "warn")
    db.session.commit()
    engine.nudge()
    return to_run(run.id)


def _index(form: FilesForm) -> str:
    newest = select(ImportRun).where(ImportRun.kind == tasks.KIND).order_by(ImportRun.id.desc()).limit(LISTED)
    found = db.session.scalars(newest).all()
    states = {run.id: MoveState(run.state) for run in found}
    return render_template("moving/index.html", form=form, queries=QUERIES, runs=found, states=states)


def _shown(run: ImportRun, move: Move) -> dict[str, object]:
    stalled = runs.has_stalled(db.session(), run)
    version = f"{run.state}-{move.stage}-{move.place}-{run.line}-{stalled}"
    return {**report.of(run, move), "stalled": stalled, "version": version}


def _object(name: str) -> ExportObject:
    return ExportObject(name) if name in list(ExportObject) else abort(404)
