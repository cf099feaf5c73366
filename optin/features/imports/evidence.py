"""The file that shows the consent in an import: chosen with it, kept with its run, given to admins who ask for it."""

from flask import Response, abort
from flask_login import current_user

from optin.database.session import db
from optin.enums import Role
from optin.evidence import keeping
from optin.evidence.documents import PDF
from optin.features.imports.blueprint import RUN, blueprint, load
from optin.features.imports.consent_form import ConsentForm
from optin.models import EvidenceFile, ImportRun
from optin.web import downloads, given_files
from optin.web.access import downloads as is_download
from optin.web.access import requires


@blueprint.get(f"{RUN}/consent/evidence")
@requires(Role.ADMIN)
@is_download
def evidence_file(run_id: int) -> Response:
    """Give the file that shows the consent: a picture to look at, a PDF to save, which no page of ours may run."""
    run = load(run_id)
    if run.evidence is None or run.consent is None:
        abort(404)
    entry = downloads.begin(db.engine, current_user.id, f"evidence of import {run.id}", {})
    name = run.consent["evidence"]
    answer = given_files.answer(
        run.evidence, given_files.ASKED_ANEW, download_as=name if run.evidence.media_type == PDF else ""
    )
    downloads.end(db.engine, entry, "1 file")
    return answer


def chosen(run: ImportRun, form: ConsentForm) -> EvidenceFile | None:
    """Return the file that the form shows: one just chosen, one chosen before it was refused, or the run's own."""
    if form.document:
        form.kept_evidence.data = str(keeping.keep_document(db.session(), form.document, current_user.id))
    return keeping.find(db.session(), EvidenceFile, form.kept_evidence.data) or run.evidence
