"""The Pricing resource: /v1/Messaging/Countries/<country>, with made-up prices for a few countries."""

from flask import Blueprint, Response, jsonify, request

from twilio_simulator.errors import Refusal, answer

blueprint = Blueprint("pricing", __name__, url_prefix="/v1/Messaging/Countries")

_LONG, _TOLL_FREE, _SHORT = "local", "tollfree", "shortcode"
_COUNTRIES: dict[str, tuple[str, dict[str, dict[str, str]]]] = {
    "US": ("United States", {"All": {_LONG: "0.0083", _TOLL_FREE: "0.0083", _SHORT: "0.0083"}}),
    "CA": ("Canada", {"All": {_LONG: "0.0083", _TOLL_FREE: "0.0083", _SHORT: "0.0090"}}),
    "GB": ("United Kingdom", {"One": {"mobile": "0.0524"}, "Other": {"mobile": "0.0560"}}),
    "DE": ("Germany", {"All": {"mobile": "0.1120"}}),
    "MX": ("Mexico", {"All": {"mobile": "0.0625", _LONG: "0.0625"}}),
}
"""Name, and the prices by carrier and type of number."""


@blueprint.get("/<country>")
def show(country: str) -> Response:
    """Say what messages to a country cost."""
    if country not in _COUNTRIES:
        return answer(Refusal(20404, request.path))
    name, carriers = _COUNTRIES[country]
    outbound = [
        {
            "mcc": None,
            "mnc": None,
            "carrier": carrier,
            "prices": [
                {"number_type": kind, "base_price": cost, "current_price": cost} for kind, cost in prices.items()
            ],
        }
        for carrier, prices in carriers.items()
    ]
    inbound = [{"number_type": _LONG, "base_price": "0.0083", "current_price": "0.0083"}]
    return jsonify(
        country=name,
        iso_country=country,
        url=f"https://pricing.twilio.com{request.path}",
        outbound_sms_prices=outbound,
        inbound_sms_prices=inbound,
        price_unit="usd",
    )
