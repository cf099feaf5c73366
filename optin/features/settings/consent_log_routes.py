"""The consent log: its name and key, how far it is, and its newest checkpoints as files. None of it is secret."""

from flask import Response, abort

from optin.consent.proof import stored
from optin.database.session import db
from optin.features.settings import consent_log_page
from optin.features.settings.blueprint import blueprint
from optin.features.settings.witness_forms import NewWitnessForm
from optin.models import LogCheckpoint


@blueprint.get("/settings/consent-log")
def consent_log() -> str:
    """Show how the log is."""
    return consent_log_page.page(NewWitnessForm(formdata=None))


@blueprint.get("/settings/consent-log/checkpoint")
def consent_log_checkpoint() -> Response:
    """Give the newest checkpoint, with the lines of those who have cosigned it already."""
    return _file(stored.latest_checkpoint(db.session()))


@blueprint.get("/settings/consent-log/cosigned")
def consent_log_cosigned() -> Response:
    """Give the newest checkpoint that a witness has cosigned."""
    return _file(stored.latest_cosigned(db.session()))


def _file(checkpoint: LogCheckpoint | None) -> Response:
    if checkpoint is None:
        abort(404)
    note = stored.cosigned_note(db.session(), checkpoint)
    return consent_log_page.text_file(note, f"consent-log-{checkpoint.size}.txt")
