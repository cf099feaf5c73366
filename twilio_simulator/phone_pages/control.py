"""The simulator's people side, over HTTP only: text as a person, read what a phone shows."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from optin.config import Config
from optin.refused import Refused

CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0
# The simulator answers when the app's webhook has answered, and that may take as long as it does at Twilio.
SEND_SECONDS = 17.0

_pool = urllib3.PoolManager(maxsize=16, retries=False)


class SimulatorAway(Exception):
    """Nobody answers where the simulator should be, or somebody else does; the text is for a person."""


@dataclass(frozen=True)
class Entry:
    """One thing that a phone shows: `kind` is sent, arrived, refused (then with Twilio's `code`) or fault."""

    id: int
    kind: str
    number: str
    sid: str | None
    body: str
    status: str | None
    code: int | None
    answered_by: str | None
    media: int
    at: datetime


@dataclass(frozen=True)
class Faults:
    """The simulator's fault plan as texts by name, and how often each fault has struck."""

    plan: dict[str, str]
    struck: dict[str, int]


@dataclass(frozen=True)
class Sent:
    """The text is on its way to us; `trouble` says what went wrong when Twilio told us of it, "" for nothing."""

    trouble: str = ""


def newest(config: Config, limit: int) -> list[str]:
    """List the phones that sent or got something last, newest first. Raises SimulatorAway."""
    answer = _ask(config, "GET", f"/phones?limit={limit}")
    return [str(row["phone"]) for row in answer["phones"]]


def thread(config: Config, phone: str, limit: int = 60) -> list[Entry]:
    """Return the newest entries of a phone (E.164), oldest first. Raises SimulatorAway."""
    answer = _ask(config, "GET", f"/phones/{quote(phone)}/messages?limit={limit}")
    return [_entry(row) for row in answer["messages"]]


def send(config: Config, phone: str, to: str, body: str) -> Sent | Refused:
    """Text `body` from a phone to our address `to`, and wait until the app has taken it. Raises SimulatorAway."""
    answer = _ask(config, "POST", f"/phones/{quote(phone)}/messages", {"To": to, "Body": body})
    if "webhook" not in answer:
        return Refused(str(answer.get("message", "")))
    webhook = answer["webhook"]
    if not webhook["error"]:
        return Sent()
    status = f"answered {webhook['status']}" if webhook["status"] else "did not answer"
    return Sent(f"The text was sent, but the app's webhook {status} (Twilio error {webhook['error']}).")


def faults(config: Config) -> Faults:
    """Return the fault plan in force. Raises SimulatorAway."""
    return _faults(_ask(config, "GET", "/faults"))


def set_faults(config: Config, plan: dict[str, str]) -> Faults | Refused:
    """Put a fault plan in force, or say what of it makes no sense; an empty one is a faultless network.

    Raises SimulatorAway.
    """
    answer = _ask(config, "POST", "/faults", plan or {"seed": ""})
    return _faults(answer) if "struck" in answer else Refused(str(answer.get("message", "")))


def _faults(answer: dict[str, Any]) -> Faults:
    struck = {str(name): int(times) for name, times in answer.pop("struck").items()}
    return Faults({name: str(value) for name, value in answer.items()}, struck)


def _entry(row: dict[str, Any]) -> Entry:
    same = {name: row[name] for name in ("id", "kind", "number", "sid", "body", "status", "code", "answered_by")}
    return Entry(**same, media=len(row["media"]), at=datetime.fromisoformat(row["at"]))


def _ask(config: Config, method: str, path: str, form: dict[str, str] | None = None) -> dict[str, Any]:
    """Make one request; a refusal (4xx) comes back as Twilio's error object, anything strange is SimulatorAway."""
    credentials = f"{config.twilio_account_sid}:{config.twilio_auth_token}"
    headers = {**urllib3.make_headers(basic_auth=credentials), "Content-Type": "application/x-www-form-urlencoded"}
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=SEND_SECONDS if form else READ_SECONDS)
    body = urlencode(form).encode() if form else None
    try:
        answer = _pool.request(method, config.twilio_api_url + path, body=body, headers=headers, timeout=timeout)
        found = json.loads(answer.data)
    except (urllib3.exceptions.HTTPError, ValueError) as problem:
        raise SimulatorAway(_away(config)) from problem
    if answer.status in (401, 404) or answer.status >= 500 or not isinstance(found, dict):
        raise SimulatorAway(_away(config))
    return found


def _away(config: Config) -> str:
    remedy = "" if config.mounts_simulator else " Start it with: flask --app app simulator"
    return f"The simulator does not answer at {config.twilio_api_url}.{remedy}"
