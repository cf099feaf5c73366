"""Where a witness may stand: https anywhere; http on this machine or in a private network only."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from optin.refused import Refused

ADD = "/add-checkpoint"
NOT_PRIVATE = "An http address must lead to this machine or a private network. Use https."
_WANTED = "Enter the witness’s web address, such as https://witness.example.org, without query or password."


def read(typed: str) -> str | Refused:
    """Return the address to which `ADD` is appended, without its last slash; or refuse what is none."""
    url = typed.strip().rstrip("/").removesuffix(ADD).rstrip("/")
    parts = _split(url)
    if parts is None or parts.query or parts.fragment or "@" in parts.netloc or not url.isascii() or " " in url:
        return Refused(_WANTED)
    return Refused(NOT_PRIVATE) if is_public_ip(parts) and parts.scheme == "http" else url


def may_be_asked(scheme: str, ip: str) -> bool:
    """Tell whether a request may go to where an address has led.

    Never to link-local addresses, where the clouds keep the secrets of a machine.
    """
    found = ip_address(ip.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or found
    if mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified:
        return False
    return scheme == "https" or not mapped.is_global


def is_public_ip(parts: SplitResult) -> bool:
    """Tell whether the host is written as an IP address that may not be asked without TLS."""
    try:
        return not may_be_asked("http", parts.hostname or "")
    except ValueError:  # a name: where it leads is seen when it is asked
        return False


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if is_right else None
