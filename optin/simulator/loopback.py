"""Who may ask the simulator at all: programs on this machine. Its token is no secret, so it can't be the only lock."""

from ipaddress import IPv6Address, ip_address

from flask import Response, request

from optin.simulator.errors import Refusal, answer

# A proxy adds one of the first, a browser one of the others; neither has any business here. A page on the web could
# else let a visitor's browser on this machine text as anybody.
_TELLTALE = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via", "Origin", "Sec-Fetch-Site")


def refuse_strangers() -> Response | None:
    """Refuse with 403 what comes from elsewhere, through a proxy, or from a browser."""
    if _is_local(request.remote_addr) and not any(name in request.headers for name in _TELLTALE):
        return None
    return answer(Refusal(20006))


def _is_local(address: str | None) -> bool:
    """Tell whether a request came over loopback; None is a call within the process, which no network brings."""
    if address is None:
        return True
    try:
        peer = ip_address(address)
    except ValueError:
        return False
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped:
        return peer.ipv4_mapped.is_loopback
    return peer.is_loopback
