"""The drawer of network faults beside the phones: what is on, and setting it."""

from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from optin import phone
from optin.refused import Refused
from optin.web.htmx import is_htmx, redirect, respond
from twilio_simulator.phone_pages import control, faults, parts, shown
from twilio_simulator.phone_pages.blueprint import blueprint
from twilio_simulator.phone_pages.control import Faults, SimulatorAway
from twilio_simulator.phone_pages.shown import Shown

OPEN = "open"


@blueprint.get("/simulator/phones/faults")
def fault_log() -> ResponseReturnValue:
    """Return what the faults have done, or 204 when the page has it; so too while the simulator is away."""
    try:
        found = control.faults(shown.config())
    except SimulatorAway:
        return "", 204
    if request.args.get("total") == str(sum(found.struck.values())):
        return "", 204
    return render_template("phones/_fault_log.html", **parts.what_happened(found))


@blueprint.post("/simulator/phones/faults")
def set_faults() -> ResponseReturnValue:
    """Put the faults in force that the form asks for; its button "All off" ends them all."""
    page, given = shown.read(), {} if "off" in request.form else _given()
    try:
        result = control.set_faults(shown.config(), given)
        found = result if isinstance(result, Faults) else control.faults(shown.config())
    except SimulatorAway as away:
        flash(f"{away} Nothing was changed.", "bad")
        return redirect(page.url)
    if isinstance(result, Refused):
        found = Faults({**found.plan, **given}, found.struck)
        return _refused(page, parts.drawer(found, error=faults.refusal(result.sentence)))
    flash("Faults are on." if faults.on(found) else "All faults are off.", "ok")
    back = url_for(".index", **page.query, faults=OPEN, _anchor="faults")
    return respond("phones/_faults.html", redirect_to=back, shown=page, is_open=True, **parts.drawer(found))


def _refused(page: Shown, drawer: dict[str, Any]) -> ResponseReturnValue:
    """Return the drawer with what was typed and why it was refused, on the page for a plain form."""
    if is_htmx():
        return render_template("phones/_faults.html", shown=page, is_open=True, **drawer), 422
    return parts.render_page(page, parts.screens_or_empty(page), drawer | {"is_open": True}), 422


def _given() -> dict[str, str]:
    """Return the fields of the form; a number is read as people write it."""
    given = {name: request.form.get(name, "").strip() for name in faults.FIELDS}
    if given["only"]:
        number = phone.normalise(given["only"], shown.region())
        given["only"] = given["only"] if isinstance(number, Refused) else number
    return given
