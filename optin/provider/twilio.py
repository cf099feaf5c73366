"""Twilio's door: the only importer of the official SDK."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import urllib3
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from optin.provider import responses
from optin.provider.gateway import Failure, GatewayError, ListedMessage, SentMessage

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
TOO_MANY_REQUESTS = 429
REQUEST_TIMEOUT = 408
QUEUE_FULL = 21611
WITH_BODY = ("POST", "PUT", "PATCH")
PAGE_SIZE = 1000  # Twilio's most
PAUSE = 0.1
"""Seconds between two pages of a list, so that a long list leaves room for sending."""
LIST_TRIES = 4
LONGEST_VALIDITY = 36_000
"""Seconds for which Twilio keeps a message in its queue at most, and by itself; the least is 1 (ValidityPeriod)."""

log = logging.getLogger(__name__)


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
        return Response(answer.status, answer.data.decode("utf-8", "replace"), answer.headers)


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
        self._account_sid = account_sid
        self._client = Client(account_sid, auth_token, http_client=http_client or PooledHttpClient(connections))
        if api_url:
            self._client.api.base_url = api_url
        self._validator = RequestValidator(auth_token)

    def send(
        self, *, to: str, sender: str, body: str, status_callback: str, good_for: float | None = None
    ) -> SentMessage:
        """Create the message at Twilio; raises GatewayError with what is known of the outcome."""
        asked: dict[str, Any] = {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}
        if good_for is not None and good_for < LONGEST_VALIDITY:
            asked["validity_period"] = max(1, int(good_for))
        try:
            made = self._client.messages.create(to=to, body=body, status_callback=status_callback, **asked)
        except TwilioException as error:
            raise _refused(error) from error
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise GatewayError("Twilio could not be reached.", Failure.NOT_SENT) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise GatewayError("The connection was lost after the request.", Failure.UNKNOWN) from error
        except Exception as error:  # the SDK stumbles over an answer that is no JSON object
            raise GatewayError(responses.UNREADABLE, Failure.UNKNOWN) from error
        return self._taken(made)

    def _taken(self, made: Any) -> SentMessage:
        """Read the answer that a message was made; without a SID of this account nobody knows what became of it."""
        sid = responses.sid(made.sid)
        if sid is None or made.account_sid not in (None, self._account_sid):
            raise GatewayError(responses.WITHOUT_SID, Failure.UNKNOWN)
        return SentMessage(sid, responses.status(made.status), responses.small_number(made.num_segments))

    def listed(
        self, *, to: str | None = None, sent_after: datetime | None = None, sent_before: datetime | None = None
    ) -> Iterator[ListedMessage]:
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
            yield from filter(None, map(_listed, page))
            if page.next_page_url is None:
                return
            time.sleep(PAUSE)
            page = _patiently(page.next_page)

    def signed(self, url: str, form: Mapping[str, str], signature: str) -> bool:
        """Tell whether Twilio signed this request; `form` is the MultiDict as received."""
        return bool(self._validator.validate(url, form, signature))


def _refused(error: TwilioException) -> GatewayError:
    """Translate an error answer, of the older form or a problem document (RFC 9457).

    A 5xx may have been accepted, and so may what was redirected or took too long (408); 429 and a full queue surely
    were not.
    """
    status, code = responses.small_number(getattr(error, "status", 0)), responses.code(getattr(error, "code", None))
    text = responses.words(getattr(error, "msg", None) or getattr(error, "title", None))
    if not 400 <= status < 500 or status == REQUEST_TIMEOUT:
        return GatewayError(text or responses.UNREADABLE, Failure.UNKNOWN, code=code, http_status=status)
    failure = Failure.NOT_SENT if status == TOO_MANY_REQUESTS or code == QUEUE_FULL else Failure.REFUSED
    return GatewayError(text, failure, code=code, http_status=status)


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
                failure = Failure.NOT_SENT if again else Failure.REFUSED
                raise GatewayError(f"Twilio refused to list messages ({status or 'no answer'}).", failure) from error
        except (urllib3.exceptions.HTTPError, ValueError, OSError) as error:
            raise GatewayError("Twilio could not be reached.", Failure.NOT_SENT) from error
        time.sleep(0.5 * 2**attempt)
    raise AssertionError("unreachable")


def _listed(record: Any) -> ListedMessage | None:
    """Read a line of the list; None for one without SID or date, which can be nothing that we know or take in."""
    inbound = record.direction == "inbound"
    sid = responses.sid(record.sid)
    if sid is None or not isinstance(record.date_created, datetime):
        log.warning("Twilio's list has a line without SID or date")
        return None
    return ListedMessage(
        sid=sid,
        inbound=inbound,
        number=str((record.from_ if inbound else record.to) or ""),
        address=str((record.to if inbound else record.from_) or ""),
        messaging_service_sid=record.messaging_service_sid,
        body=str(record.body or ""),
        status=str(record.status),
        error_code=responses.code(record.error_code),
        at=record.date_created,
        media_count=responses.small_number(record.num_media),
    )
