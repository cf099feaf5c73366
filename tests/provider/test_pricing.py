"""What Twilio says that texts cost: asked through the SDK, and read whatever comes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from optin.enums import SenderKind
from optin.provider import pricing
from optin.provider.gateway import Failure, GatewayError
from optin.provider.pricing import CountryPrices
from tests.support.provider import gateway_to

K = SenderKind


def price(kind: object, amount: object) -> dict[str, object]:
    return {"number_type": kind, "base_price": "9", "current_price": amount}


def test_the_highest_of_the_carriers_counts() -> None:
    one = {"carrier": "One", "prices": [price("mobile", "0.0524"), price("short code", "0.07")]}
    other = {"carrier": "Other", "prices": [price("local", "0.0560"), price("toll-free", 0.0083), price("fax", "8")]}
    expected = {K.LONG_CODE: 56_000, K.SHORT_CODE: 70_000, K.TOLL_FREE: 8_300}
    assert pricing.read("GB", "usd", [one, other, {"prices": [price("mobile", "0.01")]}]) == CountryPrices(
        "GB", "USD", expected
    )


@pytest.mark.parametrize(
    ("currency", "carriers"),
    [
        ("usd", None),
        ("usd", []),
        ("usd", [{}]),
        ("usd", ["x", {"prices": {"local": 1}}]),
        ("usd", [{"prices": [price("local", "many"), price(None, "1"), price("local", None), price("local", "-1")]}]),
        ("dollars", [{"prices": [price("local", "1")]}]),
        (None, [{"prices": [price("local", "1")]}]),
    ],
)
def test_what_can_t_be_understood_is_none(currency: object, carriers: object) -> None:
    assert pricing.read("US", currency, carriers) is None


@contextmanager
def twilio(status: int, body: str) -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything alike, and the paths that it was asked for."""
    asked: list[str] = []

    def answer(environ: dict[str, str], start: object) -> object:
        asked.append(environ["PATH_INFO"])
        return Response(body, status, mimetype="application/json")(environ, start)  # type: ignore[arg-type]

    server = make_server("127.0.0.1", 0, answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_it_is_asked_through_the_sdk() -> None:
    carriers = [{"mcc": "310", "mnc": "1", "carrier": "A", "prices": [price("local", "0.0083")]}]
    said = {"country": "United States", "iso_country": "US", "price_unit": "USD", "outbound_sms_prices": carriers}
    with twilio(200, json.dumps(said)) as (url, asked):
        assert gateway_to(url).prices("US") == CountryPrices("US", "USD", {K.LONG_CODE: 8_300})
    assert asked == ["/v1/Messaging/Countries/US"]


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (404, '{"code": 20404, "message": "not found", "status": 404}', None),
        (200, '{"country": "Nowhere"}', None),
        (200, "[]", Failure.REFUSED),
        (200, "<html>Please sign in.</html>", Failure.REFUSED),
        (401, '{"code": 20003, "message": "Authenticate", "status": 401}', Failure.REFUSED),
        (429, '{"code": 20429, "message": "Too many", "status": 429}', Failure.NOT_SENT),
        (502, "<html>Bad gateway</html>", Failure.UNKNOWN),
    ],
)
def test_what_else_is_answered(status: int, body: str, failure: Failure | None) -> None:
    with twilio(status, body) as (url, _):
        if failure is None:
            assert gateway_to(url).prices("US") is None
            return
        with pytest.raises(GatewayError) as caught:
            gateway_to(url).prices("US")
    assert caught.value.failure is failure


def test_twilio_away() -> None:
    with pytest.raises(GatewayError, match="could not be reached"):
        gateway_to("http://127.0.0.1:9").prices("US")
