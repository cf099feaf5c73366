"""Who can use the simulator at all: programs on this machine. Its token is public, so it can't be the only lock."""

from collections.abc import Callable

from flask import Response, request
from werkzeug.datastructures import Headers

from twilio_simulator.errors import Refusal, answer

AskedHere = Callable[[str, Headers], bool]
"""Tells by the address that connected and the headers whether a request comes from this machine, and from no proxy."""
# A browser adds one of these, and has no business here: a page on the web could else let a visitor's browser on this
# machine text as anybody, also by a name of its own that leads here.
_OF_BROWSERS = ("Origin", "Sec-Fetch-Site")
_OF_THIS_PROCESS = "127.0.0.1"


def refuse_strangers(asked_here: AskedHere) -> Response | None:
    """Refuse with 403 what comes from elsewhere, under another name, through a proxy, or from a browser.

    A request without an address is a call within this process, which no network brings.
    """
    address = _OF_THIS_PROCESS if request.remote_addr is None else request.remote_addr
    from_browser = any(name in request.headers for name in _OF_BROWSERS)
    if asked_here(address, request.headers) and not from_browser:
        return None
    return answer(Refusal(20006))
