"""How often somebody may try to sign in: by where they are and by whom they claim to be."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any, TypeVar, cast
from unicodedata import normalize

from flask import request
from flask_login import current_user

from optin.extensions import limiter

View = TypeVar("View", bound=Callable[..., Any])

BY_ADDRESS = "20 per minute;200 per hour"
BY_EMAIL = "6 per minute;40 per hour"
BY_USER = "6 per minute;20 per hour"
CODES_BY_USER = "3 per 10 minutes;10 per day"
CODES_BY_NUMBER = "3 per hour;6 per day"
LONGEST_KEY = 254


def limit_sign_in(view: View) -> View:
    """Limit the POSTs of a view by address and by the email in its form; the 429 page says to wait."""
    by_email = limiter.limit(BY_EMAIL, key_func=email, methods=["POST"])(view)
    return cast(View, limiter.limit(BY_ADDRESS, key_func=address, methods=["POST"])(by_email))


def limit_for_user(view: View) -> View:
    """Limit the POSTs of a view by who is signed in: a borrowed browser must not be used to guess the password."""
    return cast(View, limiter.limit(BY_USER, key_func=lambda: f"user {current_user.id}", methods=["POST"])(view))


def limit_codes(view: View) -> View:
    """Limit how often a user has a code texted, and how often any number gets one: nobody is to be pestered."""
    by_number = limiter.limit(CODES_BY_NUMBER, key_func=digits, methods=["POST"])(view)
    by_user = limiter.limit(CODES_BY_USER, key_func=lambda: f"codes of {current_user.id}", methods=["POST"])(by_number)
    return cast(View, by_user)


def digits() -> str:
    """Return the last digits of the number in the form, however it is spelt; no limit where there are none."""
    return "".join(ch for ch in normalize("NFKC", request.form.get("mobile", ""))[:60] if ch.isdigit())[-9:]


def address() -> str:
    """Return where the request comes from: an IPv4 address, or the /64 that one IPv6 customer has to itself.

    `remote_addr` is the nearest hop that we trust (ProxyFix); what a client writes into X-Forwarded-For is not.
    """
    try:
        found = ip_address(request.remote_addr or "")
    except ValueError:
        return request.remote_addr or "unknown"
    return str(int(found) >> 64) if isinstance(found, IPv6Address) and not found.ipv4_mapped else str(found)


def email() -> str:
    """Return the email of the form, however it is spelt; nothing where there is none, and no limit then."""
    return normalize("NFKC", request.form.get("email", "")).strip().casefold()[:LONGEST_KEY]
