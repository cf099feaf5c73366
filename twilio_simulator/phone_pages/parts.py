"""The parts of the page with the phones, for every route that draws it."""

from typing import Any

from flask import render_template, request
from flask_login import current_user

from optin.database.session import db
from optin.enums import Role
from twilio_simulator.phone_pages import control, faults, screens
from twilio_simulator.phone_pages.control import Faults, SimulatorAway
from twilio_simulator.phone_pages.screens import Screen
from twilio_simulator.phone_pages.shown import MOST, Shown, config, region


def render_page(
    shown: Shown,
    found: list[Screen],
    drawer: dict[str, Any] | None,
    *,
    at: int | None = None,
    draft: str = "",
    error: str = "",
) -> str:
    """Render the page; `draft` and `error` belong to the phone in slot `at`, `drawer` is of the network faults."""
    at, draft = at or request.args.get("at", type=int), draft or request.args.get("draft", "")[:1600]
    parts = [
        one(shown, screen, draft if screen.slot == at else "", error if screen.slot == at else "") for screen in found
    ]
    drawer = drawer or {}
    return render_template(
        "phones/index.html", shown=shown, parts=parts, most=MOST, **{"is_open": "faults" in request.args, **drawer}
    )


def one(shown: Shown, screen: Screen, draft: str, error: str) -> dict[str, Any]:
    """Return what one phone's template needs."""
    offered = screens.suggestions(db.session(), [screen.number])[screen.number]
    may_send = current_user.may(Role.AGENT)
    return {
        "shown": shown, "phone": screen, "offered": offered, "draft": draft, "error": error, "may_send": may_send
    }  # fmt: skip


def read_screens(shown: Shown) -> list[Screen]:
    """Return what the phones show. Raises SimulatorAway."""
    return screens.load(db.session(), config(), shown.phones, default=shown.default, region=region())


def screens_or_empty(shown: Shown) -> list[Screen]:
    """Return the phones, empty ones while the simulator is away: what was typed must come back all the same."""
    try:
        return read_screens(shown)
    except SimulatorAway:
        return [Screen(slot, number, [], []) for slot, number in enumerate(shown.phones, start=1)]


def drawer_or_none() -> dict[str, Any] | None:
    """Return the drawer with what is on now, None while the simulator is away."""
    try:
        return drawer(control.faults(config()))
    except SimulatorAway:
        return None


def drawer(found: Faults, error: str = "") -> dict[str, Any]:
    """Return what the drawer's template needs."""
    return {
        "fault_plan": found.plan,
        "fault_groups": faults.GROUPS,
        "fault_codes": faults.codes(),
        "faults_on": faults.on(found),
        "fault_error": error,
        "may_set": current_user.may(Role.AGENT),
        **what_happened(found),
    }


def what_happened(found: Faults) -> dict[str, Any]:
    """Return what the drawer's log shows: what the faults have done since they are on."""
    return {"struck": faults.struck(found), "struck_total": sum(found.struck.values())}
