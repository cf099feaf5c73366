"""Twilio's door: the only importer of the official SDK."""

import logging
from collections.abc import Mapping
from typing import Any

import urllib3
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from optin.messaging.gateway import GatewayError, Sent
from optin.messaging.statuses import from_twilio
from optin.terms import MessageStatus

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
TOO_MANY_REQUESTS = 429
QUEUE_FULL = 21611


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
        answer = self._pool.request(
            method,
            url,
            fields=_form(data or params),
            headers=headers,
            encode_multipart=False,
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

    def send(self, *, to: str, sender: str, body: str, status_callback: str) -> Sent:
        """Create the message at Twilio; raises GatewayError with what is known of the outcome."""
        address = {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}
        try:
            made = self._client.messages.create(to=to, body=body, status_callback=status_callback, **address)
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
