"""Who can use the simulator at all: programs on this machine. Its token is public, so it can't be the only lock."""

from flask import Response, request

from optin import hosts
from twilio_simulator.errors import Refusal, answer

# A browser adds one of these, a proxy one of those in `hosts`; neither has any business here. A page on the web could
# else let a visitor's browser on this machine text as anybody, also by a name of its own that leads here.
_OF_BROWSERS = ("Origin", "Sec-Fetch-Site")


def refuse_strangers() -> Response | None:
    """Refuse with 403 what comes from elsewhere, under another name, through a proxy, or from a browser."""
    names = request.headers.keys()
    if (
        _is_local(request.remote_addr)
        and hosts.is_local(request.headers.get("Host", ""))
        and not hosts.through_a_proxy(names)
        and not any(name in request.headers for name in _OF_BROWSERS)
    ):
        return None
    return answer(Refusal(20006))


def _is_local(address: str | None) -> bool:
    """Tell whether a request came over loopback; None is a call within the process, which no network brings."""
    return address is None or hosts.is_loopback(address)
