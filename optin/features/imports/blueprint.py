"""The blueprint of imports, and loading the run that an address names; routes.py puts its addresses on it."""

from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.features.imports import tasks
from optin.features.imports.terms import ImportKind, ImportState, labels
from optin.models import ImportRun
from optin.queries import import_files

blueprint = Blueprint("imports", __name__)
RUN = "/imports/<int:run_id>"
TOO_LARGE = f"The file is larger than {import_files.LARGEST // 2**20} MB. Split it and import the parts one by one."


@blueprint.url_value_preprocessor
def limit_size(endpoint: str | None, values: dict[str, Any] | None) -> None:  # noqa: ARG001
    """Let a file be larger than other requests: this runs before anything reads the form."""
    request.max_content_length = import_files.LARGEST + 2**20
    if (request.content_length or 0) > request.max_content_length:
        abort(413, TOO_LARGE)


def load(run_id: int, *, to_change: bool = False) -> ImportRun:
    """Return the run, or answer 404, or 403 where it is of a kind that the user may not import.

    `to_change` lets one at a time change it.
    """
    session = db.session()
    run = tasks.locked(session, run_id) if to_change else session.get(ImportRun, run_id)
    if run is None:
        abort(404)
    if not current_user.may(ImportKind(run.kind).role):
        abort(403)
    return run


def to_run(run_id: int) -> Response:
    """Lead to the page of a run, which shows how it stands."""
    return redirect(url_for("imports.show", run_id=run_id), 303)


def context(run: ImportRun) -> dict[str, object]:
    """Return what every page of a run shows."""
    kind = ImportKind(run.kind)
    named = labels(kind, run.known)
    back = "settings.opted_out" if kind is ImportKind.OPTED_OUT else f"people.{kind}s"
    return {
        "run": run,
        "kind": kind,
        "state": ImportState(run.state),
        "back_url": url_for(back),
        "labels": named,
        "outcomes": list(named),
    }
