"""Twilio's door: the only importer of the official SDK."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import urllib3
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from optin.messaging.gateway import GatewayError, Listed, Sent
from optin.messaging.statuses import from_twilio
from optin.terms import MessageStatus

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
TOO_MANY_REQUESTS = 429
QUEUE_FULL = 21611
WITH_BODY = ("POST", "PUT", "PATCH")
PAGE_SIZE = 1000  # Twilio's most
PAUSE = 0.1
"""Seconds between two pages of a list, so that a long list leaves room for sending."""
LIST_TRIES = 4
LONGEST_VALIDITY = 36_000
"""Seconds for which Twilio keeps a message in its queue at most, and by itself; the least is 1 (ValidityPeriod)."""


class PooledHttpClient(HttpClient):  # type: ignore[misc]
    """The SDK's transport on one urllib3 pool, with a time limit on every call and no retry of its own.

    The SDK's default waits for ever and keeps six connections on a two-core machine.
    """

    def __init__(self, connections: int) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), is_async=False)
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._pool = urllib3.PoolManager(maxsize=connections, timeout=timeout, retries=False)

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Make one request as the SDK asks for it."""
        headers = dict(headers or {})
        if auth:
            headers |= urllib3.make_headers(basic_auth=":".join(auth))
        extra: dict[str, Any] = {"timeout": timeout} if timeout else {}
        if method in WITH_BODY:  # urllib3 knows no such choice where the fields go into the address
            extra["encode_multipart"] = False
        answer = self._pool.request(
            method,
            url,
            fields=_form(data or params),
            headers=headers,
            redirect=allow_redirects,
            **extra,
        )
        return Response(answer.status, answer.data.decode("utf-8"), answer.headers)


def _form(fields: dict[str, object] | None) -> dict[str, str] | None:
    """Return the SDK's parameters as form fields."""
    return {name: str(value) for name, value in fields.items() if value is not None} if fields else None


class TwilioGateway:
    """Sends through the SDK and checks signatures; one instance serves all threads of a process."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        api_url: str | None = None,
        connections: int = 64,
        http_client: HttpClient | None = None,
    ) -> None:
        self._client = Client(account_sid, auth_token, http_client=http_client or PooledHttpClient(connections))
        if api_url:
            self._client.api.base_url = api_url
        self._validator = RequestValidator(auth_token)

    def send(self, *, to: str, sender: str, body: str, status_callback: str, good_for: float | None = None) -> Sent:
        """Create the message at Twilio; raises GatewayError with what is known of the outcome."""
        asked: dict[str, Any] = {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}
        if good_for is not None and good_for < LONGEST_VALIDITY:
            asked["validity_period"] = max(1, int(good_for))
        try:
            made = self._client.messages.create(to=to, body=body, status_callback=status_callback, **asked)
        except TwilioRestException as error:
            raise _refused(error) from error
        except TwilioException as error:
            raise GatewayError(str(error), maybe_sent=True) from error
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise GatewayError("Twilio could not be reached.", try_again=True) from error
        except (urllib3.exceptions.HTTPError, ValueError, OSError) as error:
            raise GatewayError("The connection was lost after the request.", maybe_sent=True) from error
        status = from_twilio(str(made.status)) or MessageStatus.SENT
        return Sent(str(made.sid), status, int(made.num_segments or 0))

    def listed(
        self, *, to: str | None = None, sent_after: datetime | None = None, sent_before: datetime | None = None
    ) -> Iterator[Listed]:
        """List messages, newest first, a thousand at a time; raises GatewayError.

        Dates are handed over in UTC: the SDK writes whatever wall clock it gets with a Z behind it.
        """
        asked: dict[str, Any] = {"page_size": PAGE_SIZE if to is None or sent_after else 50}
        if to is not None:
            asked["to"] = to
        if sent_after is not None:
            asked["date_sent_after"] = sent_after.astimezone(UTC)
        if sent_before is not None:
            asked["date_sent_before"] = sent_before.astimezone(UTC)
        page = _patiently(lambda: self._client.messages.page(**asked))
        while page is not None:
            yield from (_listed(record) for record in page)
            if page.next_page_url is None:
                return
            time.sleep(PAUSE)
            page = _patiently(page.next_page)

    def signed(self, url: str, form: Mapping[str, str], signature: str) -> bool:
        """Tell whether Twilio signed this request; `form` is the MultiDict as received."""
        return bool(self._validator.validate(url, form, signature))


def _refused(error: TwilioRestException) -> GatewayError:
    """Translate an error answer: a 5xx may have been accepted, 429 and a full queue surely were not."""
    text = str(error.msg or "")[:255]
    code = int(error.code) if error.code else None
    if error.status >= 500:
        return GatewayError(text, code=code, maybe_sent=True)
    again = error.status == TOO_MANY_REQUESTS or code == QUEUE_FULL
    return GatewayError(text, code=code, try_again=again)


def _patiently(ask: Callable[[], Any]) -> Any:
    """Ask for a page, again after a while when there were too many requests or Twilio had a fault of its own."""
    for attempt in range(LIST_TRIES):
        try:
            return ask()
        except TwilioException as error:  # the SDK hands over the answer itself when a page is refused
            answer = error.args[-1] if error.args else None
            status = int(getattr(error, "status", 0) or getattr(answer, "status_code", 0))
            again = status == TOO_MANY_REQUESTS or status >= 500
            if not again or attempt == LIST_TRIES - 1:
                raise GatewayError(f"Twilio refused its list ({status or 'no answer'}).", try_again=again) from error
        except (urllib3.exceptions.HTTPError, ValueError, OSError) as error:
            raise GatewayError("Twilio could not be reached.", try_again=True) from error
        time.sleep(0.5 * 2**attempt)
    raise AssertionError("unreachable")


def _listed(record: Any) -> Listed:
    inbound = record.direction == "inbound"
    return Listed(
        sid=str(record.sid),
        inbound=inbound,
        number=str((record.from_ if inbound else record.to) or ""),
        address=str((record.to if inbound else record.from_) or ""),
        messaging_service_sid=record.messaging_service_sid,
        body=str(record.body or ""),
        status=str(record.status),
        error_code=int(record.error_code) if record.error_code else None,
        at=record.date_created,
        media_count=int(record.num_media or 0),
    )
