"""How often someone may try to sign in: by device, by address and by the email they enter."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from ipaddress import IPv6Address, ip_address
from typing import Any, TypeVar, cast
from unicodedata import normalize
from zoneinfo import ZoneInfo

from flask import abort, flash, request
from flask_login import current_user
from sqlalchemy import func, select

from optin import clock
from optin.database.session import db
from optin.features.auth import known_device
from optin.models import User, UserSession
from optin.queries import failed_sign_ins, throttle
from optin.queries.throttle import Limit
from optin.web.extensions import limiter

View = TypeVar("View", bound=Callable[..., Any])

A_MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)
BY_ADDRESS = (Limit(20, A_MINUTE), Limit(200, AN_HOUR))
BY_EMAIL = (Limit(6, A_MINUTE), Limit(40, AN_HOUR))
BY_DEVICE = (Limit(10, A_MINUTE), Limit(50, AN_HOUR))
BY_USER = "6 per minute;20 per hour"
CODES_BY_USER = "3 per 10 minutes;10 per day"
CODES_BY_NUMBER = "3 per hour;6 per day"


def limit_sign_in(view: View) -> View:
    """Limit the POSTs of a view that signs in by the email in its form; the 429 page says to wait."""

    @wraps(view)
    def limited(*args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and not _may_try():
            abort(429)
        return view(*args, **kwargs)

    return cast(View, limited)


def _may_try() -> bool:
    """Count this try and tell whether it is one too many.

    A device with which the user has signed in before has a count of its own, which no stranger can use up. Another one
    counts by its address, by address and email, and by email with all strangers together; not so from an address where
    the user has signed in before.
    """
    session, typed, where, now = db.session(), email(), address(), clock.now()
    user_id = _user_id(typed)
    seen_here = where in _addresses_of(user_id)
    if device := known_device.of_user(user_id):
        fine = throttle.allows(session, "device", f"{device} {user_id}", BY_DEVICE, now)
    else:
        fine = throttle.allows(session, "address", where, BY_ADDRESS, now) and (
            not typed
            or (
                throttle.allows(session, "pair", f"{typed} {where}", BY_EMAIL, now)
                and (seen_here or throttle.allows(session, "email", typed, BY_EMAIL, now))
            )
        )
        if typed and not fine:
            failed_sign_ins.note(session, typed, user_id, now)
    session.commit()
    return fine


def failed() -> None:
    """Note that email and password did not belong together, unless the owner's own device has mistyped."""
    typed = email()
    user_id = _user_id(typed)
    if typed and not known_device.of_user(user_id):
        failed_sign_ins.note(db.session(), typed, user_id, clock.now())
    db.session.commit()


def succeeded(user: User) -> None:
    """Know this device from now on, and tell the owner what strangers have tried since they were here last."""
    known_device.remember(user.id)
    if tries := failed_sign_ins.tell(db.session(), user, clock.now()):
        since = f"{tries.since.astimezone(ZoneInfo(user.time_zone)):%-d %B %Y, %H:%M}"
        flash(
            f"{tries.number} failed attempts to sign in as you since {since}. If they were not yours, make sure "
            "that you use your password nowhere else.",
            "warn",
        )


def _user_id(typed: str) -> int | None:
    return db.session.scalar(select(User.id).where(func.lower(User.email) == typed))


def _addresses_of(user_id: int | None) -> set[str]:
    """Return where a user has signed in lately; asked for whoever has no account too, so that it takes as long."""
    query = select(UserSession.address).where(UserSession.user_id == (user_id or 0)).distinct()
    return {of_network(found) for found in db.session.scalars(query)}


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
    """Return where the request comes from, as it is counted.

    `remote_addr` is the nearest hop that we trust (ProxyFix); what a client writes into X-Forwarded-For is not.
    """
    return of_network(request.remote_addr or "")


def of_network(address: str) -> str:
    """Return an IPv4 address as it is, and of an IPv6 address the /64 that one customer has to itself."""
    try:
        found = ip_address(address)
    except ValueError:
        return address or "unknown"
    return str(int(found) >> 64) if isinstance(found, IPv6Address) and not found.ipv4_mapped else str(found)


def email() -> str:
    """Return the email of the form, however it is spelt; nothing where there is none, and no limit then."""
    return failed_sign_ins.key(request.form.get("email", "").replace("\0", ""))
