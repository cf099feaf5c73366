"""Deciding which of two texts the others get."""

from flask import abort, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.database.session import db
from optin.enums import Variant
from optin.features.broadcasts.blueprint import BROADCAST, blueprint, load
from optin.jobs import engine
from optin.sending import variants
from optin.web import refusals


@blueprint.post(f"{BROADCAST}/text")
def pick_text(broadcast_id: int) -> Response:
    """Give the others the text that `variant` says, once the test is over and nobody has decided yet."""
    load(broadcast_id)
    variant = next((one for one in Variant if one == request.form.get("variant")), None) or abort(422)
    refused = variants.pick(db.session(), broadcast_id, variant, current_user.id)
    db.session.commit()
    if refused:
        refusals.show(refused)
    else:
        engine.nudge()
        flash(f"Decided. The others get {variant.label}.", "ok")
    return redirect(url_for(".show", broadcast_id=broadcast_id), 303)
