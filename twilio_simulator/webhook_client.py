"""Signed requests from Twilio to the application: signature, connection overrides, retries."""

import base64
import hmac
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha1
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import urllib3

# (url, headers, body, timeout in seconds) -> (status, body of the answer). It may raise ConnectionError when nobody
# could be reached and TimeoutError or ConnectionResetError when no answer came.
Transport = Callable[[str, dict[str, str], bytes, float], tuple[int, bytes]]

TOTAL_SECONDS = 15.0


@dataclass(frozen=True)
class Overrides:
    """Connection overrides of a webhook address (docs/usage/webhooks/webhooks-connection-overrides), in seconds."""

    connect: float = 5.0
    read: float = 15.0
    total: float = TOTAL_SECONDS
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    def retries_after(self, failure: str | None) -> bool:
        """Tell whether a failure (`ct`, `rt`, `4xx`, `5xx`) is one of those that are tried again."""
        return failure is not None and bool(self.retry_on & {failure, "all"})


@dataclass(frozen=True)
class Delivery:
    """How a webhook went: HTTP status (None: no answer), number of attempts, the answer, Twilio's error code."""

    status: int | None
    attempts: int
    body: bytes = b""
    error: int | None = None


class WebhookClient:
    """Posts webhooks as Twilio does."""

    def __init__(self, token: str, transport: Transport | None = None) -> None:
        """Sign with `token`; post through `transport`, or over HTTP when it is None."""
        self._token = token
        self._transport = transport
        self._pool = urllib3.PoolManager(maxsize=16, retries=False)

    def post(self, url: str, params: Mapping[str, str]) -> Delivery:
        """Post `params` as a form to `url`; its fragment may override how often and how long it is tried."""
        target, overrides = split(url)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "X-Twilio-Signature": signature(self._token, target, params),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        send = partial(self._send, target, headers, urlencode(params).encode())
        deadline = time.monotonic() + overrides.total
        attempts, left = 0, overrides.total
        while True:
            attempts += 1
            status, body, failure = _attempt(send, overrides, left)
            left = deadline - time.monotonic()
            if attempts > overrides.retries or left <= 0 or not overrides.retries_after(failure):
                break
        return Delivery(status, attempts, body, _error(status, failure))

    def _send(
        self, url: str, headers: dict[str, str], body: bytes, connect: float, read: float, total: float
    ) -> tuple[int, bytes]:
        if self._transport is not None:
            return self._transport(url, headers, body, total)
        timeout = urllib3.Timeout(connect=connect, read=read, total=total)
        try:
            answer = self._pool.request("POST", url, body=body, headers=headers, timeout=timeout, redirect=False)
        except urllib3.exceptions.ReadTimeoutError as problem:
            raise TimeoutError(str(problem)) from problem
        except urllib3.exceptions.ProtocolError as problem:
            raise ConnectionResetError(str(problem)) from problem
        except urllib3.exceptions.HTTPError as problem:
            raise ConnectionError(str(problem)) from problem
        return answer.status, answer.data


def signature(token: str, url: str, params: Mapping[str, str]) -> str:
    """Return X-Twilio-Signature for a form: address, then sorted names and values, HMAC-SHA1, base64.

    `url` carries neither fragment nor user information. Source: docs/usage/security, "Validating requests".
    """
    signed = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), sha1).digest()).decode()


def split(url: str) -> tuple[str, Overrides]:
    """Split a configured address into the one that is called and signed, and its connection overrides."""
    parts = urlsplit(url)
    target = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path or "/", parts.query, ""))
    overrides = Overrides()
    for name, value in parse_qsl(parts.fragment):
        overrides = _override(overrides, name, value)
    return target, overrides


def _override(overrides: Overrides, name: str, value: str) -> Overrides:
    if name == "rp":
        return replace(overrides, retry_on=frozenset(value.lower().split(",")))
    if not value.isdecimal():
        return overrides
    number = int(value)
    if name == "rc":
        return replace(overrides, retries=min(number, 5))
    if name == "ct":
        return replace(overrides, connect=_seconds(number, 10_000))
    if name == "rt":
        return replace(overrides, read=_seconds(number, 15_000))
    return replace(overrides, total=_seconds(number, 15_000)) if name == "tt" else overrides


def _seconds(milliseconds: int, most: int) -> float:
    return min(max(milliseconds, 100), most) / 1000


def _attempt(
    send: Callable[[float, float, float], tuple[int, bytes]], overrides: Overrides, left: float
) -> tuple[int | None, bytes, str | None]:
    total = min(left, overrides.connect + overrides.read)
    try:
        status, body = send(min(overrides.connect, total), min(overrides.read, total), total)
    except (TimeoutError, ConnectionResetError, BrokenPipeError):
        return None, b"", "rt"
    except ConnectionError:
        return None, b"", "ct"
    return status, body, f"{status // 100}xx" if status >= 400 else None


def _error(status: int | None, failure: str | None) -> int | None:
    if failure == "ct":
        return 11205
    return 11200 if failure or (status is not None and not 200 <= status < 300) else None
