"""The one account that the simulator serves, and what its requests share."""

import re
from dataclasses import dataclass
from typing import cast

from flask import current_app

from twilio_simulator.sender_numbers import NumberKind, Service
from twilio_simulator.store import Store
from twilio_simulator.webhook_client import WebhookClient

SID_PREFIX = "ACdead51"
SIMULATOR_ACCOUNT_SID = SID_PREFIX + "0" * 26
# Public on purpose: it opens nothing but a simulator.
SIMULATOR_AUTH_TOKEN = "5150" * 8
EXTENSION = "twilio_simulator"

_E164 = re.compile(r"\+(?:1\d{10}|[2-9]\d{6,14})")
_SHORT_CODE = re.compile(r"\d{3,8}")
_NAME = re.compile(r"(?=.*[^\W\d_])[\w &+.\-]{1,11}")
_CHANNEL = re.compile(r"([a-z]{3,20}):(.+)")


@dataclass(frozen=True)
class Account:
    """Credentials, senders (address -> kind), services, where texts go, and the means to keep and to post."""

    sid: str
    token: str
    senders: dict[str, NumberKind]
    services: tuple[Service, ...]
    webhook_url: str
    status_delay: float
    region: str
    store: Store
    courier: WebhookClient

    def service(self, sid: str) -> Service | None:
        """Return the Messaging Service with this SID, None where the account has none such."""
        return next((service for service in self.services if service.sid == sid), None)

    def service_of(self, number: str) -> Service | None:
        """Return the Messaging Service whose pool holds a number; a number is in one at most."""
        return next((service for service in self.services if number in service.pool), None)


def current_account() -> Account:
    """Return the account of the app that serves the present request."""
    return cast(Account, current_app.extensions[EXTENSION])


def check_sid(sid: str) -> None:
    """Raise ValueError unless `sid` is a simulator's: real credentials must never get in here by accident."""
    if not re.fullmatch(SID_PREFIX + r"[0-9a-f]{26}", sid):
        raise ValueError(
            f"the simulator only serves account SIDs of the form {SID_PREFIX} + 26 hex digits, not {sid!r}"
        )


def is_e164(address: str) -> bool:
    """Tell whether `address` looks like a whole phone number in E.164 form (North American ones have ten digits)."""
    return _E164.fullmatch(address) is not None


def can_text(address: str) -> bool:
    """Tell whether a text may come from `address`.

    That is a phone number, also by another channel as in `rcs:+14155550134`, a short code or a name (banks text from
    those), or a user of a channel without numbers, as in `messenger:1234567890`.
    """
    forms = (_SHORT_CODE, _NAME, _CHANNEL)
    return is_e164(address) or any(form.fullmatch(address) for form in forms)


def channel_of(address: str) -> str:
    """Return the channel that stands before an address, "" for SMS."""
    named = _CHANNEL.fullmatch(address)
    return named[1] if named else ""


def behind(address: str) -> str:
    """Return an address without its channel."""
    named = _CHANNEL.fullmatch(address)
    return named[2] if named else address
