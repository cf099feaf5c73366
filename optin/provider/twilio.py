"""Twilio's door: the only importer of the official SDK."""

import logging
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from twilio.base.exceptions import TwilioException
from twilio.base.version import Version
from twilio.http import HttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from optin.provider import pricing, responses
from optin.provider.connections import LOST, Answer, Connections, NotReachedError
from optin.provider.gateway import Failure, GatewayError, ListedMessage, SentMessage
from optin.provider.pricing import CountryPrices

NOT_FOUND = 404
TOO_MANY_REQUESTS = 429
REQUEST_TIMEOUT = 408
QUEUE_FULL = 21611
PAGE_SIZE = 1000  # Twilio's most
PAUSE = 0.1
"""Seconds between two pages of a list, so that a long list leaves room for sending."""
LIST_TRIES = 4
LONGEST_VALIDITY = 36_000
"""Seconds for which Twilio keeps a message in its queue at most, and by itself; the least is 1 (ValidityPeriod)."""

log = logging.getLogger(__name__)


class KeptHttpClient(HttpClient):  # type: ignore[misc]
    """The SDK's transport over connections that are kept; its own waits for ever."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), is_async=False)
        self._connections = Connections()

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002  (every call has the same)
        allow_redirects: bool = False,  # noqa: ARG002  (never: what is asked may cost money)
    ) -> Answer:
        """Make one request as the SDK asks for it."""
        if params:
            url += f"{'&' if '?' in url else '?'}{_form(params)}"
        signed = {**(headers or {}), "Authorization": _basic(*auth)} if auth else headers or {}
        return self._connections.request(method, url, _form(data) if data else None, signed)


def _form(fields: dict[str, object]) -> str:
    """Return the SDK's parameters as form fields."""
    return urlencode({name: str(value) for name, value in fields.items() if value is not None})


def _basic(account_sid: str, auth_token: str) -> str:
    return f"Basic {b64encode(f'{account_sid}:{auth_token}'.encode()).decode()}"


class TwilioGateway:
    """Sends through the SDK and checks signatures; one instance serves all threads of a process."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        api_url: str | None = None,
        http_client: HttpClient | None = None,
    ) -> None:
        self._account_sid = account_sid
        self._client = Client(account_sid, auth_token, http_client=http_client or KeptHttpClient())
        if api_url:
            self._client.api.base_url = self._client.pricing.base_url = api_url
        self._messages_url = self._client.api.v2010.absolute_url(f"/Accounts/{account_sid}/Messages.json")
        self._headers = self._client.get_headers("POST", None)
        self._validator = RequestValidator(auth_token)

    def send(
        self, *, to: str, sender: str, body: str, status_callback: str, good_for: float | None = None
    ) -> SentMessage:
        """Create the message at Twilio; raises GatewayError with what is known of the outcome.

        The SDK says what such a request looks like and how its refusals are read, and is passed by: what it does around
        each takes longer than the request itself.
        """
        form: dict[str, object] = {"To": to, "Body": body, "StatusCallback": status_callback}
        form["MessagingServiceSid" if sender.startswith("MG") else "From"] = sender
        if good_for is not None and good_for < LONGEST_VALIDITY:
            form["ValidityPeriod"] = max(1, int(good_for))
        try:
            answer = self._client.http_client.request(
                "POST", self._messages_url, data=form, headers=self._headers, auth=self._client.auth
            )
        except NotReachedError as error:
            raise GatewayError("Twilio could not be reached.", Failure.NOT_SENT) from error
        except LOST as error:
            raise GatewayError("The connection was lost after the request.", Failure.UNKNOWN) from error
        if not 200 <= answer.status_code < 300:
            raise _refused(Version.exception("POST", self._messages_url, answer, "Unable to create record"))
        return self._taken(answer.text)

    def _taken(self, text: str) -> SentMessage:
        """Read the answer that a message was made; without a SID of this account nobody knows what became of it."""
        made = responses.fields(text)
        if made is None:
            raise GatewayError(responses.UNREADABLE, Failure.UNKNOWN)
        sid = responses.sid(made.get("sid"))
        if sid is None or made.get("account_sid") not in (None, self._account_sid):
            raise GatewayError(responses.WITHOUT_SID, Failure.UNKNOWN)
        return SentMessage(sid, responses.status(made.get("status")), responses.small_number(made.get("num_segments")))

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

    def prices(self, country: str) -> CountryPrices | None:
        """Ask what messages to a country cost; None where Twilio has no prices for it. Raises GatewayError."""
        try:
            found = self._client.pricing.v1.messaging.countries(country).fetch()
        except TwilioException as error:
            if getattr(error, "status", 0) == NOT_FOUND:
                return None
            raise _refused(error) from error
        except (NotReachedError, *LOST) as error:
            raise GatewayError("Twilio could not be reached.", Failure.NOT_SENT) from error
        except (ValueError, AttributeError, TypeError) as error:  # the SDK reads whatever it gets
            raise GatewayError(responses.UNREADABLE, Failure.REFUSED) from error
        return pricing.read(country, found.price_unit, found.outbound_sms_prices)

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
        except (NotReachedError, *LOST, ValueError) as error:
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
        segments=responses.small_number(record.num_segments),
    )
