"""Opting a number out by hand: US law counts a request to stop by any reasonable means, not by text alone."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from optin import clock, phone
from optin.consent import consent_status, ledger
from optin.consent.events import Act
from optin.consent.ledger import OptOutResult
from optin.database.session import db
from optin.enums import OptInSource, Role
from optin.features.opt_outs.forms import OptOutForm, today
from optin.queries import people_of_numbers
from optin.refused import Refused
from optin.web import filters
from optin.web.access import requires
from optin.web.current import current_policy

blueprint = Blueprint("opt_outs", __name__)


@blueprint.get("/opt-outs/new")
@requires(Role.AGENT)
def new() -> str:
    """Show the form; `number` may come with the address, from a record or a conversation."""
    return _page(OptOutForm(number=_shown(request.args.get("number", "").strip()), day=today()))


@blueprint.post("/opt-outs")
def create() -> Response:
    """End every opt-in of the number, keep it from being texted and cancel what waits for it."""
    form = OptOutForm()
    if not form.validate():
        return make_response(_page(form), 422)
    number, asked_at = form.number.e164, form.asked_at
    earlier = asked_at if asked_at < clock.now() else None
    act = Act(OptInSource.USER, clock.now(), provider_at=earlier, text=form.told, actor_id=current_user.id)
    result = ledger.opt_out_phone(db.session(), number, act)
    db.session.commit()
    flash(*_notice(result, _shown(number)))
    return redirect(_back(number), 303)


def _page(form: OptOutForm) -> str:
    session, typed = db.session(), phone.normalise(form.number.data or "", current_policy().default_region)
    number = None if isinstance(typed, Refused) else typed
    return render_template(
        "opt_outs/new.html",
        form=form,
        number=number,
        people=people_of_numbers.of_numbers(session, [number]).get(number, []) if number else [],
        status=consent_status.of_number(session, number) if number else None,
    )


def _notice(result: OptOutResult, number: str) -> tuple[str, str]:
    if result.late:
        return (
            f"{number} has opted in again since that day, so it is on hold: decide in Review what counts.",
            "warn",
        )
    ended = filters.plural(len(result.ended), "opt-in", "opt-ins")
    if result.already:
        return f"{number} was opted out already. Your note was added to its ledger; {ended} ended.", "off"
    return f"{number} is opted out of everything: {ended} ended. No text was sent.", "ok"


def _back(number: str) -> str:
    """Return the record of the only person with the number, else the list of opted-out numbers."""
    people = people_of_numbers.of_numbers(db.session(), [number]).get(number, [])
    if len(people) == 1:
        return url_for(f"people.{people[0].kind}", person_id=people[0].id)
    return url_for("settings.opted_out", q=number)


def _shown(number: str) -> str:
    return phone.display(number, current_policy().default_region)
