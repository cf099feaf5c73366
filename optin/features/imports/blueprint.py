"""The blueprint of imports, and loading the run that an address names; routes.py puts its addresses on it."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import ConsentWay, Role
from optin.features.imports import members, tasks
from optin.features.imports.terms import ImportKind, ImportState, labels
from optin.models import ImportRun
from optin.queries import import_files
from optin.web import navigation

blueprint = Blueprint("imports", __name__)
RUN = "/imports/<int:run_id>"
PASTED = "Pasted numbers"
TABS = {
    ImportKind.CONTACT: "/contacts",
    ImportKind.LEAD: "/leads",
    ImportKind.OPT_IN: "/keywords",
    ImportKind.OPTED_OUT: "/settings",
    ImportKind.MEMBER: "/campaigns",
}
"""The tabs in whose lists the rows end."""
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
    if run is None or run.kind not in list(ImportKind):
        abort(404)
    with_consent = to_change and run.attested_name is not None
    if not current_user.may(Role.ADMIN if with_consent else ImportKind(run.kind).role):
        abort(403)
    navigation.light(TABS[ImportKind(run.kind)])
    return run


def to_run(run_id: int) -> Response:
    """Lead to the page of a run, which shows how it stands."""
    return redirect(url_for("imports.show", run_id=run_id), 303)


def back_url(kind: ImportKind, consent: Mapping[str, Any] | None = None, campaign_id: int | None = None) -> str:
    """Return the list that rows of a kind go to; of opt-ins that of the keyword, of members of the campaign."""
    if kind is ImportKind.MEMBER:
        return url_for("campaigns.show", campaign_id=campaign_id, tab="members")
    if kind is ImportKind.OPTED_OUT:
        return url_for("settings.opted_out")
    if kind is not ImportKind.OPT_IN:
        return url_for(f"people.{kind}s")
    if consent is None:
        return url_for("keywords.index")
    return url_for("keywords.show", keyword_id=consent["keyword_id"], tab="related")


def context(run: ImportRun) -> dict[str, object]:
    """Return what every page of a run shows."""
    kind = ImportKind(run.kind)
    named = labels(kind, run.known)
    return {
        "run": run,
        "kind": kind,
        "state": ImportState(run.state),
        "consent_way": ConsentWay(run.consent["way"]).label if run.consent and run.consent.get("way") else "",
        "back_url": back_url(kind, run.consent, run.campaign_id),
        "labels": named,
        "outcomes": list(named),
        "campaign": members.campaign_of(db.session(), run),
        "is_pasted": run.file_name == PASTED and kind is ImportKind.MEMBER,
    }
