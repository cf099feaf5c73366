"""Which phones the page shows, kept in its address: ?phone=+14155550134&phone=…, and for the next visit."""

from dataclasses import dataclass, replace
from typing import Any

from flask import current_app, request, url_for
from flask import session as cookie

from optin.config import Config
from optin.database.session import db
from optin.web.current import current_policy
from twilio_simulator.phone_pages import control, numbers

MOST = 6
TO_BEGIN_WITH = 2
_LAST = "phones"


@dataclass(frozen=True)
class Shown:
    """The phones' numbers (E.164) from left to right, our address that they text, and all of ours with their kind."""

    phones: tuple[str, ...]
    to: str
    ours: dict[str, str]

    @property
    def default(self) -> str:
        """Return our address that is meant where none is named."""
        return next(iter(self.ours), "")

    @property
    def query(self) -> dict[str, Any]:
        """Return what the address of every part of the page carries."""
        return {"phone": self.phones, "to": self.to if self.to != self.default else None}

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


def read() -> Shown:
    """Read what stands on the page from the address; a form may name another of our addresses to text."""
    ours = numbers.ours(db.session(), config())
    phones = numbers.read_all(request.args.getlist("phone"), region(), ours)
    asked = request.values.get("to", "")
    return Shown(tuple(phones[:MOST]), asked if asked in ours else next(iter(ours), ""), ours)


def to_begin_with() -> Shown:
    """Return the phones as this browser left them, or those used last, or people's, and a new one.

    Raises SimulatorAway.
    """
    shown = read()
    if left := numbers.read_all(cookie.get(_LAST, []), region(), shown.ours):
        return replace(shown, phones=tuple(left[:MOST]))
    phones = numbers.read_all(control.newest(config(), TO_BEGIN_WITH), region(), shown.ours)
    if not phones:
        phones = [str(person.mobile) for person in numbers.with_mobile(db.session(), "", shown.ours)]
    known = tuple(dict.fromkeys(phones))[:TO_BEGIN_WITH]
    return replace(shown, phones=(*known, numbers.invent(db.session(), known)))


def leave(shown: Shown) -> None:
    """Keep the phones for the browser's next visit to the page without an address of its own."""
    if cookie.get(_LAST) != list(shown.phones):
        cookie[_LAST] = list(shown.phones)


def region() -> str:
    """Return the country whose national numbers are understood."""
    return current_policy().default_region


def config() -> Config:
    """Return the settings of the process."""
    found: Config = current_app.config["OPTIN"]
    return found
