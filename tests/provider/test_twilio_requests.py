"""What `send` asks Twilio for is what the official SDK would ask, which it passes by."""

from typing import Any

import pytest
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from optin.provider.twilio import TwilioGateway

ACCOUNT, TOKEN = "AC" + "1" * 32, "secret"
SERVICE = "MG" + "2" * 32
CALLBACK = "https://optin.example.org/webhooks/twilio/status?message=7"
NUMBER = {"to": "+14155550134", "body": "Hello € & = + 😀\n", "status_callback": CALLBACK, "from_": "+14155550100"}
CASES = {
    "from a number": (NUMBER, {}),
    "by another channel": (
        NUMBER | {"to": "whatsapp:+14155550134", "from_": "whatsapp:+14155550100"},
        {},
    ),
    "from a service": (NUMBER | {"from_": None, "messaging_service_sid": SERVICE}, {}),
    "for a while": (NUMBER | {"validity_period": 90}, {"good_for": 90.7}),
    "for no time": (NUMBER | {"validity_period": 1}, {"good_for": -5.0}),
    "for longer than Twilio keeps it": (NUMBER, {"good_for": 36_000.0}),
}


class Recorder(HttpClient):  # type: ignore[misc]
    """A transport that keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__(None, is_async=False)
        self.asked: dict[str, Any] = {}

    def request(
        self, method: str, url: str, data: dict[str, object] | None = None, params: object = None, **asked: Any
    ) -> Response:
        known = {name: value for name, value in asked.items() if name in ("headers", "auth")}
        form = {name: str(value) for name, value in (data or {}).items() if value is not None}
        self.asked = {"method": method, "url": url, "form": form, "params": params, **known}
        return Response(201, '{"sid": "SM00000000000000000000000000000001"}')


@pytest.mark.parametrize("api_url", [None, "http://127.0.0.1:9"])
@pytest.mark.parametrize("case", CASES)
def test_a_request_is_that_of_the_sdk(case: str, api_url: str | None) -> None:
    asked, more = CASES[case]
    sdk, ours = Recorder(), Recorder()
    client = Client(ACCOUNT, TOKEN, http_client=sdk)
    if api_url:
        client.api.base_url = api_url
    client.messages.create(**{name: value for name, value in asked.items() if value is not None})
    sender = asked["from_"] or asked["messaging_service_sid"]
    TwilioGateway(ACCOUNT, TOKEN, api_url=api_url, http_client=ours).send(
        to=asked["to"], sender=sender, body=asked["body"], status_callback=CALLBACK, **more
    )
    assert ours.asked == sdk.asked
