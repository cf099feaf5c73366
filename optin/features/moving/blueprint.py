"""The blueprint of moving over, and loading the move that an address names; routes.py puts its addresses on it."""

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.features.moving import runs, tasks
from optin.models import ImportRun, Move
from optin.queries import import_files

blueprint = Blueprint("moving", __name__, url_prefix="/settings/move")
RUN = "/<int:run_id>"


@blueprint.url_value_preprocessor
def limit_size(endpoint: str | None, values: dict[str, Any] | None) -> None:  # noqa: ARG001
    """Let files be larger than other requests: this runs before anything reads the form."""
    request.max_content_length = 3 * import_files.LARGEST
    if (request.content_length or 0) > request.max_content_length:
        abort(413, runs.TOO_LARGE)


def load(run_id: int, *, to_change: bool = False) -> tuple[ImportRun, Move]:
    """Return a move with its run, or answer 404; `to_change` lets one at a time change it."""
    session = db.session()
    run = tasks.locked(session, run_id) if to_change else session.get(ImportRun, run_id)
    move = session.get(Move, run_id) if run is not None else None
    if run is None or move is None:
        abort(404)
    return run, move


def to_run(run_id: int) -> Response:
    """Lead to the page of a move, which shows how it stands."""
    return redirect(url_for("moving.show", run_id=run_id), 303)
