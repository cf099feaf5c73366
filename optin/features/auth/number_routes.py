"""The user's own mobile number: entering a code that is texted to it verifies it; tests then go there."""

from flask import flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import phone
from optin.database.session import db
from optin.features.auth import account_routes
from optin.features.auth.attempts import limit_codes, limit_for_user
from optin.features.auth.blueprint import blueprint
from optin.features.auth.forms import CodeForm, NumberForm
from optin.features.auth.paths import local_path
from optin.jobs import engine
from optin.models import User
from optin.sending import test_number
from optin.web import refusals
from optin.web.filters import default_region

PLACE = "number"


@blueprint.post("/account/number")
@limit_codes
def text_code() -> Response | tuple[str, int]:
    """Text a code to the number that the user says is theirs."""
    form, session = NumberForm(), db.session()
    if not form.validate():
        return account_routes.page(number=form), 422
    number = form.mobile.e164
    if refused := test_number.text_code(session, current_user._get_current_object(), number):
        session.rollback()
        refusals.show(refused, form)
        return account_routes.page(number=form), 422
    session.commit()
    engine.nudge()
    flash(f"A code is on its way to {phone.display(number, default_region())}.", "ok")
    return _to_the_page()


@blueprint.post("/account/number/code")
@limit_for_user
def enter_code() -> Response | tuple[str, int]:
    """Verify the number by the code, and lead back to where the number was asked for."""
    form, session = CodeForm(), db.session()
    if not form.validate():
        return account_routes.page(code=form), 422
    user: User = current_user._get_current_object()
    refused = test_number.enter_code(session, user, form.code.data)
    session.commit()
    if refused:
        refusals.show(refused, form)
        return (account_routes.page(code=form), 422) if refused.field else _to_the_page()
    flash("Your number is verified. “Send me a test” goes to this number.", "ok")
    back = local_path(request.form.get("next", ""))
    return _to_the_page() if back == "/" else redirect(back, 303)


@blueprint.post("/account/number/removal")
def remove_number() -> Response:
    test_number.change(db.session(), current_user._get_current_object(), None)
    db.session.commit()
    flash("Your number was removed.", "ok")
    return _to_the_page()


def _to_the_page() -> Response:
    kept = request.form.get("next") or None
    return redirect(url_for("auth.account", next=kept, _anchor=PLACE), 303)
