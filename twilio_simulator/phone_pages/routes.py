"""The phones: the page, what each shows, texting as a person, choosing a number."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from optin.database.session import db
from optin.refused import Refused
from optin.web.extensions import only_reads
from optin.web.htmx import is_htmx, respond
from twilio_simulator.phone_pages import control, fault_routes, numbers, parts
from twilio_simulator.phone_pages.blueprint import blueprint
from twilio_simulator.phone_pages.control import SimulatorAway
from twilio_simulator.phone_pages.shown import Shown, config, leave, read, region, to_begin_with

__all__ = ["blueprint", "fault_routes"]


@blueprint.get("/simulator/phones")
def index() -> ResponseReturnValue:
    """Show the phones; without any in the address as they were left, or those that were used last and a new one."""
    try:
        shown = read() if "phone" in request.args else to_begin_with()
        leave(shown)
        return parts.render_page(shown, parts.read_screens(shown), parts.drawer(control.faults(config())))
    except SimulatorAway as away:
        return render_template("phones/away.html", sentence=str(away)), 503


@blueprint.get("/simulator/phones/<int:slot>/face")
def face(slot: int) -> ResponseReturnValue:
    """Return what a phone shows, or 204 when it is what the page has; so too while the simulator is away."""
    shown = _with(slot)
    try:
        screen = parts.read_screens(shown)[slot - 1]
    except SimulatorAway:
        return "", 204
    if request.args.get("version") == screen.version:
        return "", 204
    return render_template("phones/_face.html", phone=screen, shown=shown)


@blueprint.post("/simulator/phones/<int:slot>/messages")
@only_reads
def send(slot: int) -> ResponseReturnValue:
    """Text as a person: what was typed, or the suggestion that was pressed (what was typed then stays)."""
    shown = _with(slot)
    typed = request.form.get("text", "").replace("\0", "").strip()
    suggestion = request.form.get("suggestion", "")
    db.session.commit()  # the webhook comes while we wait: what it stores is to be seen after that
    refused = _send(shown, slot, suggestion or typed)
    draft, error = typed if suggestion or refused else "", refused.sentence if refused else ""
    if refused and not is_htmx():
        found = parts.screens_or_empty(shown)
        return parts.render_page(shown, found, parts.drawer_or_none(), at=slot, draft=draft, error=error), 422
    context = parts.one(shown, parts.screens_or_empty(shown)[slot - 1], draft, error)
    back = url_for(".index", **shown.query, at=slot if draft else None, draft=draft or None, _anchor=f"phone-{slot}")
    return respond("phones/_phone.html", redirect_to=back, status=422 if refused else 200, **context)


@blueprint.get("/simulator/phones/new")
def new() -> ResponseReturnValue:
    """Choose the number of a phone: typed, invented, or a person's. With `slot` it takes the place of another."""
    shown, slot = read(), request.args.get("slot", type=int)
    error = ""
    if "number" in request.args:
        number = numbers.read(request.args["number"], region(), shown.ours)
        if not isinstance(number, Refused):
            return redirect(shown.changed(slot, number).url, 303)
        error = number.sentence
    search = request.args.get("q", "").replace("\0", "")[:80]
    people = numbers.with_mobile(db.session(), search, shown.phones)
    invented = numbers.invent(db.session(), shown.phones)
    page = render_template(
        "phones/new.html",
        shown=shown,
        slot=slot,
        error=error,
        search=search,
        people=people[: numbers.PEOPLE_AT_ONCE],
        has_more=len(people) > numbers.PEOPLE_AT_ONCE,
        invented=invented,
    )
    return page, 422 if error else 200


def _send(shown: Shown, slot: int, text: str) -> Refused | None:
    if not text:
        return Refused("Enter a message, or choose a suggestion.")
    try:
        result = control.send(config(), shown.phones[slot - 1], shown.to, text)
    except SimulatorAway as away:
        return Refused(f"{away} Nothing was sent.")
    if isinstance(result, Refused):
        return result
    if result.trouble:
        flash(result.trouble, "warn")
    return None


def _with(slot: int) -> Shown:
    """Return the page if it has a phone in this slot, or end with 404."""
    shown = read()
    return shown if 1 <= slot <= len(shown.phones) else abort(404)
