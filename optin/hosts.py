"""Under which host name a request comes, and whether a proxy passed it on.

A page on the web can let its own name lead to this machine and then read what a browser here may read (DNS rebinding).
Such a request still has the page's name in `Host`, so only our names are answered.
"""

import re
from collections.abc import Collection, Iterable
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REFUSAL = (
    "Optin does not answer to this name. Use the address in OPTIN_PUBLIC_URL, or add the name to OPTIN_ALLOWED_HOSTS.\n"
)
OF_ANY_NAME = ("/healthz",)
"""What load balancers ask by whatever name or number the machine has; it says that the process answers, no more."""
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?)\.?(?::[0-9]{1,5})?")
# What proxies, load balancers and content networks add: whole names, and beginnings that end with a hyphen.
_ADDED = """
    forwarded via cdn-loop client-ip max-forwards true-client-ip x-client-ip x-cluster-client-ip x-host x-real-ip
    x-rewrite-url x-scheme x-varnish x-forwarded x-forwarded- x-original- x-real- x-proxy- x-envoy- x-amz- x-amzn-
    x-appengine- x-arr- x-azure- cf- cloudfront- fastly- fly- proxy- wl-proxy-
"""
_OF_PROXIES = tuple(_ADDED.split())


class KnownHosts:
    """A WSGI app that passes on what is asked under one of `names` or of this machine, and refuses the rest with 400.

    `proxied`: whether X-Forwarded-Host is believed below. `signed`: the beginning of the paths that look at a signature
    instead, so that a proxy with a name of its own loses nothing.
    """

    def __init__(
        self, app: "WSGIApplication", names: Collection[str], *, proxied: bool = False, signed: str = ""
    ) -> None:
        self._app, self._names, self._proxied = app, frozenset(names), proxied
        self._signed = signed

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        is_signed = bool(self._signed and routed_path(environ).startswith(self._signed))
        exempt = is_signed or environ.get("PATH_INFO", "") in OF_ANY_NAME
        if exempt or all(is_local(host) or name(host) in self._names for host in self._hosts(environ)):
            return self._app(environ, start_response)
        return refusal()(environ, start_response)

    def _hosts(self, environ: "WSGIEnvironment") -> list[str]:
        """Return what the request says of its host: itself, and by the nearest proxy's mouth."""
        forwarded = environ.get("HTTP_X_FORWARDED_HOST", "") if self._proxied else ""
        return [environ.get("HTTP_HOST", ""), *([forwarded.rpartition(",")[2].strip()] if forwarded else [])]


def asked_for(environ: "WSGIEnvironment", *, proxied: bool) -> str:
    """Return the name under which a request came, as the nearest proxy tells where it is believed; "" for none."""
    forwarded = environ.get("HTTP_X_FORWARDED_HOST", "").rpartition(",")[2].strip() if proxied else ""
    return name(forwarded or environ.get("HTTP_HOST", ""))


def is_local(host: str) -> bool:
    """Tell whether a Host header is `localhost` or a loopback address."""
    return name(host) == "localhost" or _is_loopback(name(host))


def routed_path(environ: "WSGIEnvironment") -> str:
    """Return the path as Flask finds its routes by it: a proxy may have put more than one slash at its beginning."""
    return f"/{environ.get('PATH_INFO', '').lstrip('/')}"


def refusal() -> Response:
    """Return the answer to a request under a name that is not ours."""
    return Response(REFUSAL, 400, {"X-Content-Type-Options": "nosniff"}, mimetype="text/plain")


def asked_on_this_machine(address: str, headers: Headers) -> bool:
    """Tell whether a program on this machine asks, straight and under a name of this machine.

    `address` is who connected. A proxy here connects from here too, for whoever asks it: what it adds tells it apart.
    """
    here = _is_loopback(address) and is_local(headers.get("Host", ""))
    return here and not _through_a_proxy(headers.keys())


def name(host: str) -> str:
    """Return the name or the address in a Host header, in lower case, without its port; "" for what is none."""
    found = _HOST.fullmatch(host.lower())
    return found[1].strip("[]") if found else ""


def of_url(url: str) -> str:
    """Return the host of a web address as browsers write it into Host."""
    host = urlsplit(url).hostname or ""
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return host


def _is_loopback(address: str) -> bool:
    """Tell whether an IP address is one of this machine alone; False for what is none."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback


def _through_a_proxy(headers: Iterable[str]) -> bool:
    """Tell whether one of the headers' names is what a proxy adds to a request that it passes on."""
    return any(
        header == known or (known.endswith("-") and header.startswith(known))
        for header in (each.lower() for each in headers)
        for known in _OF_PROXIES
    )
