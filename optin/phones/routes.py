"""The page with the phones. Which phones stand on it is kept in its address: ?phone=+14155550134&phone=…"""

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from optin import extensions, policy
from optin.config import Config
from optin.extensions import db
from optin.htmx import is_htmx, respond
from optin.phone import NotANumber
from optin.phones import control, numbers, screens
from optin.phones.control import NotSent, SimulatorAway
from optin.phones.screens import Screen
from optin.terms import Role

blueprint = Blueprint("phones", __name__)

MOST = 6
TO_BEGIN_WITH = 2


@dataclass(frozen=True)
class Shown:
    """What stands on the page: the phones' numbers (E.164) from left to right, and our address that they text."""

    phones: tuple[str, ...]
    to: str
    ours: tuple[str, ...]

    @property
    def query(self) -> dict[str, Any]:
        """Return what the address of every part of the page carries."""
        return {"phone": self.phones, "to": self.to if len(self.ours) > 1 else None}

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return url_for("phones.index", **self.query)

    def changed(self, slot: int | None, number: str) -> "Shown":
        """Return the page with another phone in the slot (from 1; None: a new one); "" takes the phone away."""
        kept = list(self.phones)
        place = slot - 1 if slot and slot <= len(kept) else len(kept)
        kept[place : place + 1] = [number] if number else []
        return replace(self, phones=tuple(dict.fromkeys(kept))[-MOST:])


@blueprint.get("/simulator/phones")
def index() -> ResponseReturnValue:
    """Show the phones; without any in the address those that were used last, and a new one."""
    try:
        shown = _shown() if "phone" in request.args else _to_begin_with()
        return _page(shown, _screens(shown))
    except SimulatorAway as away:
        return render_template("phones/away.html", sentence=str(away)), 503


@blueprint.get("/simulator/phones/<int:slot>/face")
def face(slot: int) -> ResponseReturnValue:
    """Return what a phone shows, or 204 when it is what the page has; so too while the simulator is away."""
    shown = _with(slot)
    try:
        screen = _screens(shown)[slot - 1]
    except SimulatorAway:
        return "", 204
    if request.args.get("version") == screen.version:
        return "", 204
    return render_template("phones/_face.html", phone=screen, shown=shown)


@blueprint.post("/simulator/phones/<int:slot>/messages")
def send(slot: int) -> ResponseReturnValue:
    """Text as a person: what was typed, or the suggestion that was pressed (what was typed then stays)."""
    shown = _with(slot)
    typed = request.form.get("text", "").replace("\0", "").strip()
    suggestion = request.form.get("suggestion", "")
    db.session.commit()  # the webhook comes while we wait: on SQLite it needs the lock that this request holds
    extensions.begin_reading()
    refused = _send(shown, slot, suggestion or typed)
    draft = typed if suggestion or refused else ""
    if refused and not is_htmx():
        return _page(shown, _screens_or_empty(shown), at=slot, draft=draft, error=refused), 422
    context = _context(shown, _screens_or_empty(shown)[slot - 1], draft, refused)
    back = url_for(".index", **shown.query, at=slot if draft else None, draft=draft or None, _anchor=f"phone-{slot}")
    return respond("phones/_phone.html", redirect_to=back, status=422 if refused else 200, **context)


@blueprint.get("/simulator/phones/new")
def new() -> ResponseReturnValue:
    """Choose the number of a phone: typed, invented, or a person's. With `slot` it takes the place of another."""
    shown, slot = _shown(), request.args.get("slot", type=int)
    error = ""
    if "number" in request.args:
        try:
            number = numbers.read(request.args["number"], _region(), shown.ours)
            return redirect(shown.changed(slot, number).url, 303)
        except NotANumber as problem:
            error = problem.sentence
    search = request.args.get("q", "").replace("\0", "")[:80]
    people = numbers.with_mobile(db.session(), search, shown.phones)
    invented = numbers.invent(db.session(), shown.phones)
    page = render_template(
        "phones/new.html", shown=shown, slot=slot, error=error, search=search, people=people, invented=invented
    )
    return page, 422 if error else 200


def _page(shown: Shown, found: list[Screen], *, at: int | None = None, draft: str = "", error: str = "") -> str:
    """Render the page; `draft` and `error` belong to the phone in slot `at`."""
    at, draft = at or request.args.get("at", type=int), draft or request.args.get("draft", "")[:1600]
    parts = [
        _context(shown, screen, draft if screen.slot == at else "", error if screen.slot == at else "")
        for screen in found
    ]
    return render_template("phones/index.html", shown=shown, parts=parts, most=MOST)


def _context(shown: Shown, screen: Screen, draft: str, error: str) -> dict[str, Any]:
    """Return what one phone's template needs."""
    offered = screens.suggestions(db.session(), [screen.number])[screen.number]
    may_send = current_user.may(Role.AGENT)
    return {
        "shown": shown, "phone": screen, "offered": offered, "draft": draft, "error": error, "may_send": may_send
    }  # fmt: skip


def _send(shown: Shown, slot: int, text: str) -> str:
    """Send, and return the sentence why it was refused, "" when it was not."""
    if not text:
        return "Type a message, or press one of the suggestions."
    try:
        result = control.send(_config(), shown.phones[slot - 1], shown.to, text)
    except SimulatorAway as away:
        return f"{away} Nothing was sent."
    if isinstance(result, NotSent):
        return result.sentence
    if result.trouble:
        flash(result.trouble, "warn")
    return ""


def _screens(shown: Shown) -> list[Screen]:
    return screens.load(db.session(), _config(), shown.phones, name_ours=len(shown.ours) > 1)


def _screens_or_empty(shown: Shown) -> list[Screen]:
    """Return the phones, empty ones while the simulator is away: what was typed must come back all the same."""
    try:
        return _screens(shown)
    except SimulatorAway:
        return [Screen(slot, number, [], []) for slot, number in enumerate(shown.phones, start=1)]


def _shown() -> Shown:
    """Read what stands on the page from the address; a form may name another of our addresses to text."""
    ours = tuple(sender.address for sender in numbers.ours(db.session()))
    phones = numbers.read_all(request.args.getlist("phone"), _region(), ours)
    asked = request.values.get("to", "")
    return Shown(tuple(phones[:MOST]), asked if asked in ours else next(iter(ours), ""), ours)


def _with(slot: int) -> Shown:
    """Return the page if it has a phone in this slot, or end with 404."""
    shown = _shown()
    return shown if 1 <= slot <= len(shown.phones) else abort(404)


def _to_begin_with() -> Shown:
    """Return the phones that were used last, or else people's, and a new one."""
    shown = _shown()
    phones = numbers.read_all(control.newest(_config(), TO_BEGIN_WITH), _region(), shown.ours)
    if not phones:
        phones = [str(person.mobile) for person in numbers.with_mobile(db.session(), "", shown.ours)]
    known = tuple(dict.fromkeys(phones))[:TO_BEGIN_WITH]
    return replace(shown, phones=(*known, numbers.invent(db.session(), known)))


def _region() -> str:
    return policy.load(db.session()).default_region


def _config() -> Config:
    config: Config = current_app.config["OPTIN"]
    return config
