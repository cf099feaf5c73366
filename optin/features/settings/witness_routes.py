"""The witnesses of the consent log: adding, asking, removing them, and the program that a partner runs."""

from pathlib import Path

from flask import Response, abort, flash, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WSGIResponse

from optin import clock
from optin.consent.proof import origins
from optin.database.session import db
from optin.enums import Role
from optin.features.settings import consent_log_page
from optin.features.settings.blueprint import blueprint
from optin.features.settings.witness_forms import NewWitnessForm
from optin.models import Witness
from optin.refused import Refused
from optin.web.access import requires
from optin.web.refusals import show
from optin.witnesses import records, witness

_PROGRAM = Path(witness.__file__)


@blueprint.get("/settings/consent-log/witness.py")
def witness_program() -> Response:
    """Give the program that a partner runs."""
    return consent_log_page.text_file(_PROGRAM.read_text("utf-8"), _PROGRAM.name)


@blueprint.post("/settings/consent-log/witnesses")
@requires(Role.ADMIN)
def add_witness() -> WSGIResponse | tuple[str, int]:
    """Have one more witness cosign each checkpoint from now on."""
    form = NewWitnessForm()
    if not form.validate():
        return consent_log_page.page(form), 422
    made = records.add(db.session(), current_user.id, form.url, form.cosigner, clock.now())
    if isinstance(made, Refused):
        show(made, form)
        return consent_log_page.page(form), 422
    name = made.name
    db.session.commit()
    flash(f"{name} was added. It is asked to cosign within seconds.", "ok")
    return _back()


@blueprint.post("/settings/consent-log/witnesses/<int:witness_id>/asked")
@requires(Role.ADMIN)
def ask_witness(witness_id: int) -> WSGIResponse:
    """Ask a witness again without waiting."""
    found = _witness(witness_id)
    records.ask_soon(found, clock.now())
    flash(f"{found.name} is asked again within seconds.", "ok")
    db.session.commit()
    return _back()


@blueprint.post("/settings/consent-log/witnesses/<int:witness_id>/removed")
@requires(Role.ADMIN)
def remove_witness(witness_id: int) -> WSGIResponse:
    """Ask a witness no more; what it has cosigned stays."""
    found = _witness(witness_id)
    records.remove(db.session(), current_user.id, found, clock.now())
    flash(f"{found.name} is asked no more. What it has cosigned stays.", "ok")
    db.session.commit()
    return _back()


@blueprint.post("/settings/consent-log/name/seen")
@requires(Role.ADMIN)
def note_name() -> WSGIResponse:
    """Note that the log goes on under a new name."""
    origins.note_seen(db.session(), current_user.id, clock.now())
    db.session.commit()
    return _back()


@blueprint.post("/settings/consent-log/name/left")
@requires(Role.ADMIN)
def leave_name() -> WSGIResponse:
    """Go on under a new name, where a witness remembers another log under this one."""
    session = db.session()
    if not records.disputes(session) or origins.leave(session, current_user.id, clock.now()) is None:
        abort(409)
    records.forget_disputes(session, current_user.id)
    db.session.commit()
    flash("The log goes on under a new name within seconds. Give its new verifier key to your witnesses.", "ok")
    return _back()


def _witness(witness_id: int) -> Witness:
    found = db.get_or_404(Witness, witness_id)
    if found.removed_at is not None:
        abort(404)
    return found


def _back() -> WSGIResponse:
    return redirect(url_for("settings.consent_log"), 303)
