"""The hours and limit of each state: confirming and changing them."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin.consent import state_rules
from optin.database.session import db
from optin.enums import Role
from optin.features.settings import states
from optin.features.settings.blueprint import blueprint
from optin.features.settings.state_forms import StateForm
from optin.features.settings.states import StateLine
from optin.jobs import engine
from optin.policy import policy
from optin.web.access import requires
from optin.web.current import current_policy


@blueprint.post("/settings/states/confirmed")
@requires(Role.ADMIN)
def confirm_states() -> Response:
    """Confirm the states named, or all."""
    named = request.form.getlist("state") or list(state_rules.table().states)
    confirmed = states.confirm(db.session(), current_user.id, current_policy(), named)
    db.session.commit()
    names = [state_rules.table().states[state].name for state in confirmed]
    flash(f"Confirmed: {names[0] if len(names) == 1 else f'{len(names)} states'}.", "ok")
    return redirect(url_for("settings.states"), 303)


@blueprint.get("/settings/states/<state>")
def one_state(state: str) -> str:
    """Show one state: its hours, where they are from, what may be changed."""
    line = _line(state)
    return _page(line, StateForm(line.found, formdata=None))


@blueprint.post("/settings/states/<state>")
@requires(Role.ADMIN)
def save_state(state: str) -> Response | tuple[str, int]:
    """Let other hours or another limit hold in a state, or those that come with Optin again."""
    line = _line(state)
    if "put_back" in request.form:
        states.put_back(db.session(), current_user.id, state)
    else:
        form = StateForm(line.found)
        if not form.validate():
            return _page(line, form), 422
        policy.choose_states(db.session(), current_user.id, ((state, form.choice),))
    db.session.commit()
    engine.nudge()
    flash(f"Saved: {line.name}.", "ok")
    return redirect(url_for("settings.states"), 303)


def _line(state: str) -> StateLine:
    return states.line(db.session(), current_policy(), state) or abort(404)


def _page(line: StateLine, form: StateForm) -> str:
    return render_template(
        "settings/state.html",
        line=line,
        form=form,
        days=list(zip(state_rules.DAYS, form.pairs(), strict=True)),
        may_change=current_user.may(Role.ADMIN),
    )
